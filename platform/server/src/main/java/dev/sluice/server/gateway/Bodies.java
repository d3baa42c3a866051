package dev.sluice.server.gateway;

import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Reads request bodies: each bounded before it is read, all that are in memory at a time bounded together. What follows a
 * refused body is read and thrown away, so that the client gets to see the answer, until it has sent as much again; then the
 * connection ends.
 */
final class Bodies {
    private static final int BODIES_AT_ONCE = 8;

    private final long maxBytes;
    private final AtomicLong held = new AtomicLong();

    /** @param maxBytes most of one body */
    Bodies(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** The body; BODY_TOO_LARGE, OVERLOADED. To be called before anything else is awaited. */
    Future<byte[]> read(RoutingContext routing) {
        HttpServerRequest request = routing.request();
        long announced = announced(request);
        var reading = new Reading(routing);
        if (announced > maxBytes) {
            reading.refuse(tooLarge(announced));
        } else if (held.get() + Math.max(announced, 0) > BODIES_AT_ONCE * maxBytes) {
            reading.refuse(overloaded());
        } else if (expectsContinue(request)) {
            request.response().writeContinue().onFailure(reading.done::tryFail);
        }
        routing.addEndHandler(over -> reading.release());
        request.handler(reading::take);
        request.exceptionHandler(reading::breakOff);
        request.endHandler(end -> reading.done.tryComplete(reading.body.getBytes()));
        return reading.done.future();
    }

    private static boolean expectsContinue(HttpServerRequest request) {
        return "100-continue".equalsIgnoreCase(request.getHeader("Expect"));
    }

    private static long announced(HttpServerRequest request) {
        String length = request.getHeader("Content-Length");
        try {
            return length == null ? -1 : Long.parseLong(length);
        } catch (NumberFormatException unreadable) {
            return Long.MAX_VALUE;
        }
    }

    private Failure tooLarge(long bytes) {
        return Failure.of(
                        Kind.BODY_TOO_LARGE,
                        "found a body of " + (bytes < 0 ? "more" : bytes + " bytes") + ", expected at most " + maxBytes
                                + " bytes")
                .with("maxBytes", maxBytes);
    }

    private static Failure overloaded() {
        return Failure.of(Kind.OVERLOADED, "found the memory for request bodies in use, try again later");
    }

    private final class Reading {
        private final RoutingContext routing;
        private final HttpServerRequest request;
        private final Promise<byte[]> done = Promise.promise();
        private Buffer body = Buffer.buffer();
        private long thrownAway;
        private boolean isRefused;

        Reading(RoutingContext routing) {
            this.routing = routing;
            this.request = routing.request();
        }

        void take(Buffer chunk) {
            if (isRefused) {
                thrownAway += chunk.length();
                if (thrownAway > maxBytes) {
                    request.connection().close().onFailure(alreadyGone -> {});
                }
            } else if (body.length() + chunk.length() > maxBytes) {
                refuse(tooLarge(-1));
            } else if (held.addAndGet(chunk.length()) > BODIES_AT_ONCE * maxBytes) {
                held.addAndGet(-chunk.length());
                refuse(overloaded());
            } else {
                body.appendBuffer(chunk);
            }
        }

        void refuse(Failure failure) {
            isRefused = true;
            release();
            if (expectsContinue(request)) {
                endConnectionAfterAnswer();
            }
            done.tryFail(failure);
        }

        /** The client has gone, or sent what is not HTTP. */
        void breakOff(Throwable cause) {
            if (cause instanceof HttpClosedException) {
                done.tryFail(cause);
            } else if (!done.future().isComplete()) {
                endConnectionAfterAnswer();
                refuse(Failure.of(
                        Kind.INVALID_REQUEST,
                        "found a body that cannot be read, expected one as Content-Length or its chunks announce"));
            }
        }

        /** Nobody can tell what the next bytes are: a client that waited for 100 may send its body now or may not. */
        private void endConnectionAfterAnswer() {
            request.response().putHeader("Connection", "close");
            routing.addEndHandler(answered -> request.connection().close().onFailure(alreadyGone -> {}));
        }

        void release() {
            held.addAndGet(-body.length());
            body = Buffer.buffer();
        }
    }
}
