package dev.sluice.server.live;

import dev.sluice.bus.Mesh;
import dev.sluice.expression.Filters;
import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.projection.Projections;
import dev.sluice.shard.EventLog;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketServerConfig;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Subscriptions over WebSocket: takes upgrade requests in, speaks {@code sluice.v1.json} until the socket closes. */
public final class Live {
    /** The subprotocol of subscriptions. */
    public static final String SUBPROTOCOL = "sluice.v1.json";

    /** The subprotocol of a plain tail of events, one a message, which is not spoken here. */
    private static final String TAIL = "cloudevents.json";

    private static final int LARGEST_FRAME_BYTES = 4 * Session.MAX_INBOUND_BYTES;
    private static final int HEAD_BYTES = 4 << 10;

    private final Vertx vertx;
    private final LiveOptions options;
    private final EventLog log;
    private final Projections projections;
    private final Instances instances;
    private final Mesh mesh;
    private final Meters meters;
    private final TransitionLogs transitions;
    private final ConcurrentMap<Place, Hub> hubs = new ConcurrentHashMap<>();
    private final EventBytes eventBytes = new EventBytes();
    private final Set<Outlet> outlets = ConcurrentHashMap.newKeySet();
    private volatile boolean isDraining;

    /** A view on an event loop, which is a thread. */
    private record Place(Thread loop, String projection) {}

    public Live(
            Vertx vertx,
            LiveOptions options,
            EventLog log,
            Projections projections,
            Instances instances,
            Mesh mesh,
            MeterRegistry metrics) {
        this.vertx = vertx;
        this.options = options;
        this.log = log;
        this.projections = projections;
        this.instances = instances;
        this.mesh = mesh;
        this.meters = new Meters(metrics);
        this.transitions = new TransitionLogs(vertx, mesh, chunkBytes());
        rehearse();
    }

    /** Loads what the first frame needs here, where loading classes holds up no event loop. */
    private static void rehearse() {
        var request = "{\"op\":\"subscribe\",\"sub\":1,\"to\":\"events:$all\",\"where\":\"data.x > 1\"}";
        Requests.parse(request.getBytes(StandardCharsets.UTF_8));
        Filters.events("data.x > 1");
        new RowSelector(new RowSelector.Wanted("", null, "x > 1", null, false)).check(List.of("x"));
        var writer = Chunk.Writer.ofDelta(LiveOptions.defaults().maxFrameBytes());
        writer.del("");
        writer.chunks().forEach(chunk -> JsonFrame.op("delta").raw(chunk.json()).end());
        Refused.badFrame("").frame();
    }

    /** Sets what the server of {@link #accept} must have: the subprotocol, the bounds of inbound frames, the time to close. */
    public static HttpServerOptions configure(HttpServerOptions server) {
        WebSocketServerConfig sockets = server.getWebSocketConfig();
        sockets.setSubProtocols(List.of(SUBPROTOCOL, TAIL));
        // Above what we take: what is a little too long is read and refused without breaking the connection's framing.
        sockets.setMaxFrameSize(LARGEST_FRAME_BYTES).setMaxMessageSize(LARGEST_FRAME_BYTES);
        sockets.setClosingTimeout(Duration.ofSeconds(2));
        return server;
    }

    /**
     * Upgrades a request, on its event loop. Host and Origin are checked before. Throws INVALID_REQUEST when it is no upgrade,
     * NOT_ACCEPTABLE when it does not offer {@link #SUBPROTOCOL}, UNAVAILABLE while draining; then the request is not answered.
     */
    public void accept(HttpServerRequest request) {
        checkOpen();
        if (!request.canUpgradeToWebSocket()) {
            throw Failure.of(
                    Failure.Kind.INVALID_REQUEST,
                    "found a plain request, expected an upgrade to a WebSocket (RFC 6455)");
        }
        String offered = request.getHeader("Sec-WebSocket-Protocol");
        if (!offers(offered, SUBPROTOCOL)) {
            throw Failure.of(
                    Failure.Kind.NOT_ACCEPTABLE,
                    (offered == null ? "found no subprotocol" : "found subprotocols '" + offered + "'") + ", expected "
                            + SUBPROTOCOL + " or " + TAIL);
        }
        upgrade(request).onSuccess(this::opened).onFailure(gone -> {});
    }

