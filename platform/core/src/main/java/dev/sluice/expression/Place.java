package dev.sluice.expression;

import dev.sluice.log.Failure;

/** Where something stands in an expression: line and column from 1. */
record Place(int line, int col) {
    private static final int SHOWN_BEFORE = 48;
    private static final int SHOWN_AFTER = 24;

    /** The place of a character. */
    static Place of(String text, int at) {
        int line = 1;
        int lineStart = 0;
        for (int i = 0; i < at && i < text.length(); i++) {
            if (text.charAt(i) == '\n') {
                line++;
                lineStart = i + 1;
            }
        }
        return new Place(line, at - lineStart + 1);
    }

    /** FILTER_INVALID with the line it is about and a mark below the place. */
    static Failure invalid(String text, int at, String problem) {
        var place = of(text, at);
        int lineStart = text.lastIndexOf('\n', at - 1) + 1;
        int lineEnd = text.indexOf('\n', at) < 0 ? text.length() : text.indexOf('\n', at);
        int from = Math.max(lineStart, at - SHOWN_BEFORE);
        int to = Math.min(lineEnd, at + SHOWN_AFTER);
        String shown = printable(text.substring(from, Math.max(from, to)));
        return Failure.of(
                        Failure.Kind.FILTER_INVALID,
                        place + ": " + problem + "\n  " + shown + "\n  " + " ".repeat(at - from) + "^")
                .with("line", place.line)
                .with("col", place.col);
    }

    /** EVALUATION_FAILED at this place. */
    Failure failed(String problem) {
        return Failure.of(Failure.Kind.EVALUATION_FAILED, this + ": " + problem)
                .with("line", line)
                .with("col", col);
    }

    private static String printable(String text) {
        return text.codePoints()
                .map(c -> Character.isISOControl(c) ? ' ' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    @Override
    public String toString() {
        return line + ":" + col;
    }
}
