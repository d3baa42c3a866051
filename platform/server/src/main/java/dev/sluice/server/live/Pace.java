package dev.sluice.server.live;

import org.jspecify.annotations.Nullable;

/** At most one delta in an interval; the one that has to wait is woken when its time has come. */
final class Pace {
    private static final long NANOS = 1_000_000;

    private final Live live;
    private final long intervalNanos;
    private long sentNanos;
    private @Nullable Long timer;

    Pace(Live live, long intervalMillis) {
        this.live = live;
        this.intervalNanos = intervalMillis * NANOS;
        this.sentNanos = live.nanos() - intervalNanos;
    }

    /** A delta goes out that was due at a moment. */
    void sends(long dueNanos) {
        sentNanos = dueNanos;
    }

    /** Whether a delta may not go out yet that is due at a moment. */
    boolean isEarly(long dueNanos) {
        return dueNanos - sentNanos < intervalNanos;
    }

    /** What the next delta will say is being read; it counts as due with the others when it follows on them closely. */
    void reads(long othersNanos) {
        long nanos = live.nanos();
        boolean isWithThem = nanos - othersNanos < intervalNanos / 10 && !isEarly(othersNanos);
        sentNanos = isWithThem ? othersNanos : nanos;
    }

    /** Whether it is too early; then {@code wake} runs when it no longer is. */
    boolean waits(Runnable wake) {
        long waitNanos = intervalNanos - (live.nanos() - sentNanos);
        if (waitNanos <= 0) {
            return false;
        }
        if (timer == null) {
            timer = live.vertx().setTimer(waitNanos / NANOS + 1, id -> {
                timer = null;
                wake.run();
            });
        }
        return true;
    }

    void stop() {
        if (timer != null) {
            live.vertx().cancelTimer(timer);
        }
    }
}
