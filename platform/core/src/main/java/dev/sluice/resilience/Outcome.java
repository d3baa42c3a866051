package dev.sluice.resilience;

/** What became of a call that a guard admitted. */
public enum Outcome {
    SUCCESS,
    FAILURE,
    /** A success that took too long. */
    SLOW,
    /** Says nothing about who was called: a refusal on this side, the caller's own mistake. */
    EXCLUDED
}
