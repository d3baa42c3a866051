package dev.sluice.resilience;

/**
 * Hears of the state changes of a circuit breaker: one after the other, in their order, when the state is settled and no lock is
 * held. It runs on the thread of a call; what it throws is logged and harms nothing.
 */
@FunctionalInterface
public interface StateListener {
    void changed(Change change);

    /**
     * One state change.
     *
     * @param generation of the phase that began
     * @param counts of the phase that ended: why it did
     * @param openNanos how long it stays open, 0 when it is not
     */
    record Change(
            String breaker,
            CircuitBreaker.State from,
            CircuitBreaker.State to,
            Cause cause,
            long generation,
            Counts counts,
            long openNanos) {}

    /** Why a state changed. */
    enum Cause {
        TRIPPED,
        OPEN_TIME_OVER,
        TRIALS_SUCCEEDED,
        TRIAL_FAILED,
        TRIAL_LOST,
        FORCED_OPEN,
        RESET,
        DISABLED
    }
}
