package dev.sluice.server.gateway;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.Callable;

/** Where computing goes that would hold an event loop: small pieces stay, large ones go to a worker thread. */
final class Workers {
    private static final long MAX_BYTES_IN_PLACE = 128 << 10;

    private final Vertx vertx;

    Workers(Vertx vertx) {
        this.vertx = vertx;
    }

    /** Runs work whose time grows with {@code bytes}; the answer comes on the caller's context. */
    <T> Future<T> run(long bytes, Callable<T> work) {
        if (bytes > MAX_BYTES_IN_PLACE) {
            return vertx.executeBlocking(work, false);
        }
        try {
            return Future.succeededFuture(work.call());
        } catch (Exception refused) {
            return Future.failedFuture(refused);
        }
    }
}
