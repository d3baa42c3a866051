package dev.sluice.resilience;

import java.util.Arrays;

/**
 * Sums over the last {@code interval}, in ten buckets: the oldest tenth is dropped at once, so they reach back between nine tenths
 * and the whole of it. One thread at a time.
 */
final class RollingSums {
    static final int BUCKETS = 10;
    /** Beyond any uptime, and safe to add to any time. */
    private static final long NEVER = Long.MAX_VALUE / 2;

    private final int kinds;
    private final long[] buckets;
    private final long[] sums;
    private long bucketNanos;
    private long bucketEndNanos;
    private int current;
    private boolean isStarted;

    /** @param kinds how many different things are summed */
    RollingSums(int kinds, long intervalNanos) {
        this.kinds = kinds;
        this.buckets = new long[kinds * BUCKETS];
        this.sums = new long[kinds];
        interval(intervalNanos);
    }

    /** From the next bucket on; what has been summed stays. 0: nothing is ever dropped. */
    void interval(long nanos) {
        bucketNanos = nanos == 0 ? NEVER : Math.max(1, nanos / BUCKETS);
    }

    /** Starts again from nothing. */
    void clear(long nowNanos) {
        Arrays.fill(buckets, 0);
        Arrays.fill(sums, 0);
        bucketEndNanos = nowNanos + bucketNanos;
        isStarted = true;
    }

    /** Drops what is too old; true when a new bucket began. A time before the current bucket falls into it. */
    boolean advance(long nowNanos) {
        if (!isStarted) {
            clear(nowNanos);
        }
        long over = nowNanos - bucketEndNanos;
        if (over < 0) {
            return false;
        }
        long steps = over / bucketNanos + 1;
        for (long i = Math.min(steps, BUCKETS); i > 0; i--) {
            next();
        }
        bucketEndNanos += steps * bucketNanos;
        return true;
    }

    private void next() {
        current = (current + 1) % BUCKETS;
        for (int kind = 0; kind < kinds; kind++) {
            sums[kind] -= buckets[current * kinds + kind];
            buckets[current * kinds + kind] = 0;
        }
    }

    void add(int kind) {
        buckets[current * kinds + kind]++;
        sums[kind]++;
    }

    long sum(int kind) {
        return sums[kind];
    }

    /** What the current bucket holds. */
    long latest(int kind) {
        return buckets[current * kinds + kind];
    }
}
