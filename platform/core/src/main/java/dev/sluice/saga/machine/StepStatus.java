package dev.sluice.saga.machine;

/** Of a step of an instance. */
public enum StepStatus {
    PENDING,
    RUNNING,
    SUCCEEDED,
    /** Definitely without effect. */
    REJECTED,
    /** Nobody knows whether it had an effect; it is undone too. */
    UNKNOWN,
    SKIPPED,
    UNDOING,
    UNDONE,
    UNDO_FAILED
}
