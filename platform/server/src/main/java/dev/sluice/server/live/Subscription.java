package dev.sluice.server.live;

import dev.sluice.expression.LenientFilter;
import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/**
 * One subscription of a socket: a cursor, a credit, and a way to go on. Lives on the event loop of its {@link Session}. It never
 * queues what the client has no room for; it remembers where it stands and reads again.
 */
abstract class Subscription {
    final Session session;
    final int sub;
    final Flow flow;
    private long frameCount;
    private long heardFailures;
    private boolean isEnded;

    Subscription(Session session, int sub, Flow flow) {
        this.session = session;
        this.sub = sub;
        this.flow = flow;
    }

    /** Resolves what is wanted and begins; a failure means that there is no subscription. */
    abstract Future<Void> open();

    /** Does one step if there is something to do and room for it; null when there is not. Called by the session only. */
    abstract @Nullable Future<Void> advance();

    /** About once a second. */
    abstract void tick();

    /** Where the client stands when it has applied everything that was sent. */
    abstract Cursor position();

    /** Lets go of everything it listens to. */
    abstract void stop();

    final void end() {
        if (!isEnded) {
            isEnded = true;
            stop();
        }
    }

    final boolean isEnded() {
        return isEnded;
    }

    final JsonFrame frame(String op) {
        return JsonFrame.op(op).member("sub", sub);
    }

    final JsonFrame countedFrame(String op) {
        return frame(op).member("n", ++frameCount);
    }

    /** Tells what the filter could not judge since the last time. */
    final void tellFailures(@Nullable LenientFilter<?> filter) {
        if (filter != null && filter.failures() > heardFailures) {
            session.send(Refused.of(Failure.Kind.EVALUATION_FAILED.code(), filter.problem(heardFailures))
                    .to("where", sub)
                    .frame());
            heardFailures = filter.failures();
        }
    }

    /** A checkpoint: nothing matched, the cursor still moved. */
    final void sendCheckpoint(Cursor cursor, long lagEvents, @Nullable Long lagMillis) {
        var frame = frame("checkpoint").member("cursor", cursor.encode());
        session.send(lag(frame, lagEvents, lagMillis).end());
    }

    static JsonFrame lag(JsonFrame frame, long events, @Nullable Long millis) {
        frame.raw(",\"lag\":{\"events\":" + events);
        return frame.raw(millis == null ? "}" : ",\"ms\":" + millis + "}");
    }
}
