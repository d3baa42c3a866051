package dev.sluice.expression;

import org.jspecify.annotations.Nullable;

/** A compiled expression. */
@FunctionalInterface
public interface Evaluator {
    /**
     * The value: {@link Decimal}, String, Boolean, {@link Time}, {@link Structure}, or null. EVALUATION_FAILED with details
     * {@code line} and {@code col} when types do not go together.
     */
    @Nullable
    Object evaluate(Facts facts);
}
