package dev.sluice.server.gateway;

import dev.sluice.expression.LenientFilter;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.shard.CloudEventsJson;
import dev.sluice.shard.EventLog;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The endless reads of {@code follow=true}: one JSON line an event. A client that reads slowly costs one batch: the next is
 * asked for when this one has gone into the socket. They end when the client goes or the gateway closes.
 */
final class Follows {
    private static final Logger LOG = LoggerFactory.getLogger(Follows.class);
    private static final int WRITE_BYTES = 64 << 10;

    private final Set<Follow> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /**
     * Takes the response over, on its event loop.
     *
     * @param where the filter of the read, null for none; what it fails on is told in a line of its own
     */
    void begin(
            Call call, EventLog.LiveRead read, @Nullable LenientFilter<?> where, boolean hasCheckpoints, long limit) {
        var follow = new Follow(call, read, where, hasCheckpoints, limit);
        open.add(follow);
        call.onEnd(follow::end);
        follow.begin();
        if (closed) {
            follow.end();
        }
    }

    /** Ends all of them; each on its own event loop. */
    void close() {
        closed = true;
        open.forEach(follow -> follow.context.runOnContext(now -> follow.end()));
    }

    private final class Follow {
        private final Context context = Vertx.currentContext();
        private final HttpServerResponse response;
        private final String traceId;
        private final EventLog.LiveRead read;
        private final @Nullable LenientFilter<?> where;
        private final boolean hasCheckpoints;
        private long heardFailures;
        /** The socket's own queue counts messages, however large. */
        private long unwrittenBytes;

        private long left;
        private Iterator<RecordedEvent> events = List.<RecordedEvent>of().iterator();
        private EventLog.@Nullable Batch batch;
        private boolean isOver;

        Follow(
                Call call,
                EventLog.LiveRead read,
                @Nullable LenientFilter<?> where,
                boolean hasCheckpoints,
                long limit) {
            this.where = where;
            this.response = call.response();
            this.traceId = call.traceId();
            this.read = read;
            this.hasCheckpoints = hasCheckpoints;
            this.left = limit;
        }

        void begin() {
            response.setChunked(true).putHeader("Content-Type", MediaTypes.NDJSON);
            response.setWriteQueueMaxSize(WRITE_BYTES);
            response.writeHead().onFailure(gone -> end());
            response.drainHandler(room -> write());
            read.pause();
            read.exceptionHandler(this::fail);
            read.handler(this::take);
            read.fetch(1);
        }

        private void take(EventLog.Batch next) {
            batch = next;
            events = next.events().iterator();
            tellFailures();
            if (!isOver && hasCheckpoints && next.events().isEmpty()) {
                send(new JsonObject()
                        .put("checkpoint", next.cursor().encode())
                        .toBuffer()
                        .appendByte((byte) '\n'));
            }
            write();
        }

        private void tellFailures() {
            if (!isOver && where != null && where.failures() > heardFailures) {
                send(problem(Failure.of(Failure.Kind.EVALUATION_FAILED, where.problem(heardFailures))));
                heardFailures = where.failures();
            }
        }

        private Buffer problem(Failure failure) {
            return Buffer.buffer("{\"problem\":")
                    .appendBuffer(Problem.document(failure, failure.kind().httpStatus(), traceId))
                    .appendString("}\n");
        }

        /** A piece a turn, so that a long batch holds no one else up. */
        private void write() {
            EventLog.Batch current = batch;
            if (isOver || left == 0 || current == null || response.writeQueueFull() || unwrittenBytes >= WRITE_BYTES) {
                return;
            }
            if (!events.hasNext()) {
                batch = null;
                read.fetch(1);
                return;
            }
            var lines = Buffer.buffer();
            while (events.hasNext() && lines.length() < WRITE_BYTES && left > 0) {
                append(lines, current, events.next());
                left--;
            }
            send(lines);
            if (left == 0) {
                end();
            } else {
                context.runOnContext(nextTurn -> write());
            }
        }

        private void append(Buffer lines, EventLog.Batch taken, RecordedEvent event) {
            String cursor = taken.cursor().with(event.shard(), event.offset()).encode();
            lines.appendBytes(CloudEventsJson.write(event, cursor)).appendByte((byte) '\n');
        }

        private void send(Buffer lines) {
            int bytes = lines.length();
            unwrittenBytes += bytes;
            response.write(lines)
                    .onSuccess(written -> {
                        boolean wasFull = unwrittenBytes >= WRITE_BYTES;
                        unwrittenBytes -= bytes;
                        if (wasFull) {
                            write();
                        }
                    })
                    .onFailure(gone -> end());
        }

        /** The head has gone long ago, so the problem is the last line. */
        private void fail(Throwable cause) {
            if (isOver) {
                return;
            }
            if (!(cause instanceof Failure)) {
                LOG.error("follow_failed traceId={}", traceId, cause);
            }
            var failure = cause instanceof Failure known
                    ? known
                    : Failure.of(Failure.Kind.INTERNAL, "a bug: see the log for this traceId");
            send(problem(failure));
            end();
        }

        void end() {
            if (isOver) {
                return;
            }
            isOver = true;
            open.remove(this);
            read.close().onFailure(cause -> LOG.warn("follow_close_failed traceId={}", traceId, cause));
            if (!response.ended() && !response.closed()) {
                response.end().onFailure(gone -> {});
            }
        }
    }
}
