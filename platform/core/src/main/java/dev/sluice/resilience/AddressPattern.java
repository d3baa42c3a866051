package dev.sluice.resilience;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Addresses by their segments. Of the patterns that match an address the first in their order is the most specific: compared from
 * the left, a literal comes before {@code *}, and that before {@code **}; a pattern that ends comes before {@code **}. Two that match
 * the same address differ first in such a pair of segments, so only equal ones tie.
 */
record AddressPattern(List<String> segments) implements Comparable<AddressPattern> {
    static final String ONE = "*";
    static final String REST = "**";
    private static final int MAX_CHARACTERS = 255;
    private static final Pattern LITERAL = Pattern.compile("[A-Za-z0-9_$-]{1,255}");
    private static final Pattern DOT = Pattern.compile("\\.");
    /** Reply addresses and the like of the event bus itself. */
    private static final String RESERVED = "__";

    AddressPattern {
        segments = List.copyOf(segments);
    }

    /** IllegalArgumentException says what was found and expected. */
    static AddressPattern parse(String text) {
        var segments = List.of(segments(text));
        if (text.length() > MAX_CHARACTERS) {
            throw new IllegalArgumentException(
                    "found " + text.length() + " characters, expected at most " + MAX_CHARACTERS);
        }
        if (segments.get(0).startsWith(RESERVED)) {
            throw new IllegalArgumentException(
                    "found '" + text + "', expected an address that is not the event bus's own (__…)");
        }
        for (int i = 0; i < segments.size(); i++) {
            String segment = segments.get(i);
            if (segment.equals(REST) && i < segments.size() - 1) {
                throw new IllegalArgumentException("found '" + text + "', expected ** at the end only");
            }
            if (!isWild(segment) && !LITERAL.matcher(segment).matches()) {
                throw new IllegalArgumentException(
                        "found '" + text + "', expected segments with a dot between them, each *, ** at the end,"
                                + " or letters, digits, _, - and $");
            }
        }
        return new AddressPattern(segments);
    }

    /** An address, which is a pattern of literals alone. */
    static String address(String text) {
        for (String segment : segments(text)) {
            if (!LITERAL.matcher(segment).matches()) {
                throw new IllegalArgumentException(
                        "found '" + text
                                + "', expected an address without * and **: segments with a dot between them, each of letters, digits, _, - and $");
            }
        }
        parse(text);
        return text;
    }

    static String[] segments(String address) {
        return DOT.split(address, -1);
    }

    private static boolean isWild(String segment) {
        return segment.equals(ONE) || segment.equals(REST);
    }

    boolean endsOpen() {
        return segments.get(segments.size() - 1).equals(REST);
    }

    boolean matches(String[] address) {
        int own = endsOpen() ? segments.size() - 1 : segments.size();
        if (endsOpen() ? address.length < own : address.length != own) {
            return false;
        }
        for (int i = 0; i < own; i++) {
            String segment = segments.get(i);
            if (!segment.equals(ONE) && !segment.equals(address[i])) {
                return false;
            }
        }
        return true;
    }

    /** The place of the first segment in which two patterns differ, from 0 on. */
    int difference(AddressPattern other) {
        int i = 0;
        while (i < segments.size()
                && i < other.segments.size()
                && segments.get(i).equals(other.segments.get(i))) {
            i++;
        }
        return i;
    }

    @Override
    public int compareTo(AddressPattern other) {
        int at = difference(other);
        int byRank = Integer.compare(rank(at), other.rank(at));
        return byRank != 0 || at >= segments.size() ? byRank : segments.get(at).compareTo(other.segments.get(at));
    }

    private int rank(int at) {
        if (at >= segments.size()) {
            return 0;
        }
        return segments.get(at).equals(REST) ? 3 : segments.get(at).equals(ONE) ? 2 : 1;
    }

    @Override
    public String toString() {
        return String.join(".", segments);
    }
}
