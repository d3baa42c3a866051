package dev.sluice.server.gateway;

import dev.sluice.command.CommandRoom;
import dev.sluice.ingest.DeadLetters;
import dev.sluice.ingest.Resolver;
import dev.sluice.ingest.SourceConfig;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import dev.sluice.projection.Projections;
import dev.sluice.resilience.MeshOperations;
import dev.sluice.saga.SagaRoom;
import dev.sluice.server.live.Live;
import dev.sluice.shard.EventLog;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.ThreadingModel;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP API of a process on one port, served by an event loop per core. The WebSocket path is handed to {@link Live} after
 * the door's check.
 *
 * <p>To stop: {@link #drain} (not ready, still serving), then {@link #close}.
 */
public final class Gateway {
    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
    private static final int MAX_LINE_BYTES = 16 << 10;
    private static final int MAX_HEADER_BYTES = 32 << 10;
    private static final int REHEARSAL_MILLIS = 10_000;
    private static final String LOOPBACK = "127.0.0.1";
    private static final Duration CLOSE_GRACE = Duration.ofSeconds(5);

    /** The rooms it hands requests to; {@code sources} as they are configured. */
    public record Rooms(
            EventLog log,
            Projections projections,
            Live live,
            DeadLetters deadLetters,
            Resolver resolver,
            List<SourceConfig> sources,
            MeshOperations mesh,
            CommandRoom commands,
            SagaRoom sagas) {}

    private final Vertx vertx;
    private final GatewayOptions options;
    private final Rooms rooms;
    private final Info info;
    private final Health health;
    private final PrometheusMeterRegistry metrics;
    private final Workers workers;
    private final OffLoop offLoop = new OffLoop();
    private final Bodies bodies;
    private final RequestMetrics requestMetrics;
    private final Follows follows = new Follows();
    private final AtomicInteger port = new AtomicInteger();
    private volatile boolean isDraining;
    private @Nullable String deployment;

    public Gateway(
            Vertx vertx,
            GatewayOptions options,
            Rooms rooms,
            Info info,
            Health health,
            PrometheusMeterRegistry metrics) {
        this.vertx = vertx;
        this.options = options;
        this.rooms = rooms;
        this.info = info;
        this.health = health;
        this.metrics = metrics;
        this.workers = new Workers(vertx);
        this.bodies = new Bodies(options.maxBodyBytes());
        this.requestMetrics = new RequestMetrics(metrics);
    }

    /** Begins to listen; answers the port. */
    public Future<Integer> listen() {
        Router router = router();
        var each = new DeploymentOptions().setInstances(Runtime.getRuntime().availableProcessors());
        var onWorkers = new DeploymentOptions().setThreadingModel(ThreadingModel.WORKER);
        return vertx.deployVerticle(offLoop, onWorkers)
                .compose(ready -> rehearse(router))
                .compose(rehearsed ->
                        vertx.deployVerticle(() -> new Listener(router, options.host(), options.port()), each))
                .map(id -> {
                    deployment = id;
                    return port.get();
                });
    }

    /** What a user can mend (a port in use or not permitted, an address of another machine) is no bug of ours. */
    static Throwable notListening(String host, int port, Throwable refused) {
        return refused instanceof IOException
                ? Failure.of(
                        Kind.UNAVAILABLE,
                        "cannot listen on " + host + " port " + port + ": found " + refused.getMessage()
                                + ", expected a free port; stop the other process, or set http.port")
                : refused;
    }

    /**
     * One request on worker threads, over a loopback port that closes again. The first request of a process loads more than a
     * thousand classes; on an event loop that would hold up everybody else for a tenth of a second.
     */
    private Future<Void> rehearse(Router router) {
        var onWorkers = new DeploymentOptions().setThreadingModel(ThreadingModel.WORKER);
        return vertx.deployVerticle(() -> new Listener(router, LOOPBACK, 0), onWorkers)
                .compose(id -> vertx.executeBlocking(this::askOnce).eventually(() -> vertx.undeploy(id)))
                .recover(cause -> {
                    LOG.warn("rehearsal_failed", cause);
                    return Future.succeededFuture();
                });
    }

    private @Nullable Void askOnce() throws IOException {
        var headers = new TreeMap<>(Map.of("specversion", "1.0", "id", "1", "source", "/", "type", "T"));
        new AppendRequest("s", Expected.ANY, "id", null, null, headers, new byte[0])
                .toAppend(info.clockMicros().getAsLong());
        var connection = (HttpURLConnection) URI.create("http://" + LOOPBACK + ":" + port.get() + "/health/live")
                .toURL()
                .openConnection();
        connection.setConnectTimeout(REHEARSAL_MILLIS);
        connection.setReadTimeout(REHEARSAL_MILLIS);
        connection.setRequestProperty("Connection", "close");
        connection.getResponseCode();
        connection.disconnect();
        return null;
    }

    /** Says from now on that the process is not ready, so that balancers look elsewhere. */
    public void drain() {
        isDraining = true;
    }

    /** Accepts nothing more, ends the follows, waits a while for requests under way. */
    public Future<Void> close() {
        drain();
        follows.close();
        return deployment == null ? Future.succeededFuture() : vertx.undeploy(deployment);
    }

    private HttpServerOptions serverOptions() {
        var server = new HttpServerOptions()
                .setMaxInitialLineLength(MAX_LINE_BYTES)
                .setMaxHeaderSize(MAX_HEADER_BYTES)
                .setHttp2ClearTextEnabled(false)
                .setTcpKeepAlive(true);
        return Live.configure(server);
    }

    /** What answers requests. */
    Router router() {
        var routes = new Routes(vertx, new Door(options), bodies, requestMetrics);
        new StreamRoutes(rooms.log(), workers, info.clockMicros()).addTo(routes);
        var events = new EventRoutes(rooms.log(), workers, follows, info.clockMicros());
        events.addTo(routes);
        new ProjectionRoutes(
                        rooms.projections(),
                        rooms.log().shards(),
                        workers,
                        info.clockMicros(),
                        new LiveRows(rooms.live()))
                .addTo(routes);
        new TestRoutes(rooms.projections(), workers, info.clockMicros()).addTo(routes);
        new WhyRoutes(rooms, offLoop).addTo(routes);
        new GenerationRoutes(rooms.projections()).addTo(routes);
        new SystemRoutes(rooms.log(), rooms.projections(), info, health, () -> isDraining, metrics)
                .addTo(routes, workers);
        new DeadLetterRoutes(rooms.deadLetters(), rooms.resolver(), workers, offLoop).addTo(routes);
        new MeshRoutes(rooms.mesh()).addTo(routes);
        new CommandRoutes(rooms.commands(), workers).addTo(routes);
        new DocumentRoutes(info.version(), rooms.commands(), workers).addTo(routes);
        var sagas = new SagaRoutes(rooms.sagas(), rooms.log(), info.clockMicros());
        sagas.addTo(routes);
        new SagaVerbRoutes(rooms.sagas(), sagas, info.clockMicros()).addTo(routes);
        WebFiles.addTo(routes);
        return routes.get("/v1/ws", call -> webSocket(call, events)).done();
    }

    private Future<Answer> webSocket(Call call, EventRoutes events) {
        Query query = call.query(EventRoutes.TAIL_PARAMETERS);
        var tail = events.tail(call, query);
        if (!"websocket".equalsIgnoreCase(call.header("Upgrade"))) {
            var failure = Query.invalid("found a plain request, expected an upgrade to a WebSocket");
            return Future.succeededFuture(
                    Problem.of(failure, 426, call.traceId()).with("Upgrade", "websocket"));
        }
        if (Live.isTail(call.request())) {
            return tail.get();
        }
        query.without("without the subprotocol cloudevents.json", EventRoutes.TAIL_PARAMETERS);
        rooms.live().accept(call.request());
        return Future.succeededFuture(Answer.TAKEN);
    }

    /** What could not be read as HTTP; the connection is of no more use. */
    private static void refuse(HttpServerRequest request) {
        Throwable cause = request.decoderResult().cause();
        boolean isLine = cause instanceof TooLongHttpLineException;
        boolean isHeader = cause instanceof TooLongHttpHeaderException;
        var failure = Failure.of(
                Kind.INVALID_REQUEST,
                isLine
                        ? "found a request line of more than " + MAX_LINE_BYTES + " bytes, expected less"
                        : isHeader
                                ? "found headers of more than " + MAX_HEADER_BYTES + " bytes, expected less"
                                : "found a request that cannot be read, expected HTTP/1.1");
        Answer answer = Problem.of(failure, isLine ? 414 : isHeader ? 431 : 400, Call.traceId(request));
        Routes.write(request.response(), answer.with("Connection", "close"));
    }

    private final class Listener extends VerticleBase {
        private final Router router;
        private final String host;
        private final int wantedPort;
        private @Nullable HttpServer server;

        /** @param router one for all: it holds no state of a request */
        Listener(Router router, String host, int wantedPort) {
            this.router = router;
            this.host = host;
            this.wantedPort = wantedPort;
        }

        @Override
        public Future<?> start() {
            server = vertx.createHttpServer(serverOptions())
                    .requestHandler(router)
                    .invalidRequestHandler(Gateway::refuse);
            // below 0: any port, the same one for all instances
            return server.listen(wantedPort == 0 ? -1 : wantedPort, host)
                    .onSuccess(listening -> port.set(listening.actualPort()))
                    .recover(refused -> Future.failedFuture(notListening(host, wantedPort, refused)));
        }

        @Override
        public Future<?> stop() {
            return server == null ? Future.succeededFuture() : server.shutdown(CLOSE_GRACE);
        }
    }
}
