package dev.sluice.resilience;

/**
 * Hears of instances that come, go, fail and recover: one change after the other, in their order, when no lock is held. It runs on the
 * thread that made the change; what it throws is logged and harms nothing.
 */
@FunctionalInterface
public interface InstanceListener {
    void changed(Change change);

    /**
     * One change.
     *
     * @param failures in a row, why it was ejected; else 0
     * @param ejectedNanos how long it is ejected; else 0
     */
    record Change(Kind kind, Registry.Endpoint endpoint, int failures, long ejectedNanos) {}

    /** What happened to an instance. */
    enum Kind {
        REGISTERED,
        /** It leaves, and is not called any more. */
        DRAINING,
        /** It has left. */
        REMOVED,
        /** It has not renewed its lease. */
        LOST,
        EJECTED,
        RESTORED
    }
}
