package dev.sluice.expression;

import dev.sluice.log.Failure;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A value computed from the columns of a row. Safe for any thread. */
public final class RowFormula {
    private final Evaluator evaluator;

    private RowFormula(Evaluator evaluator) {
        this.evaluator = evaluator;
    }

    /**
     * FILTER_INVALID with details {@code line} and {@code col}.
     *
     * @param columns which it may name; {@code key} is the row's key
     */
    public static RowFormula compile(Expression expression, Set<String> columns) {
        return new RowFormula(new Compiler(expression.text(), RowFacts.scope(columns), List.of())
                .compile(expression.tree())
                .evaluator());
    }

    /** As {@link #compile}, of an expression that may be true or false. */
    public static RowFormula compileCondition(Expression expression, Set<String> columns) {
        return new RowFormula(
                Compiler.condition(expression.text(), expression.tree(), RowFacts.scope(columns), List.of())
                        .evaluator());
    }

    /**
     * The value: {@link Decimal}, String, Boolean, {@link Time}; null also where it cannot be computed, as in a division by 0.
     *
     * @param columns from name to value, as for {@link Filters#rows}
     */
    public @Nullable Object value(Function<String, @Nullable Object> columns) {
        try {
            var value = evaluator.evaluate(new RowFacts(columns, Facts.MAX_STEPS));
            return Values.isScalar(value) ? value : null;
        } catch (Failure cannot) {
            return null;
        }
    }
}
