package dev.sluice.resilience;

/**
 * How long the answers of an instance take: an average that forgets half of itself in {@link #HALF_LIFE_NANOS}, and that one longer
 * answer raises at once (the peak-sensitive moving average of Finagle's balancer). It falls while nobody asks too: who was slow is tried
 * again some time.
 *
 * @param nanos as of {@code atNanos}; 0: nothing is known
 */
record Latency(double nanos, long atNanos) {
    static final long HALF_LIFE_NANOS = 5_000_000_000L;
    static final Latency UNKNOWN = new Latency(0, 0);

    double at(long nowNanos) {
        return nanos * left(nowNanos);
    }

    /** After an answer. */
    Latency with(long tookNanos, long nowNanos) {
        double left = left(nowNanos);
        return new Latency(
                tookNanos >= nanos ? tookNanos : nanos * left + tookNanos * (1 - left), Math.max(atNanos, nowNanos));
    }

    /** After a failure, which may come quickly and yet makes nobody faster. */
    Latency withFailure(long tookNanos, long nowNanos) {
        return nanos == 0 || tookNanos < at(nowNanos) ? this : with(tookNanos, nowNanos);
    }

    /** 2 to the power of minus the half-lives that have passed, between whole ones along a line: without a call of Math.exp. */
    private double left(long nowNanos) {
        long pastNanos = Math.max(0, nowNanos - atNanos);
        double part = (double) (pastNanos % HALF_LIFE_NANOS) / HALF_LIFE_NANOS;
        return Math.scalb(1 - part / 2, (int) -Math.min(Short.MAX_VALUE, pastNanos / HALF_LIFE_NANOS));
    }
}
