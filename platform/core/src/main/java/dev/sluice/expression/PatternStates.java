package dev.sluice.expression;

import java.util.ArrayDeque;
import java.util.regex.Pattern;

/**
 * How many states the automaton of a regular expression has at most, told from its text before any of it is built: RE2 writes a
 * counted repetition out, so {@code ((a{1000}){1000}){1000}} would be a thousand million of them.
 */
final class PatternStates {
    private static final Pattern COUNT = Pattern.compile("\\{(\\d{1,4})(?:,(\\d{0,4}))?\\}");
    /** Beyond this it does not matter how many. */
    private static final long MANY = 1_000_000_000;

    private final String pattern;
    /** The states of each group that is open, without those of the groups within. */
    private final ArrayDeque<Long> outer = new ArrayDeque<>();

    private int at;
    private long group;
    /** The states of what a repetition would repeat. */
    private long last;

    private PatternStates(String pattern) {
        this.pattern = pattern;
    }

    static long atMost(String pattern) {
        return new PatternStates(pattern).count();
    }

    private long count() {
        while (at < pattern.length()) {
            char next = pattern.charAt(at);
            switch (next) {
                case '\\' -> escape();
                case '[' -> characters();
                case '(' -> {
                    outer.push(group);
                    group = 0;
                    at++;
                }
                case ')' -> close();
                case '{' -> repetition();
                default -> one(at + 1);
            }
        }
        while (!outer.isEmpty()) {
            close();
        }
        return group;
    }

    private void one(int end) {
        last = 1;
        group = Math.min(MANY, group + 1);
        at = end;
    }

    private void escape() {
        if (!pattern.startsWith("\\Q", at)) {
            one(at + 2);
            return;
        }
        int end = pattern.indexOf("\\E", at);
        int beyond = end < 0 ? pattern.length() : end + 2;
        group += beyond - at;
        last = 1;
        at = beyond;
    }

    /** A class is one state, whatever is in it. */
    private void characters() {
        int end = at + (pattern.startsWith("[^", at) ? 3 : 2);
        while (end < pattern.length() && pattern.charAt(end) != ']') {
            boolean isNamed = pattern.startsWith("[:", end) && pattern.indexOf(":]", end) > 0;
            end = isNamed ? pattern.indexOf(":]", end) + 2 : end + (pattern.charAt(end) == '\\' ? 2 : 1);
        }
        one(end + 1);
    }

    /** A group has a state where it begins and one where it ends. */
    private void close() {
        last = group + 2;
        group = Math.min(MANY, last + (outer.isEmpty() ? 0 : outer.pop()));
        at++;
    }

    /** Each repetition that may be left out has a state of its own. */
    private void repetition() {
        var count = COUNT.matcher(pattern).region(at, pattern.length());
        if (!count.lookingAt()) {
            one(at + 1);
            return;
        }
        var most = count.group(2);
        long times = Long.parseLong(most == null || most.isEmpty() ? count.group(1) : most) + 1;
        long repeated = Math.min(MANY, (last + 1) * times);
        group = Math.min(MANY, group - last + repeated);
        last = repeated;
        at = count.end();
    }
}
