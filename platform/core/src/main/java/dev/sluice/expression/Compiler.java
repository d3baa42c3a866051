package dev.sluice.expression;

import dev.sluice.expression.Ast.Operator;
import dev.sluice.log.Failure;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Checks a tree against what is known of types, and turns it into closures. */
final class Compiler {
    /** What is known of a value before it is there. */
    enum Type {
        NUMBER,
        STRING,
        BOOLEAN,
        TIME,
        NULL,
        ANY;

        String shown() {
            return switch (this) {
                case NUMBER -> "a number";
                case STRING -> "a string";
                case BOOLEAN -> "a boolean";
                case TIME -> "a time";
                case NULL -> "null";
                case ANY -> "a value";
            };
        }
    }

    /** A compiled part. */
    record Code(Type type, Evaluator evaluator) {}

    /** Where names get their meaning. */
    @FunctionalInterface
    interface Scope {
        /** An IllegalArgumentException says what is wrong with the path. */
        Code resolve(List<String> names);
    }

    private final String text;
    private final Scope scope;

    private Compiler(String text, Scope scope) {
        this.text = text;
        this.scope = scope;
    }

    static Code compile(String text, Ast tree, Scope scope) {
        return new Compiler(text, scope).code(tree);
    }

    /** Compiles a condition. */
    static Code condition(String text, Ast tree, Scope scope) {
        var compiler = new Compiler(text, scope);
        var code = compiler.code(tree);
        compiler.demand(code, tree, Type.BOOLEAN);
        return new Code(Type.BOOLEAN, code.evaluator());
    }

    /** Compiles an expression that must be a number or null. */
    static Evaluator number(String text, Ast tree, Scope scope) {
        var compiler = new Compiler(text, scope);
        var code = compiler.demand(compiler.code(tree), tree, Type.NUMBER);
        var place = Place.of(text, tree.at());
        return facts -> {
            var value = code.evaluate(facts);
            if (value == null || value instanceof Decimal) {
                return value;
            }
            throw place.failed("found " + Values.shown(value) + ", expected a number");
        };
    }

    private Code code(Ast tree) {
        if (tree instanceof Ast.Literal literal) {
            Object value = literal.value();
            return new Code(typeOf(value), facts -> value);
        }
        if (tree instanceof Ast.Path path) {
            return path(path);
        }
        if (tree instanceof Ast.Not not) {
            var operand = demand(code(not.operand()), not.operand(), Type.BOOLEAN);
            var place = Place.of(text, not.operand().at());
            return new Code(Type.BOOLEAN, facts -> !Values.truth(operand.evaluate(facts), place));
        }
        if (tree instanceof Ast.Negation negation) {
            return negation(negation);
        }
        var binary = (Ast.Binary) tree;
        return switch (binary.operator()) {
            case AND, OR -> logic(binary);
            case EQUAL, NOT_EQUAL, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL -> comparison(binary);
            case PLUS, MINUS, TIMES, DIVIDED_BY, REMAINDER -> arithmetic(binary);
        };
    }

    private static Type typeOf(@Nullable Object literal) {
        if (literal == null) {
            return Type.NULL;
        }
        return literal instanceof Decimal
                ? Type.NUMBER
                : literal instanceof String ? Type.STRING : literal instanceof Boolean ? Type.BOOLEAN : Type.TIME;
    }

    private Code path(Ast.Path path) {
        try {
            return scope.resolve(path.names());
        } catch (IllegalArgumentException unknown) {
            throw Place.invalid(text, path.at(), String.valueOf(unknown.getMessage()));
        }
    }

    private Code negation(Ast.Negation negation) {
        if (negation.operand() instanceof Ast.Literal literal && literal.value() instanceof Decimal number) {
            var negated = number.negated();
            return new Code(Type.NUMBER, facts -> negated);
        }
        var operand = demand(code(negation.operand()), negation.operand(), Type.NUMBER);
        var place = Place.of(text, negation.at());
        return new Code(Type.NUMBER, facts -> {
            var value = number(operand.evaluate(facts), place, "-");
            return value == null ? null : value.negated();
        });
    }

    private Code logic(Ast.Binary binary) {
        var left = demand(code(binary.left()), binary.left(), Type.BOOLEAN);
        var right = demand(code(binary.right()), binary.right(), Type.BOOLEAN);
        var leftPlace = Place.of(text, binary.left().at());
        var rightPlace = Place.of(text, binary.right().at());
        return new Code(
                Type.BOOLEAN,
                binary.operator() == Operator.AND
                        ? facts -> Values.truth(left.evaluate(facts), leftPlace)
                                && Values.truth(right.evaluate(facts), rightPlace)
                        : facts -> Values.truth(left.evaluate(facts), leftPlace)
                                || Values.truth(right.evaluate(facts), rightPlace));
    }

