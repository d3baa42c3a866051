package dev.sluice.projection;

import java.util.concurrent.TimeUnit;

/**
 * How much of the fold thread generations get that are being built: all that live views leave while no events arrive, else a quarter of
 * it, so that appends keep the processors they need; more where they would never catch up so.
 */
final class BuildShare {
    private static final long BUSY_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int REST = 3;

    private boolean hasArrived;
    private long arrivedNanos;
    private boolean hasBuilt;
    private long restUntilNanos;
    private int rest = REST;
    private long periodNanos;
    private long eventsBehind;

    /** Live views have folded events. */
    void arrived(long nowNanos) {
        if (!isBusy(nowNanos)) {
            rest = REST;
        }
        hasArrived = true;
        arrivedNanos = nowNanos;
    }

    private boolean isBusy(long nowNanos) {
        return hasArrived && nowNanos - arrivedNanos < BUSY_NANOS;
    }

    boolean mayBuild(long nowNanos) {
        return !isBusy(nowNanos) || !hasBuilt || nowNanos - restUntilNanos >= 0;
    }

    /** @param behind events between what is built and the live views */
    void built(long fromNanos, long untilNanos, long behind) {
        if (!hasBuilt || untilNanos - periodNanos >= PERIOD_NANOS) {
            boolean isLosing = hasBuilt && behind >= eventsBehind;
            rest = isLosing ? Math.max(0, rest - 1) : rest;
            periodNanos = untilNanos;
            eventsBehind = behind;
        }
        hasBuilt = true;
        restUntilNanos = untilNanos + rest * (untilNanos - fromNanos);
    }

    /** How long it is to be waited before the next look, at most {@code mostNanos}. */
    long nanosUntil(long nowNanos, long mostNanos) {
        return mayBuild(nowNanos) ? mostNanos : Math.min(mostNanos, restUntilNanos - nowNanos);
    }
}
