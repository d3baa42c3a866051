package dev.sluice.resilience;

/**
 * What retries may cost. Each draws on a ratio of the requests of the last ten seconds and, when that is used up, on a few that each
 * second has. Nothing is saved up, so that an outage does not begin with a burst. For any threads.
 */
public final class RetryBudget {
    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final int REQUESTS = 0;
    /** Drawn on the ratio. */
    private static final int BY_RATIO = 1;
    /** Drawn on what a second has. */
    private static final int BY_SECOND = 2;

    private static final int KINDS = 3;

    private final RollingSums sums = new RollingSums(KINDS, RollingSums.BUCKETS * SECOND_NANOS);
    private Policy.Budget settings;

    public RetryBudget(Policy.Budget settings) {
        this.settings = settings;
    }

    /** Counts a first attempt. */
    public synchronized void request(long nowNanos) {
        sums.advance(nowNanos);
        sums.add(REQUESTS);
    }

    /** Whether a retry may be made; if so it is charged now, when it is scheduled. */
    public synchronized boolean retry(long nowNanos) {
        sums.advance(nowNanos);
        if (sums.sum(BY_RATIO) + 1 <= settings.ratio() * sums.sum(REQUESTS)) {
            sums.add(BY_RATIO);
            return true;
        }
        if (sums.latest(BY_SECOND) < settings.minPerSecond()) {
            sums.add(BY_SECOND);
            return true;
        }
        return false;
    }

    /** Other settings from the next retry on; what has been drawn stays drawn. */
    public synchronized void reload(Policy.Budget other) {
        settings = other;
    }
}