    private Code comparison(Ast.Binary binary) {
        var leftCode = code(asTime(binary.left(), binary.right()));
        var rightCode = code(asTime(binary.right(), binary.left()));
        if (!comparable(leftCode.type(), rightCode.type())) {
            throw Place.invalid(
                    text,
                    binary.at(),
                    "found %s %s %s, expected two numbers, two strings, two booleans or two times"
                            .formatted(
                                    leftCode.type().shown(),
                                    binary.operator().symbol(),
                                    rightCode.type().shown()));
        }
        var left = leftCode.evaluator();
        var right = rightCode.evaluator();
        var place = Place.of(text, binary.at());
        String symbol = binary.operator().symbol();
        return new Code(
                Type.BOOLEAN,
                switch (binary.operator()) {
                    case EQUAL -> facts -> equal(left.evaluate(facts), right.evaluate(facts), place, symbol);
                    case NOT_EQUAL -> facts -> !equal(left.evaluate(facts), right.evaluate(facts), place, symbol);
                    case LESS -> ordering(left, right, place, symbol, -1, false);
                    case LESS_OR_EQUAL -> ordering(left, right, place, symbol, -1, true);
                    case GREATER -> ordering(left, right, place, symbol, 1, false);
                    default -> ordering(left, right, place, symbol, 1, true);
                });
    }

    /** A string literal beside a time becomes a time once, here. */
    private Ast asTime(Ast tree, Ast beside) {
        if (tree instanceof Ast.Literal literal
                && literal.value() instanceof String written
                && beside instanceof Ast.Path path
                && path(path).type() == Type.TIME) {
            var time = Time.parse(written);
            if (time == null) {
                throw Place.invalid(
                        text, tree.at(), "found '" + written + "', expected a time such as 2026-01-31T12:00:00Z");
            }
            return new Ast.Literal(time, tree.at());
        }
        return tree;
    }

    private static boolean comparable(Type left, Type right) {
        return left == right
                || left == Type.ANY
                || right == Type.ANY
                || left == Type.NULL
                || right == Type.NULL
                || left == Type.TIME && right == Type.STRING
                || left == Type.STRING && right == Type.TIME;
    }

    private static boolean equal(@Nullable Object left, @Nullable Object right, Place place, String symbol) {
        return left == null || right == null ? left == right : Values.compare(left, right, place, symbol) == 0;
    }

    private static Evaluator ordering(
            Evaluator left, Evaluator right, Place place, String symbol, int sign, boolean orEqual) {
        return facts -> {
            var a = left.evaluate(facts);
            var b = right.evaluate(facts);
            if (a == null || b == null) {
                return false;
            }
            int order = Values.compare(a, b, place, symbol);
            return order == 0 ? orEqual : order > 0 == sign > 0;
        };
    }

    private Code arithmetic(Ast.Binary binary) {
        var left = demand(code(binary.left()), binary.left(), Type.NUMBER);
        var right = demand(code(binary.right()), binary.right(), Type.NUMBER);
        var place = Place.of(text, binary.at());
        var operator = binary.operator();
        return new Code(Type.NUMBER, facts -> {
            var a = number(left.evaluate(facts), place, operator.symbol());
            var b = number(right.evaluate(facts), place, operator.symbol());
            if (a == null || b == null) {
                return null;
            }
            try {
                return switch (operator) {
                    case PLUS -> a.plus(b);
                    case MINUS -> a.minus(b);
                    case TIMES -> a.times(b);
                    case DIVIDED_BY -> a.dividedBy(b);
                    default -> a.remainder(b);
                };
            } catch (Failure outOfRange) {
                throw place.failed(outOfRange.getMessage());
            }
        });
    }

    private static @Nullable Decimal number(@Nullable Object value, Place place, String operator) {
        if (value == null || value instanceof Decimal) {
            return (Decimal) value;
        }
        throw place.failed("found " + Values.shown(value) + " beside " + operator + ", expected a number");
    }

    private Evaluator demand(Code code, Ast tree, Type expected) {
        if (code.type() != expected && code.type() != Type.ANY && code.type() != Type.NULL) {
            throw Place.invalid(text, tree.at(), "found " + code.type().shown() + ", expected " + expected.shown());
        }
        return code.evaluator();
    }
}
