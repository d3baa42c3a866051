package dev.sluice.server.live;

import dev.sluice.bus.Mesh;
import dev.sluice.projection.Projections;
import dev.sluice.shard.EventLog;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.WebSocketServerConfig;

/** Subscriptions over WebSocket: takes upgrade requests in, speaks {@code sluice.v1.json} until the socket closes. */
public final class Live {
    static final String SUBPROTOCOL = "sluice.v1.json";

    public Live(
            Vertx vertx,
            LiveOptions options,
            EventLog log,
            Projections projections,
            Mesh mesh,
            MeterRegistry metrics) {}

    /** Sets what the server of {@link #accept} must have: the subprotocol and the bounds of inbound frames. */
    public static HttpServerOptions configure(HttpServerOptions server) {
        WebSocketServerConfig sockets = server.getWebSocketConfig();
        sockets.setSubProtocols(java.util.List.of(SUBPROTOCOL));
        return server;
    }

    /**
     * Upgrades a request, on its event loop. Answers 406 when it offers no subprotocol of ours, 503 while draining. Host and
     * Origin are checked before.
     */
    public void accept(HttpServerRequest request) {
        throw new UnsupportedOperationException();
    }

    /** Says goodbye on every socket with a jittered time to come back, closes them, refuses new ones. */
    public Future<Void> drain() {
        throw new UnsupportedOperationException();
    }
}
