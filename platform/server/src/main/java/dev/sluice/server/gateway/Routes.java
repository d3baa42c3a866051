package dev.sluice.server.gateway;

import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import dev.sluice.server.gateway.wire.Template;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The table of routes. Every request passes the door first and is counted by its route's template; what an endpoint answers
 * or fails with is written here and nowhere else.
 */
final class Routes {
    private static final Logger LOG = LoggerFactory.getLogger(Routes.class);
    private static final String ROUTE = "sluice.route";

    private final Router router;
    private final Bodies bodies;
    private final Outbound outbound = new Outbound();
    private final RequestMetrics metrics;
    private final Map<String, TreeSet<String>> methods = new LinkedHashMap<>();

    Routes(Vertx vertx, Door door, Bodies bodies, RequestMetrics metrics) {
        this.router = Router.router(vertx);
        this.bodies = bodies;
        this.metrics = metrics;
        router.route().handler(routing -> enter(routing, door)).failureHandler(this::fail);
        router.errorHandler(500, this::fail);
    }

    /** A route whose requests have no body that counts; HEAD is answered like GET, without the body. */
    Routes get(String template, Endpoint endpoint) {
        add(HttpMethod.HEAD, template, false, endpoint);
        return add(HttpMethod.GET, template, false, endpoint);
    }

    /** A route whose endpoint gets the whole body. */
    Routes withBody(HttpMethod method, String template, Endpoint endpoint) {
        return add(method, template, true, endpoint);
    }

    Routes delete(String template, Endpoint endpoint) {
        return add(HttpMethod.DELETE, template, false, endpoint);
    }

    /** The router, which answers 405 and 404 to all else. */
    Router done() {
        methods.forEach((text, known) -> router.routeWithRegex(new Template(text).regex())
                .useNormalizedPath(false)
                .handler(routing -> {
                    routing.put(ROUTE, text);
                    refuseMethod(routing, String.join(", ", known));
                }));
        router.route().handler(routing -> {
            throw Failure.of(
                    Kind.NOT_FOUND,
                    "found path " + Query.shown(String.valueOf(routing.request().path()))
                            + ", expected one of this server's, such as /v1/events");
        });
        return router;
    }

    /** The route's name in the router is its template. */
    private Routes add(HttpMethod method, String text, boolean hasBody, Endpoint endpoint) {
        methods.computeIfAbsent(text, none -> new TreeSet<>()).add(method.name());
        var template = new Template(text);
        router.routeWithRegex(method, template.regex())
                .setName(text)
                .useNormalizedPath(false)
                .handler(routing -> answer(routing, template, hasBody, endpoint));
        return this;
    }

    private void enter(RoutingContext routing, Door door) {
        long begun = System.nanoTime();
        routing.addHeadersEndHandler(head -> metrics.answered(
                routing.get(ROUTE, "none"), routing.response().getStatusCode(), System.nanoTime() - begun));
        door.check(routing.request());
        routing.next();
    }

    private void answer(RoutingContext routing, Template template, boolean hasBody, Endpoint endpoint) {
        routing.put(ROUTE, template.text());
        Map<String, String> variables = template.variables(routing.request().path());
        Future<byte[]> body = hasBody ? bodies.read(routing) : Future.succeededFuture(new byte[0]);
        body.compose(bytes -> endpoint.answer(new Call(routing, variables, bytes, outbound)))
                .onSuccess(answer -> write(routing.response(), answer))
                .onFailure(routing::fail);
    }

    private static void refuseMethod(RoutingContext routing, String known) {
        var failure = Failure.of(
                Kind.METHOD_NOT_ALLOWED,
                "found method " + routing.request().method() + ", expected " + known + " for this path");
        write(routing.response(), Problem.of(failure, Call.traceId(routing)).with("Allow", known));
    }

    private void fail(RoutingContext routing) {
        Throwable cause = routing.failure();
        HttpServerResponse response = routing.response();
        if (response.ended() || response.closed() || cause instanceof HttpClosedException) {
            return;
        }
        String traceId = Call.traceId(routing);
        if (cause instanceof Failure failure) {
            write(response, Problem.of(failure, traceId));
        } else if (routing.statusCode() >= 400 && routing.statusCode() < 500) {
            var unreadable = Failure.of(Kind.INVALID_REQUEST, "found a request that cannot be read, expected HTTP/1.1");
            write(response, Problem.of(unreadable, routing.statusCode(), traceId));
        } else {
            LOG.error("request_failed route={} traceId={}", routing.get(ROUTE, "none"), traceId, cause);
            write(response, Problem.of(Failure.of(Kind.INTERNAL, "a bug: see the log for this traceId"), traceId));
        }
    }

    static void write(HttpServerResponse response, Answer answer) {
        if (answer == Answer.TAKEN || response.ended() || response.closed()) {
            return;
        }
        if (response.headWritten()) {
            response.reset().onFailure(alreadyGone -> {});
            return;
        }
        response.setStatusCode(answer.status());
        answer.headers().forEach(response::putHeader);
        if (answer.contentType() != null) {
            response.putHeader("Content-Type", answer.contentType());
        }
        response.end(answer.body()).onFailure(clientGone -> {});
    }
}
