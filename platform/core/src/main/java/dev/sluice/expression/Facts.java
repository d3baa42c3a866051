package dev.sluice.expression;

/** What an expression is evaluated on: one event or one row. */
public abstract sealed class Facts permits EventFacts, RowFacts {
    Facts() {}
}
