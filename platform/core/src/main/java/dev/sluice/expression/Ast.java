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

    record Not(Ast operand, int at) implements Ast {}

    record Negation(Ast operand, int at) implements Ast {}

    record Binary(Operator operator, Ast left, Ast right, int at) implements Ast {}

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
