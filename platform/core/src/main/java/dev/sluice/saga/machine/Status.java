package dev.sluice.saga.machine;

/** Of an instance. */
public enum Status {
    /** Waits, before its first step, until fewer go than its definition lets. */
    PENDING,
    RUNNING,
    COMPENSATING,
    /** Waits for an operator; {@link Instance#parked()} says why. */
    PARKED,
    COMPLETED,
    COMPENSATED,
    /** Abandoned by an operator. */
    FAILED;

    public boolean isEnded() {
        return this == COMPLETED || this == COMPENSATED || this == FAILED;
    }
}
