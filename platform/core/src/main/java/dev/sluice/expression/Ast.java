package dev.sluice.expression;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tree of a parsed expression; {@code at} is the character it is blamed at. */
sealed interface Ast {
    int at();

    /** Null, Boolean, Decimal or String. */
    record Literal(@Nullable Object value, int at) implements Ast {}

    /** A variable and the fields below it. */
    record Path(List<String> names, int at) implements Ast {}

    /** A field of a value that is no path. */
    record Select(Ast operand, String field, int at) implements Ast {}

    /** An element of a list, or a field whose name is computed. */
    record Index(Ast operand, Ast index, int at) implements Ast {}

    record ListOf(List<Ast> elements, int at) implements Ast {}

    record Not(Ast operand, int at) implements Ast {}

    record Negation(Ast operand, int at) implements Ast {}

    record Binary(Operator operator, Ast left, Ast right, int at) implements Ast {}

    record Conditional(Ast condition, Ast then, Ast otherwise, int at) implements Ast {}

    /** A function's call; {@code target} is what stands before the dot of a method, null for a plain call. */
    record Call(String function, @Nullable Ast target, List<Ast> arguments, int at) implements Ast {}

    /** {@code target.exists(variable, body)} and its kin. */
    record Macro(Loop loop, Ast target, String variable, Ast body, int at) implements Ast {}

    /** {@code has(field)}. */
    record Has(Ast field, int at) implements Ast {}

    /** What a macro does with each element of a list. */
    enum Loop {
        EXISTS,
        ALL,
        FILTER,
        MAP
    }

    /** Two operands become one value. A higher level binds more tightly. */
    enum Operator {
        OR("||", 0),
        AND("&&", 1),
        EQUAL("==", 2),
        NOT_EQUAL("!=", 2),
        LESS("<", 2),
        LESS_OR_EQUAL("<=", 2),
        GREATER(">", 2),
        GREATER_OR_EQUAL(">=", 2),
        IN("in", 2),
        PLUS("+", 3),
        MINUS("-", 3),
        TIMES("*", 4),
        DIVIDED_BY("/", 4),
        REMAINDER("%", 4);

        static final int LEVELS = 5;
        private final String symbol;
        private final int level;

        Operator(String symbol, int level) {
            this.symbol = symbol;
            this.level = level;
        }

        String symbol() {
            return symbol;
        }

        int level() {
            return level;
        }
    }
}
