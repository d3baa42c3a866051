package dev.sluice.server.gateway;

import dev.sluice.log.Failure;
import dev.sluice.shard.Utf8;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One request as its endpoint sees it. */
final class Call {
    private static final Pattern TRACE_PARENT = Pattern.compile("[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}");
    private static final int MAX_DEFINITION_BYTES = 1 << 20;
    private static final String TRACE_ID = "sluice.traceId";

    private final RoutingContext routing;
    private final Map<String, String> path;
    private final byte[] body;
    private final Outbound outbound;
    private long reserved;
    private boolean isOver;

    /** @param path the decoded variables of the route's template */
    Call(RoutingContext routing, Map<String, String> path, byte[] body, Outbound outbound) {
        this.routing = routing;
        this.path = path;
        this.body = body;
        this.outbound = outbound;
    }

    /**
     * Makes room for a part of the answer that holds so much data, until the answer is sent; OVERLOADED when there is none. For
     * a client that has gone nothing is kept, since nothing would give it back. On the event loop.
     */
    void reserve(long dataBytes) {
        if (isOver || response().ended() || response().closed()) {
            return;
        }
        long bytes = 2 * dataBytes; // as it was read, and as it is written
        outbound.take(bytes);
        if (reserved == 0) {
            onEnd(this::release);
        }
        reserved += bytes;
    }

    private void release() {
        isOver = true;
        outbound.release(reserved);
        reserved = 0;
    }

    HttpServerRequest request() {
        return routing.request();
    }

    HttpServerResponse response() {
        return routing.response();
    }

    String path(String variable) {
        return Objects.requireNonNull(path.get(variable), variable);
    }

    byte[] body() {
        return body;
    }

    void checkNoBody() {
        if (body.length > 0) {
            throw Query.invalid("found a body of " + body.length + " bytes, expected none");
        }
    }

    /** The parameters, of which only {@code known} may be there. */
    Query query(String... known) {
        return Query.parse(routing.request().query(), Set.of(known));
    }

    /** A header that may be there once at most. */
    @Nullable
    String header(String name) {
        List<String> values = routing.request().headers().getAll(name);
        if (values.size() > 1) {
            throw Query.invalid("found header " + name + " " + values.size() + " times, expected it once");
        }
        return values.isEmpty() ? null : values.get(0);
    }

    /** All values of a list header in one. */
    @Nullable
    String accept() {
        List<String> values = routing.request().headers().getAll("Accept");
        return values.isEmpty() ? null : String.join(",", values);
    }

    /** Runs when the response has ended, or the client has gone. */
    void onEnd(Runnable then) {
        routing.addEndHandler(over -> then.run());
    }

    /** The request as rooms behind the gateway see it: of the address that it came from. */
    dev.sluice.bus.Call onTheBus() {
        var from = routing.request().remoteAddress();
        String caller = from == null || from.host() == null ? "unknown" : from.host();
        return dev.sluice.bus.Call.from(caller)
                .withTraceparent(header("traceparent"))
                .withHeaders(routing.request()::getHeader);
    }

    /** Who asks. Nobody has a name yet, so it is where the request came from. */
    String actor() {
        var from = routing.request().remoteAddress();
        return "http " + (from == null ? "?" : from.hostAddress());
    }

    String traceId() {
        return traceId(routing);
    }

    /** The trace that the request belongs to (W3C {@code traceparent}), else a new random one. */
    static String traceId(RoutingContext routing) {
        String known = routing.get(TRACE_ID);
        if (known != null) {
            return known;
        }
        String traceId = traceId(routing.request());
        routing.put(TRACE_ID, traceId);
        return traceId;
    }

    static String traceId(HttpServerRequest request) {
        String parent = request.getHeader("traceparent");
        var matcher = TRACE_PARENT.matcher(parent == null ? "" : parent);
        var random = ThreadLocalRandom.current();
        return matcher.matches() ? matcher.group(1) : "%016x%016x".formatted(random.nextLong(), random.nextLong());
    }

    /** The body as a text in YAML or JSON; UNSUPPORTED_MEDIA_TYPE, DEFINITION_INVALID. */
    String definition() {
        checkContentEncoding();
        String contentType = header("Content-Type");
        if (contentType == null || !isDefinition(MediaTypes.bare(contentType))) {
            throw Failure.of(
                    Failure.Kind.UNSUPPORTED_MEDIA_TYPE,
                    "found " + (contentType == null ? "no Content-Type" : Query.shown(contentType)) + ", expected "
                            + MediaTypes.YAML.get(0) + " or " + MediaTypes.JSON);
        }
        MediaTypes.checkCharset(contentType);
        if (body.length > MAX_DEFINITION_BYTES) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    "found a definition of " + body.length + " bytes, expected at most " + MAX_DEFINITION_BYTES);
        }
        if (!Utf8.isValid(body)) {
            throw Failure.of(Failure.Kind.DEFINITION_INVALID, "found a definition that is no UTF-8, expected UTF-8");
        }
        return new String(body, StandardCharsets.UTF_8);
    }

    private static boolean isDefinition(String mediaType) {
        return mediaType.equals(MediaTypes.JSON) || MediaTypes.YAML.contains(mediaType);
    }

    /** Refuses a body that is encoded, such as with gzip. */
    void checkContentEncoding() {
        String encoding = header("Content-Encoding");
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            throw Failure.of(
                    Failure.Kind.UNSUPPORTED_MEDIA_TYPE,
                    "found Content-Encoding: " + Query.shown(encoding) + ", expected none");
        }
    }
}
