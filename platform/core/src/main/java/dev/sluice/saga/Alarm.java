package dev.sluice.saga;

import io.vertx.core.Vertx;
import org.jspecify.annotations.Nullable;

/** Rings once, when the first of several times has come. For one context. */
final class Alarm {
    private final Runnable ring;
    private long timer = -1;
    private long atMillis;

    Alarm(Runnable ring) {
        this.ring = ring;
    }

    /** Rings no later than this, null: whenever it is set to ring. */
    void set(Vertx vertx, @Nullable Long dueMillis, long nowMillis) {
        if (dueMillis == null || timer >= 0 && atMillis <= dueMillis) {
            return;
        }
        if (timer >= 0) {
            vertx.cancelTimer(timer);
        }
        atMillis = dueMillis;
        timer = vertx.setTimer(Math.max(1, dueMillis - nowMillis), rung -> {
            timer = -1;
            ring.run();
        });
    }
}
