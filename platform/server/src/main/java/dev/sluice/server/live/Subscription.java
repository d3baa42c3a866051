package dev.sluice.server.live;

import dev.sluice.expression.LenientFilter;
import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/**
 * One subscription: a cursor, a credit, and a way to go on. Lives on the event loop of its {@link Outlet}. It never
 * queues what the client has no room for; it remembers where it stands and reads again.
 */
abstract class Subscription {
    final Outlet outlet;
    final Request.Subscribe request;
    final int sub;
    final Flow flow;
    private long frameCount;
    private long heardFailures;
    private boolean isEnded;

    Subscription(Outlet outlet, Request.Subscribe request, Flow flow) {
        this.outlet = outlet;
        this.request = request;
        this.sub = request.sub();
        this.flow = flow;
    }

    /** The one that a request is for. PROJECTION_NOT_FOUND, NOT_FOUND for a saga, FILTER_INVALID. */
    static Subscription of(Outlet outlet, Request.Subscribe request, Flow flow) {
        if (request.target() instanceof Request.EventTarget events) {
            return new EventSubscription(outlet, request, events, flow);
        }
        if (request.target() instanceof Request.SagaTarget saga) {
            return SagaSubscription.of(outlet, request, saga, flow);
        }
        var view = (Request.ViewTarget) request.target();
        var top = view.top();
        if (top != null) {
            return new TopSubscription(outlet, request, view, top, flow);
        }
        return view.isEvery()
                ? new EverySubscription(outlet, request, view, flow)
                : new LatestSubscription(outlet, request, view, flow);
    }

    /** Resolves what is wanted and begins; a failure means that there is no subscription. */
    abstract Future<Void> open();

    /** Does one step if there is something to do and room for it; null when there is not. Called by the outlet only. */
    abstract @Nullable Future<Void> advance();

    /** About once a second. */
    abstract void tick();

    /** Where the client stands when it has applied everything that was sent. */
    abstract Cursor position();

    /** The token of another subscription that takes this one's place with other rows or events. */
    abstract Cursor changesAt();

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
            outlet.send(Refused.of(Failure.Kind.EVALUATION_FAILED.code(), filter.problem(heardFailures))
                    .to("where", sub)
                    .frame());
            heardFailures = filter.failures();
        }
    }

    /** A checkpoint: nothing matched, the cursor still moved. */
    final void sendCheckpoint(Cursor cursor, long lagEvents, @Nullable Long lagMillis) {
        var frame = frame("checkpoint").member("cursor", cursor.encode());
        outlet.send(lag(frame, lagEvents, lagMillis).end());
    }

    static JsonFrame lag(JsonFrame frame, long events, @Nullable Long millis) {
        frame.raw(",\"lag\":{\"events\":" + events);
        return frame.raw(millis == null ? "}" : ",\"ms\":" + millis + "}");
    }
}
