package dev.sluice.resilience;

import java.util.List;

/** The counts of a breaker's phase, as they are kept. One thread at a time. */
final class BreakerCounts {
    private static final int REQUESTS = 0;
    private static final int SUCCESSES = 1;
    private static final int FAILURES = 2;
    private static final int SLOW = 3;
    private static final int KINDS = 4;

    private final RollingSums sums;
    private long consecutiveSuccesses;
    private long consecutiveFailures;
    private long stale;

    BreakerCounts(long intervalNanos) {
        sums = new RollingSums(KINDS, intervalNanos);
    }

    void interval(long nanos) {
        sums.interval(nanos);
    }

    /** Begins a phase; what was stale stays counted. */
    void clear(long nowNanos) {
        sums.clear(nowNanos);
        consecutiveSuccesses = 0;
        consecutiveFailures = 0;
    }

    void advance(long nowNanos) {
        if (sums.advance(nowNanos)) {
            // The newest outcomes are the run; of those that are left, it is all or none before it were dropped.
            consecutiveSuccesses = Math.min(consecutiveSuccesses, sums.sum(SUCCESSES));
            consecutiveFailures = Math.min(consecutiveFailures, sums.sum(FAILURES));
        }
    }

    void admit() {
        sums.add(REQUESTS);
    }

    void settle(Outcome outcome) {
        switch (outcome) {
            case SUCCESS -> succeed();
            case SLOW -> {
                sums.add(SLOW);
                succeed();
            }
            case FAILURE -> {
                sums.add(FAILURES);
                consecutiveFailures++;
                consecutiveSuccesses = 0;
            }
            case EXCLUDED -> {}
        }
    }

    private void succeed() {
        sums.add(SUCCESSES);
        consecutiveSuccesses++;
        consecutiveFailures = 0;
    }

    void countStale() {
        stale++;
    }

    /** Whether one of them holds. */
    boolean isTripped(List<Policy.Trip> trips) {
        for (int i = 0; i < trips.size(); i++) {
            if (holds(trips.get(i))) {
                return true;
            }
        }
        return false;
    }

    private boolean holds(Policy.Trip trip) {
        long failures = sums.sum(FAILURES);
        long settled = sums.sum(SUCCESSES) + failures;
        boolean hasRatio = trip.failureRatio() > 0 || trip.slowRatio() > 0;
        return (hasRatio || trip.consecutiveFailures() > 0)
                && consecutiveFailures >= trip.consecutiveFailures()
                && (!hasRatio || settled >= trip.minRequests())
                && failures >= trip.failureRatio() * settled
                && sums.sum(SLOW) >= trip.slowRatio() * settled;
    }

    Counts toCounts() {
        return new Counts(
                sums.sum(REQUESTS),
                sums.sum(SUCCESSES),
                sums.sum(FAILURES),
                consecutiveSuccesses,
                consecutiveFailures,
                sums.sum(SLOW),
                stale);
    }
}
