package dev.sluice.resilience;

import com.netflix.concurrency.limits.Limit;
import com.netflix.concurrency.limits.limit.AIMDLimit;
import com.netflix.concurrency.limits.limit.FixedLimit;
import com.netflix.concurrency.limits.limit.Gradient2Limit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many calls may be under way at once: a number that is given, or that Netflix's AIMD or Gradient2 finds from how long calls take
 * and which fail. For any threads.
 */
public final class ConcurrencyLimit {
    /** Where a limit that is found out begins, unless its bounds are elsewhere. */
    private static final int INITIAL = 20;

    private final AtomicInteger inFlight = new AtomicInteger();
    private final LongAdder rejected = new LongAdder();
    private volatile Found found;

    public ConcurrencyLimit(Policy.Concurrency settings) {
        found = Found.of(settings, INITIAL);
    }

    /** Whether a call may be made; if so it must be released. */
    public boolean acquire() {
        var now = found;
        int limit = now.settings.mode() == Policy.Mode.DISABLED ? Integer.MAX_VALUE : now.limit();
        while (true) {
            int before = inFlight.get();
            if (before >= limit) {
                rejected.increment();
                if (now.settings.mode() == Policy.Mode.ENFORCE) {
                    return false;
                }
                limit = Integer.MAX_VALUE;
            }
            if (inFlight.compareAndSet(before, before + 1)) {
                return true;
            }
        }
    }

    /**
     * Ends a call that was acquired.
     *
     * @param outcome a failure means that there was too much, what is excluded teaches nothing
     */
    public void release(long startNanos, Outcome outcome, long nowNanos) {
        int underWay = inFlight.getAndDecrement();
        if (outcome != Outcome.EXCLUDED) {
            found.algorithm.onSample(
                    startNanos, Math.max(1, nowNanos - startNanos), underWay, outcome == Outcome.FAILURE);
        }
    }

    /** Other settings from the next call on: calls under way stay counted, and the search goes on from where it is, within the bounds. */
    public void reload(Policy.Concurrency other) {
        if (!other.equals(found.settings)) {
            found = Found.of(other, found.limit());
        }
    }

    public Snapshot snapshot() {
        return new Snapshot(found.limit(), inFlight.get(), rejected.sum());
    }

    /**
     * A concurrency limit at a moment.
     *
     * @param rejected observed, what it would have rejected
     */
    public record Snapshot(int limit, int inFlight, long rejected) {}

    private record Found(Policy.Concurrency settings, Limit algorithm) {
        static Found of(Policy.Concurrency settings, int begin) {
            int initial = clipped(settings, begin);
            return new Found(
                    settings,
                    switch (settings.kind()) {
                        case FIXED -> FixedLimit.of(settings.max());
                        case AIMD ->
                            AIMDLimit.newBuilder()
                                    .minLimit(settings.min())
                                    .maxLimit(settings.max())
                                    .initialLimit(initial)
                                    .build();
                        case GRADIENT2 ->
                            Gradient2Limit.newBuilder()
                                    .minLimit(settings.min())
                                    .maxConcurrency(settings.max())
                                    .initialLimit(initial)
                                    .build();
                    });
        }

        int limit() {
            return clipped(settings, algorithm.getLimit());
        }

        private static int clipped(Policy.Concurrency settings, int limit) {
            return Math.max(settings.min(), Math.min(settings.max(), limit));
        }
    }
}
