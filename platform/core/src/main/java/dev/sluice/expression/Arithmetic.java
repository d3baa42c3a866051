package dev.sluice.expression;

import dev.sluice.expression.Ast.Operator;
import dev.sluice.expression.Compiler.Type;
import dev.sluice.log.Failure;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What {@code + - * / %} make of two values; of null they make null. */
final class Arithmetic {
    private Arithmetic() {}

    /** What comes of two types, null when they do not go together. */
    static @Nullable Type type(Operator operator, Type left, Type right) {
        if (operator != Operator.PLUS && operator != Operator.MINUS) {
            return left.mayBe(Type.NUMBER) && right.mayBe(Type.NUMBER) ? Type.NUMBER : null;
        }
        boolean isOpen = isOpen(left) || isOpen(right);
        if (isOpen) {
            Type known = isOpen(left) ? right : left;
            boolean isStructured = known == Type.LIST || known == Type.BOOLEAN;
            return isStructured || operator == Operator.MINUS && known == Type.STRING
                    ? null
                    : known == Type.NUMBER || known == Type.STRING ? known : Type.ANY;
        }
        return switch (left) {
            case NUMBER -> right == Type.NUMBER ? Type.NUMBER : null;
            case STRING -> right == Type.STRING && operator == Operator.PLUS ? Type.STRING : null;
            case TIME ->
                right == Type.DURATION
                        ? Type.TIME
                        : right == Type.TIME && operator == Operator.MINUS ? Type.DURATION : null;
            case DURATION ->
                right == Type.DURATION
                        ? Type.DURATION
                        : right == Type.TIME && operator == Operator.PLUS ? Type.TIME : null;
            case BOOLEAN, LIST, NULL, ANY -> null;
        };
    }

    private static boolean isOpen(Type type) {
        return type == Type.ANY || type == Type.NULL;
    }

    static String mismatch(Operator operator, String left, String right) {
        return "found " + left + " " + operator.symbol() + " " + right + ", expected two numbers"
                + switch (operator) {
                    case PLUS -> ", two strings, two durations, or a time and a duration";
                    case MINUS -> ", two times, two durations, or a time and a duration";
                    default -> "";
                };
    }

    static Evaluator evaluator(Operator operator, Evaluator left, Evaluator right, Place place) {
        return facts -> {
            var a = left.evaluate(facts);
            var b = right.evaluate(facts);
            if (a == null || b == null) {
                return null;
            }
            if (a instanceof String start && b instanceof String end && operator == Operator.PLUS) {
                facts.text(start.length() + end.length(), place);
                return start.concat(end);
            }
            try {
                var result = a instanceof Decimal x && b instanceof Decimal y
                        ? numbers(operator, x, y)
                        : times(operator, a, b);
                if (result != null) {
                    return result;
                }
            } catch (Failure outOfRange) {
                throw place.failed(outOfRange.getMessage());
            } catch (ArithmeticException outOfRange) {
                throw place.failed("found a time or duration out of range, expected one within 290,000 years");
            }
            throw place.failed(mismatch(operator, Values.shown(a), Values.shown(b)));
        };
    }

    private static Decimal numbers(Operator operator, Decimal a, Decimal b) {
        return switch (operator) {
            case PLUS -> a.plus(b);
            case MINUS -> a.minus(b);
            case TIMES -> a.times(b);
            case DIVIDED_BY -> a.dividedBy(b);
            default -> a.remainder(b);
        };
    }

    private static @Nullable Object times(Operator operator, Object a, Object b) {
        boolean isPlus = operator == Operator.PLUS;
        if (!isPlus && operator != Operator.MINUS) {
            return null;
        }
        if (a instanceof Duration one && b instanceof Duration other) {
            return isPlus ? one.plus(other) : one.minus(other);
        }
        if (a instanceof Time time && b instanceof Duration duration) {
            return time.plus(isPlus ? duration : duration.negated());
        }
        if (a instanceof Duration duration && b instanceof Time time) {
            return isPlus ? time.plus(duration) : null;
        }
        return !isPlus && a instanceof Time time && b instanceof Time earlier ? time.since(earlier) : null;
    }
}
