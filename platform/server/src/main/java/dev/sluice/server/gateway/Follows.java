package dev.sluice.server.gateway;

import dev.sluice.expression.LenientFilter;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.shard.CloudEventsJson;
import dev.sluice.shard.EventLog;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The endless reads of events. A client that reads slowly costs one batch: the next is asked for when this one has gone into the
 * socket. They end when the client goes or the gateway closes.
 */
final class Follows {
    private static final Logger LOG = LoggerFactory.getLogger(Follows.class);
    private static final int PIECE_EVENTS = 1_000;

    private final Set<Follow> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /**
     * What is followed.
     *
     * @param where the filter of the read, null for none; what it fails on is told
     * @param limit most events
     */
    record Reading(
            EventLog.LiveRead read,
            @Nullable LenientFilter<?> where,
            boolean hasCheckpoints,
            long limit,
            String traceId) {}

    /**
     * Takes a response or a socket over, on its event loop.
     *
     * @return to be run when the client has gone
     */
    Runnable begin(Reading reading, FollowSink sink) {
        var follow = new Follow(reading, sink);
        open.add(follow);
        follow.begin();
        if (closed) {
            follow.end();
        }
        return follow::end;
    }

    /** Ends all of them; each on its own event loop. */
    void close() {
        closed = true;
        open.forEach(follow -> follow.context.runOnContext(now -> follow.end()));
    }

    private final class Follow {
        private final Context context = Vertx.currentContext();
        private final Reading reading;
        private final EventLog.LiveRead read;
        private final FollowSink sink;
        private long heardFailures;
        private long left;
        private Iterator<RecordedEvent> events = List.<RecordedEvent>of().iterator();
        private EventLog.@Nullable Batch batch;
        private boolean isOver;

        Follow(Reading reading, FollowSink sink) {
            this.reading = reading;
            this.read = reading.read();
            this.sink = sink;
            this.left = reading.limit();
        }

        void begin() {
            sink.begin(this::write, this::end);
            read.pause();
            read.exceptionHandler(this::fail);
            read.handler(this::take);
            read.fetch(1);
        }

        private void take(EventLog.Batch next) {
            batch = next;
            events = next.events().iterator();
            tellFailures();
            if (!isOver && reading.hasCheckpoints() && next.events().isEmpty()) {
                sink.checkpoint(next.cursor().encode());
                sink.flush();
            }
            write();
        }

        private void tellFailures() {
            var where = reading.where();
            if (!isOver && where != null && where.failures() > heardFailures) {
                tell(Failure.of(Failure.Kind.EVALUATION_FAILED, where.problem(heardFailures)));
                heardFailures = where.failures();
            }
        }

        private void tell(Failure failure) {
            sink.problem(Problem.document(failure, failure.kind().httpStatus(), reading.traceId()));
            sink.flush();
        }

        /** A piece a turn, so that a long batch holds no one else up. */
        private void write() {
            EventLog.Batch current = batch;
            if (isOver || left == 0 || current == null || sink.isFull()) {
                return;
            }
            if (!events.hasNext()) {
                batch = null;
                read.fetch(1);
                return;
            }
            for (int i = 0; i < PIECE_EVENTS && events.hasNext() && left > 0 && !sink.isFull(); i++) {
                RecordedEvent event = events.next();
                String cursor =
                        current.cursor().with(event.shard(), event.offset()).encode();
                sink.event(CloudEventsJson.write(event, cursor), cursor);
                left--;
            }
            sink.flush();
            if (left == 0) {
                end();
            } else {
                context.runOnContext(nextTurn -> write());
            }
        }

        /** The head has gone long ago, so the problem comes last. */
        private void fail(Throwable cause) {
            if (isOver) {
                return;
            }
            if (!(cause instanceof Failure)) {
                LOG.error("follow_failed traceId={}", reading.traceId(), cause);
            }
            tell(
                    cause instanceof Failure known
                            ? known
                            : Failure.of(Failure.Kind.INTERNAL, "a bug: see the log for this traceId"));
            end();
        }

        void end() {
            if (isOver) {
                return;
            }
            isOver = true;
            open.remove(this);
            read.close().onFailure(cause -> LOG.warn("follow_close_failed traceId={}", reading.traceId(), cause));
            sink.end();
        }
    }
}
