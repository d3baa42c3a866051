package dev.sluice.expression;

import dev.sluice.expression.EventSlots.Node;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Takes a few fields out of most JSON objects (RFC 8259) in one pass over their bytes, without making a parser for each, which costs more than the
 * reading. From what is JSON, as data is checked to be on its way in, it takes what a parser would give; where it gives up, everything is for a parser,
 * which also says what is wrong. What it passes over it does not judge. For one thread.
 */
final class FieldScan {
    private static final int GIVE_UP = -1;
    private static final int MAX_DIGITS = 18;
    private static final byte[] TRUE = {'t', 'r', 'u', 'e'};
    private static final byte[] FALSE = {'f', 'a', 'l', 's', 'e'};
    private static final byte[] NULL = {'n', 'u', 'l', 'l'};

    private final int objectSlot;
    private final byte[][] names;
    private final int[] slots;
    private byte[] json = {};
    private int end;

    private FieldScan(Node root) {
        objectSlot = root.slot();
        names = new byte[root.children().size()][];
        slots = new int[names.length];
        int count = 0;
        for (Map.Entry<String, Node> child : root.children().entrySet()) {
            names[count] = child.getKey().getBytes(StandardCharsets.UTF_8);
            slots[count++] = child.getValue().slot();
        }
    }

    /** Null when more is wanted than fields of the object itself, and of lists and objects that they are there. */
    static @Nullable FieldScan of(Node root) {
        boolean isFlat = !root.isWhole()
                && root.children().values().stream()
                        .allMatch(child -> child.children().isEmpty() && !child.isWhole());
        return isFlat ? new FieldScan(root) : null;
    }

    /**
     * Reads until all fields are found.
     *
     * @param values by slot, all null before
     * @return false: it gave up, and the values mean nothing
     */
    boolean read(byte[] bytes, int start, int length, @Nullable Object[] values) {
        json = bytes;
        end = start + length;
        int at = space(start);
        if (at == end || json[at] != '{') {
            return false;
        }
        values[objectSlot] = Structure.OBJECT;
        int missing = names.length;
        at = space(at + 1);
        if (at < end && json[at] == '}') {
            return true;
        }
        while (missing > 0) {
            int name = at;
            int nameEnd = string(name);
            int value = nameEnd == GIVE_UP ? GIVE_UP : colon(nameEnd);
            if (value == GIVE_UP) {
                return false;
            }
            int slot = slot(name + 1, nameEnd - 1);
            boolean isWanted = slot >= 0 && values[slot] == null;
            at = isWanted ? take(value, slot, values) : skip(value);
            if (isWanted && values[slot] != null) {
                missing--;
            }
            at = at == GIVE_UP ? GIVE_UP : space(at);
            if (at == GIVE_UP || at == end) {
                return false;
            }
            if (json[at] == '}') {
                return true;
            }
            if (json[at] != ',') {
                return false;
            }
            at = space(at + 1);
        }
        return true;
    }

    private int space(int from) {
        int at = from;
        while (at < end && (json[at] == ' ' || json[at] == '\n' || json[at] == '\r' || json[at] == '\t')) {
            at++;
        }
        return at;
    }

    /** Behind a string of plain ASCII. */
    private int string(int from) {
        if (from >= end || json[from] != '"') {
            return GIVE_UP;
        }
        for (int at = from + 1; at < end; at++) {
            byte c = json[at];
            if (c == '"') {
                return at + 1;
            }
            if (c < ' ' || c == '\\') {
                return GIVE_UP;
            }
        }
        return GIVE_UP;
    }

    private int colon(int from) {
        int at = space(from);
        return at < end && json[at] == ':' ? space(at + 1) : GIVE_UP;
    }

    private int slot(int from, int to) {
        for (int i = 0; i < names.length; i++) {
            byte[] name = names[i];
            if (name.length == to - from && isAt(name, from)) {
                return slots[i];
            }
        }
        return -1;
    }

    private boolean isAt(byte[] text, int from) {
        if (from + text.length > end) {
            return false;
        }
        for (int i = 0; i < text.length; i++) {
            if (json[from + i] != text[i]) {
                return false;
            }
        }
        return true;
    }

    /** Stores the value that begins at {@code from}, not null. */
    private int take(int from, int slot, @Nullable Object[] values) {
        byte first = from < end ? json[from] : 0;
        if (first == '"') {
            int to = string(from);
            if (to != GIVE_UP) {
                values[slot] = new String(json, from + 1, to - from - 2, StandardCharsets.ISO_8859_1);
            }
            return to;
        }
        if (first == '-' || first >= '0' && first <= '9') {
            return number(from, slot, values);
        }
        if (first == '{' || first == '[') {
            values[slot] = first == '{' ? Structure.OBJECT : Structure.ARRAY;
        } else if (first == 't' || first == 'f') {
            values[slot] = first == 't';
        }
        return skip(from);
    }

    /** A number of few digits without an exponent, as {@link Decimal#parse} reads it. */
    private int number(int from, int slot, @Nullable Object[] values) {
        boolean isNegative = json[from] == '-';
        int start = isNegative ? from + 1 : from;
        int at = start;
        long digits = 0;
        int point = GIVE_UP;
        while (at < end && at - start <= MAX_DIGITS) {
            byte c = json[at];
            if (c >= '0' && c <= '9') {
                digits = digits * 10 + (c - '0');
            } else if (c == '.' && point == GIVE_UP) {
                point = at;
            } else {
                break;
            }
            at++;
        }
        int whole = (point == GIVE_UP ? at : point) - start;
        boolean isPlain = at < end
                && at - start <= MAX_DIGITS
                && whole > 0
                && (whole == 1 || json[start] != '0')
                && point != at - 1
                && json[at] != 'e'
                && json[at] != 'E';
        if (!isPlain) {
            return GIVE_UP;
        }
        values[slot] = Decimal.of(isNegative ? -digits : digits, point == GIVE_UP ? 0 : at - point - 1);
        return at;
    }

    /** Behind a value that nobody wants. */
    private int skip(int from) {
        byte first = from < end ? json[from] : 0;
        return switch (first) {
            case '"' -> skipString(from);
            case '{', '[' -> skipStructure(from);
            case 't' -> word(from, TRUE);
            case 'f' -> word(from, FALSE);
            case 'n' -> word(from, NULL);
            default -> skipNumber(from);
        };
    }

    private int word(int from, byte[] word) {
        return isAt(word, from) ? from + word.length : GIVE_UP;
    }

    private int skipNumber(int from) {
        if (from == end || json[from] != '-' && (json[from] < '0' || json[from] > '9')) {
            return GIVE_UP;
        }
        int at = from + 1;
        while (at < end && (json[at] >= '0' && json[at] <= '9' || "+-.eE".indexOf(json[at]) >= 0)) {
            at++;
        }
        return at;
    }

    private int skipString(int from) {
        for (int at = from + 1; at < end; at++) {
            byte c = json[at];
            if (c == '"') {
                return at + 1;
            }
            if (c == '\\') {
                at++;
            }
        }
        return GIVE_UP;
    }

    private int skipStructure(int from) {
        int depth = 0;
        int at = from;
        while (at != GIVE_UP && at < end) {
            byte c = json[at];
            if (c == '"') {
                at = skipString(at);
                continue;
            }
            depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
            at++;
            if (depth == 0) {
                return at;
            }
        }
        return GIVE_UP;
    }
}
