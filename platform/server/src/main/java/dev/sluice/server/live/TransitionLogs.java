package dev.sluice.server.live;

import dev.sluice.bus.Mesh;
import io.vertx.core.Vertx;
import java.util.HashMap;
import java.util.Map;

/** The transition logs in use, by projection. Any thread. */
final class TransitionLogs {
    private static final long LINGER_MILLIS = 60_000;

    private final Vertx vertx;
    private final Mesh mesh;
    private final int chunkBytes;
    private final Map<String, TransitionLog> logs = new HashMap<>();

    TransitionLogs(Vertx vertx, Mesh mesh, int chunkBytes) {
        this.vertx = vertx;
        this.mesh = mesh;
        this.chunkBytes = chunkBytes;
    }

    /** A reader of a view's log. */
    record Use(String projection, TransitionLog log, TransitionLog.Reader reader, Runnable waker) {}

    /**
     * To be given back with {@link #leave}. FILTER_INVALID.
     *
     * @param waker to be run at each commit, on any thread
     */
    synchronized Use join(String projection, RowSelector.Wanted wanted, Runnable waker) {
        var log = logs.computeIfAbsent(projection, first -> new TransitionLog(mesh, projection));
        return new Use(projection, log, log.join(wanted, chunkBytes, waker), waker);
    }

    synchronized void leave(Use use) {
        if (use.log().leave(use.reader(), use.waker())) {
            vertx.setTimer(LINGER_MILLIS, id -> endUnused(use));
        }
    }

    private synchronized void endUnused(Use use) {
        if (use.log().isUnused() && logs.remove(use.projection(), use.log())) {
            use.log().end();
        }
    }
}