    /** Takes an upgrade, on its event loop, to a socket that costs little when its client only asks and does not read. */
    public static Future<ServerWebSocket> upgrade(HttpServerRequest request) {
        Runnable holdBack = Pings.holdingBack(request);
        return request.toWebSocket().onSuccess(upgraded -> holdBack.run());
    }

    /** Whether an upgrade is for a plain tail of events only. */
    public static boolean isTail(HttpServerRequest request) {
        String offered = request.getHeader("Sec-WebSocket-Protocol");
        return offers(offered, TAIL) && !offers(offered, SUBPROTOCOL);
    }

    private static boolean offers(@Nullable String subprotocols, String wanted) {
        return subprotocols != null
                && List.of(subprotocols.split("\\s*,\\s*")).stream()
                        .anyMatch(one -> one.strip().equals(wanted));
    }

    private void opened(ServerWebSocket socket) {
        Session session = Session.open(this, socket);
        outlets.add(session);
        if (isDraining) {
            session.goodbye().onFailure(gone -> {});
        }
    }

    /**
     * Answers a request with the frames of one subscription, endlessly; on its event loop. Nothing has been written when it fails,
     * or throws: INVALID_REQUEST, FILTER_INVALID, PROJECTION_NOT_FOUND and the like, UNAVAILABLE while draining.
     *
     * @param hasEvents Server-Sent Events, else one JSON object a line
     * @param asked the members of a subscribe frame
     * @param onEnd takes what is to be run when the response has ended
     */
    public Future<Void> stream(
            HttpServerResponse response, boolean hasEvents, JsonObject asked, Consumer<Runnable> onEnd) {
        var request = subscribe(asked);
        var stream = new FrameStream(this, response, hasEvents);
        outlets.add(stream);
        onEnd.accept(stream::end);
        return stream.open(request, Flow.endless());
    }

    /**
     * The frames of one subscription up to where a client can stand next, as {@code {"frames":[…],"cursor":"…"}}; as {@link #stream}.
     *
     * @param limit most rows
     * @param waitMillis how long to wait for the first change
     */
    public Future<Buffer> poll(JsonObject asked, int limit, long waitMillis, Consumer<Runnable> onEnd) {
        var request = subscribe(asked);
        var poll = new FramePoll(this);
        outlets.add(poll);
        onEnd.accept(poll::end);
        return poll.poll(request, Flow.of(limit, limit), waitMillis);
    }

    private Request.Subscribe subscribe(JsonObject asked) {
        checkOpen();
        try {
            return (Request.Subscribe) Requests.parse(
                    asked.put("op", "subscribe").put("sub", 1).toBuffer().getBytes());
        } catch (Refused refused) {
            throw HttpOutlet.failure(refused);
        }
    }

    private void checkOpen() {
        if (isDraining) {
            throw Failure.of(Failure.Kind.UNAVAILABLE, "this server is stopping, connect again to the next");
        }
    }

    /** Says goodbye on every socket with a jittered time to come back, closes them, refuses new ones. */
    public Future<Void> drain() {
        isDraining = true;
        return Future.join(outlets.stream().map(Outlet::goodbye).toList()).mapEmpty();
    }

    void left(Outlet outlet) {
        outlets.remove(outlet);
    }

    Vertx vertx() {
        return vertx;
    }

    LiveOptions options() {
        return options;
    }

    EventLog log() {
        return log;
    }

    Projections projections() {
        return projections;
    }

    Instances instances() {
        return instances;
    }

    Mesh mesh() {
        return mesh;
    }

    Meters meters() {
        return meters;
    }

    TransitionLogs transitions() {
        return transitions;
    }

    /** The hub of a view on the event loop of the caller. */
    Hub hub(String projection) {
        return hubs.computeIfAbsent(new Place(Thread.currentThread(), projection), first -> new Hub(this, projection));
    }

    /** Its last feed has gone. On its event loop. */
    void left(Hub hub) {
        hubs.remove(new Place(Thread.currentThread(), hub.projection()), hub);
    }

    int hubs() {
        return hubs.size();
    }

    EventBytes eventBytes() {
        return eventBytes;
    }

    /** A monotonic clock. */
    long nanos() {
        return System.nanoTime();
    }

    /** INVALID_CURSOR. */
    Cursor cursor(String text) {
        return Cursor.parse(text, log.shards());
    }

    /** What of a frame is left for rows when its head and its cursors are written. */
    int chunkBytes() {
        return Math.max(options.maxFrameBytes() / 2, options.maxFrameBytes() - HEAD_BYTES);
    }
}
