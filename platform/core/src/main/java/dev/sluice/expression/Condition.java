package dev.sluice.expression;

/** A compiled condition. */
@FunctionalInterface
public interface Condition {
    /** Whether it holds; null counts as not. EVALUATION_FAILED when types do not go together. */
    boolean holds(Facts facts);
}
