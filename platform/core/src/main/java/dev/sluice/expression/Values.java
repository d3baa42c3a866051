package dev.sluice.expression;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the values of the language have in common: names for messages, an order, truth. */
public final class Values {
    private Values() {}

    /** "a number", "a string"… for messages. */
    public static String shown(@Nullable Object value) {
        if (value instanceof Decimal) {
            return "a number";
        }
        if (value instanceof String) {
            return "a string";
        }
        if (value instanceof Boolean) {
            return "a boolean";
        }
        if (value instanceof Time) {
            return "a time";
        }
        if (value instanceof Duration) {
            return "a duration";
        }
        if (value instanceof List) {
            return Structure.ARRAY.shown();
        }
        if (value instanceof Map) {
            return Structure.OBJECT.shown();
        }
        return value instanceof Structure structure ? structure.shown() : "null";
    }

    /** The text with each half of a surrogate pair that stands alone replaced by {@code ?}, as its UTF-8 will have it. */
    public static String validText(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
            }
        }
        return text;
    }

    /** Order of strings by code point, which is the order of their UTF-8 bytes. */
    public static int compareText(String left, String right) {
        int common = Math.min(left.length(), right.length());
        for (int i = 0; i < common; i++) {
            char a = left.charAt(i);
            char b = right.charAt(i);
            if (a != b) {
                // a surrogate stands for a code point beyond every other char
                boolean aBeyond = Character.isSurrogate(a);
                boolean bBeyond = Character.isSurrogate(b);
                return aBeyond == bBeyond ? a - b : aBeyond ? 1 : -1;
            }
        }
        return left.length() - right.length();
    }

    /** Whether a value can stand in a row. */
    static boolean isScalar(@Nullable Object value) {
        return value == null
                || value instanceof Decimal
                || value instanceof String
                || value instanceof Boolean
                || value instanceof Time;
    }

    /** A total order over numbers, strings, booleans and times: by kind, then within the kind. */
    public static int compareAny(Object left, Object right) {
        if (left instanceof Decimal a && right instanceof Decimal b) {
            return a.compareTo(b);
        }
        if (left instanceof String a && right instanceof String b) {
            return compareText(a, b);
        }
        if (left instanceof Time a && right instanceof Time b) {
            return a.compareTo(b);
        }
        if (left instanceof Boolean a && right instanceof Boolean b) {
            return a.compareTo(b);
        }
        return Integer.compare(rank(left), rank(right));
    }

    private static int rank(Object value) {
        return value instanceof Boolean ? 0 : value instanceof Decimal ? 1 : value instanceof Time ? 2 : 3;
    }

    /** The order of two values of one kind (a string beside a time is read as a time); else EVALUATION_FAILED. */
    static int compare(Object left, Object right, Place place, String operator) {
        if (left.getClass() == right.getClass() && isScalar(left)) {
            return compareAny(left, right);
        }
        if (left instanceof Duration a && right instanceof Duration b) {
            return a.compareTo(b);
        }
        if (left instanceof Time a && right instanceof String text) {
            var b = Time.parse(text);
            if (b != null) {
                return a.compareTo(b);
            }
        } else if (left instanceof String text && right instanceof Time b) {
            var a = Time.parse(text);
            if (a != null) {
                return a.compareTo(b);
            }
        }
        throw place.failed("found " + shown(left) + " " + operator + " " + shown(right)
                + ", expected two numbers, two strings, two booleans, two times or two durations");
    }

    /** Whether two values are of one kind and equal; of lists and objects nobody knows. */
    static boolean isSame(@Nullable Object left, @Nullable Object right) {
        if (left == null || right == null) {
            return left == right;
        }
        return left.getClass() == right.getClass()
                && (left instanceof Duration ? left.equals(right) : isScalar(left) && compareAny(left, right) == 0);
    }

    /** Null is not true. */
    static boolean truth(@Nullable Object value, Place place) {
        if (value == null) {
            return false;
        }
        if (value instanceof Boolean truth) {
            return truth;
        }
        throw place.failed("found " + shown(value) + ", expected true or false");
    }
}
