package dev.sluice.server.live;

import dev.sluice.bus.EventBusMesh;
import dev.sluice.bus.Mesh;
import dev.sluice.log.Failure;
import dev.sluice.projection.Projections;
import dev.sluice.shard.EventLog;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A real server socket on two event loops with nothing behind it but a {@link Live}. */
final class LiveServer implements AutoCloseable {
    private static final int LOOPS = 2;

    final Vertx vertx;
    final Mesh mesh;
    final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private @Nullable Live live;
    private volatile int port;

    LiveServer() {
        vertx = Vertx.vertx();
        mesh = EventBusMesh.on(vertx);
    }

    LiveServer start(EventLog log, Projections projections, LiveOptions options) {
        live = new Live(vertx, options, log, projections, new NoSagas(), mesh, metrics);
        vertx.deployVerticle(Listener::new, new DeploymentOptions().setInstances(LOOPS))
                .toCompletionStage()
                .toCompletableFuture()
                .join();
        return this;
    }

    private void accept(HttpServerRequest request) {
        try {
            live().accept(request);
        } catch (Failure refused) {
            request.response()
                    .setStatusCode(refused.kind().httpStatus())
                    .end(refused.getMessage())
                    .onFailure(gone -> {});
        }
    }

    int port() {
        return port;
    }

    Live live() {
        return Objects.requireNonNull(live);
    }

    /** Does not wait for ever: Vert.x was seen once not to tell its end, with six clients closing at the same moment. */
    @Override
    public void close() {
        vertx.close()
                .toCompletionStage()
                .toCompletableFuture()
                .completeOnTimeout(null, 30, TimeUnit.SECONDS)
                .join();
    }

    private final class Listener extends VerticleBase {
        @Override
        public Future<?> start() {
            return vertx.createHttpServer(Live.configure(new HttpServerOptions().setHost("127.0.0.1")))
                    .requestHandler(LiveServer.this::accept)
                    .listen(-1) // any port, the same one for all instances
                    .onSuccess(listening -> port = listening.actualPort());
        }
    }

    private static final class NoSagas implements Instances {
        @Override
        public String streams(String saga) {
            throw Failure.of(Failure.Kind.NOT_FOUND, "found no saga " + saga);
        }

        @Override
        public Future<byte @Nullable []> json(String saga, String key) {
            return Future.succeededFuture(null);
        }
    }
}
