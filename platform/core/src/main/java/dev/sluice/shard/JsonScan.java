package dev.sluice.shard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Recognizes most JSON (RFC 8259) in one pass over its bytes, without making tokens, which is what costs a parser its
 * time. What it recognizes is JSON; what it does not is for a parser to judge, which also says what is wrong.
 */
final class JsonScan {
    private static final int MAX_DEPTH = 62;
    private static final int MAX_NAME_BYTES = 10_000;
    private static final int MAX_NUMBER_BYTES = 500;
    private static final int NOT_RECOGNIZED = -1;

    /** The bytes that mean only themselves in a string: ASCII but quote, backslash and control characters. */
    private static final boolean[] IS_PLAIN = new boolean[256];

    static {
        for (int c = 0x20; c < 0x80; c++) {
            IS_PLAIN[c] = c != '"' && c != '\\';
        }
    }

    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long HIGH_BITS = 0x8080808080808080L;
    private static final long QUOTES = ONES * '"';
    private static final long BACKSLASHES = ONES * '\\';
    private static final long SPACES = ONES * ' ';

    private final byte[] json;

    private JsonScan(byte[] json) {
        this.json = json;
    }

    /** Whether bytes are one JSON value for certain; false says nothing. */
    static boolean recognizes(byte[] json) {
        var scan = new JsonScan(json);
        int end = scan.value();
        return end != NOT_RECOGNIZED && scan.space(end) == json.length;
    }

    /** The end of the value, objects and arrays told apart by the bits of {@code objects}, the innermost lowest. */
    private int value() {
        long objects = 0;
        int depth = 0;
        int at = 0;
        while (true) {
            at = space(at);
            byte c = at < json.length ? json[at] : 0;
            if (c == '{' || c == '[') {
                if (depth == MAX_DEPTH) {
                    return NOT_RECOGNIZED;
                }
                int inside = space(at + 1);
                boolean isEmpty = inside < json.length && json[inside] == c + 2;
                if (!isEmpty) {
                    depth++;
                    objects = objects << 1 | (c == '{' ? 1 : 0);
                    at = c == '{' ? name(inside) : inside;
                    if (at == NOT_RECOGNIZED) {
                        return NOT_RECOGNIZED;
                    }
                    continue;
                }
                at = inside + 1;
            } else {
                at = scalar(at, c);
            }
            while (depth > 0 && at != NOT_RECOGNIZED) {
                at = space(at);
                byte next = at < json.length ? json[at] : 0;
                boolean isObject = (objects & 1) == 1;
                if (next == ',') {
                    at = isObject ? name(space(at + 1)) : at + 1;
                    break;
                }
                if (next != (isObject ? '}' : ']')) {
                    return NOT_RECOGNIZED;
                }
                objects >>>= 1;
                depth--;
                at++;
            }
            if (depth == 0 || at == NOT_RECOGNIZED) {
                return at;
            }
        }
    }

    private int space(int at) {
        while (at < json.length && (json[at] == ' ' || json[at] == '\n' || json[at] == '\r' || json[at] == '\t')) {
            at++;
        }
        return at;
    }

    /** A member's name and its colon. */
    private int name(int at) {
        int end = at < json.length && json[at] == '"' ? string(at + 1) : NOT_RECOGNIZED;
        if (end == NOT_RECOGNIZED || end - at > MAX_NAME_BYTES) {
            return NOT_RECOGNIZED;
        }
        int colon = space(end);
        return colon < json.length && json[colon] == ':' ? colon + 1 : NOT_RECOGNIZED;
    }

    private int scalar(int at, byte first) {
        return switch (first) {
            case '"' -> string(at + 1);
            case 't' -> word(at, "true");
            case 'f' -> word(at, "false");
            case 'n' -> word(at, "null");
            default -> number(at);
        };
    }

    private int string(int from) {
        int at = from;
        while (true) {
            at = plain(at);
            if (at >= json.length) {
                return NOT_RECOGNIZED;
            }
            byte c = json[at];
            if (c == '"') {
                return at + 1;
            }
            at = c == '\\' ? escape(at + 1) : c < 0 ? character(at) : NOT_RECOGNIZED;
            if (at == NOT_RECOGNIZED) {
                return NOT_RECOGNIZED;
            }
        }
    }

    /** Behind the plain bytes from a place on: eight at a time, by "Bit Twiddling Hacks", "word has a zero byte" and "a byte less than n". */
    private int plain(int from) {
        int at = from;
        while (at + Long.BYTES <= json.length) {
            long word = (long) WORDS.get(json, at);
            // of the bits that stand for what is not plain the lowest is exact: only from such a byte is borrowed
            long special = ((word ^ QUOTES) - ONES | (word ^ BACKSLASHES) - ONES | word - SPACES | word) & HIGH_BITS;
            if (special != 0) {
                return at + Long.numberOfTrailingZeros(special) / Byte.SIZE;
            }
            at += Long.BYTES;
        }
        while (at < json.length && IS_PLAIN[json[at] & 0xff]) {
            at++;
        }
        return at;
    }

    private int escape(int at) {
        if (at >= json.length) {
            return NOT_RECOGNIZED;
        }
        return switch (json[at]) {
            case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> at + 1;
            case 'u' -> hex(at + 1);
            default -> NOT_RECOGNIZED;
        };
    }

    private int hex(int at) {
        for (int i = at; i < at + 4; i++) {
            if (i >= json.length || Character.digit(json[i], 16) < 0) {
                return NOT_RECOGNIZED;
            }
        }
        return at + 4;
    }

    /** A character of two to four bytes, well formed as table 3-7 of the Unicode standard has it. */
    private int character(int at) {
        int first = json[at] & 0xff;
        int count = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
        if (first < 0xC2 || first > 0xF4 || at + count > json.length) {
            return NOT_RECOGNIZED;
        }
        for (int i = at + 1; i < at + count; i++) {
            if ((json[i] & 0xC0) != 0x80) {
                return NOT_RECOGNIZED;
            }
        }
        int second = json[at + 1] & 0xff;
        boolean isOverlongOrSurrogate = first == 0xE0 && second < 0xA0
                || first == 0xED && second > 0x9F
                || first == 0xF0 && second < 0x90
                || first == 0xF4 && second > 0x8F;
        return isOverlongOrSurrogate ? NOT_RECOGNIZED : at + count;
    }

    private int word(int at, String word) {
        for (int i = 0; i < word.length(); i++) {
            if (at + i >= json.length || json[at + i] != word.charAt(i)) {
                return NOT_RECOGNIZED;
            }
        }
        return at + word.length();
    }

    private int number(int from) {
        int at = from < json.length && json[from] == '-' ? from + 1 : from;
        int whole = digits(at);
        if (whole == at || whole > at + 1 && json[at] == '0') {
            return NOT_RECOGNIZED;
        }
        at = whole;
        if (at < json.length && json[at] == '.') {
            int fraction = digits(at + 1);
            if (fraction == at + 1) {
                return NOT_RECOGNIZED;
            }
            at = fraction;
        }
        if (at < json.length && (json[at] == 'e' || json[at] == 'E')) {
            at++;
            if (at < json.length && (json[at] == '+' || json[at] == '-')) {
                at++;
            }
            int exponent = digits(at);
            if (exponent == at) {
                return NOT_RECOGNIZED;
            }
            at = exponent;
        }
        return at - from > MAX_NUMBER_BYTES ? NOT_RECOGNIZED : at;
    }

    private int digits(int at) {
        while (at < json.length && json[at] >= '0' && json[at] <= '9') {
            at++;
        }
        return at;
    }
}
