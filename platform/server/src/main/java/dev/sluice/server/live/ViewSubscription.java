package dev.sluice.server.live;

import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.projection.View;
import dev.sluice.server.live.Meters.Resumed;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A subscription to the rows of a view: how it begins, what its frames look like, what becomes of it at another generation. */
abstract class ViewSubscription extends Subscription {
    private static final long AFTER_WITHIN_MILLIS = 5_000;

    final Live live;
    final Request.ViewTarget target;
    View view;
    int generation;

    /** Where the client stands; in a snapshot, where it will stand after it. */
    Cursor position;

    /** What the last frame with a cursor said. */
    Cursor told;

    /** Who waits for {@code after} is held by the view as long as it waits; what ends before is to be held no longer. */
    private @Nullable Promise<Void> waiting;

    private boolean isReading;
    private boolean hasBegun;

    /** PROJECTION_NOT_FOUND. */
    ViewSubscription(Outlet outlet, Request.Subscribe request, Request.ViewTarget target, Flow flow) {
        super(outlet, request, flow);
        this.live = outlet.live();
        this.target = target;
        this.view = live.projections().view(target.projection());
        this.position = view.cursor();
        this.told = position;
    }

    @Override
    final Future<Void> open() {
        Cursor token = request.resume() == null ? null : live.cursor(request.resume());
        Cursor after = target.after() == null ? null : live.cursor(target.after());
        listen();
        if (after == null) {
            begin(token);
            return Future.succeededFuture();
        }
        var wait = Promise.<Void>promise();
        waiting = wait;
        view.reached(after, AFTER_WITHIN_MILLIS)
                .onSuccess(reached -> wait.tryComplete())
                .onFailure(wait::tryFail);
        return wait.future().map(reached -> {
            if (!isEnded()) {
                begin(token);
            }
            return null;
        });
    }

    private void begin(@Nullable Cursor token) {
        lookUp();
        hasBegun = true;
        Resumed how = start(token);
        told = position;
        live.meters().resumed(how);
        View.Lag lag = view.lag();
        var subscribed = frame("subscribed").member("resumed", how.wire()).member("generation", "g" + generation);
        outlet.send(lag(subscribed, lag.events(), lag.millis()).end());
        outlet.wake(this);
    }

    /** Begins to hear of changes. FILTER_INVALID, INVALID_REQUEST. */
    abstract void listen();

    abstract RowSelector selector();

    /** Decides how to go on from a token; the view has been looked up. */
    abstract Resumed start(@Nullable Cursor token);

    /** Begins with all rows of the generation that is live now; the client keeps what it has until it has seen them. */
    abstract void restart(Cursor before);

    /** Takes the view as it is now. FILTER_INVALID when it has not (any more) the columns of the filter. */
    final void lookUp() {
        view = live.projections().view(target.projection());
        selector().check(view.columns());
        position = view.cursor();
        generation = ViewCursors.part(position).generation();
    }

    @Override
    final @Nullable Future<Void> advance() {
        return isReading || !hasBegun || flow.room() == 0 ? null : step();
    }

    abstract @Nullable Future<Void> step();

    final boolean isReading() {
        return isReading;
    }

    final boolean hasBegun() {
        return hasBegun;
    }

    /** Hands a read on; what may succeed later is tried again with the next tick. */
    final <T> Future<Void> read(Future<T> reading, Consumer<T> send) {
        isReading = true;
        return reading.transform(read -> took(read, send));
    }

    private <T> Future<Void> took(AsyncResult<T> read, Consumer<T> send) {
        isReading = false;
        if (isEnded() || flow.isPaused()) {
            return Future.succeededFuture(); // read again when it resumes
        }
        try {
            if (read.succeeded()) {
                send.accept(read.result());
            } else if (!(read.cause() instanceof Failure later) || !later.kind().retryable()) {
                outlet.fail(this, read.cause());
            }
        } catch (RuntimeException failed) {
            outlet.fail(this, failed);
        }
        return Future.succeededFuture();
    }

    /** Another build of the projection is live: every row comes again, and the client drops the keys that it does not see. */
    final void reset() {
        Cursor before = position();
        int seen = generation;
        lookUp();
        restart(before);
        outlet.send(frame("reset")
                .member("why", seen == generation ? "forgotten" : "generation")
                .member("generation", "g" + generation)
                .member("then", Resumed.DIFF.wire())
                .end());
        outlet.wake(this);
    }

    final boolean isOtherGeneration(Cursor cursor) {
        return ViewCursors.part(cursor).generation() != generation;
    }

    /** @param total rows of the view, null when it is not to be told */
    final void sendSnapshot(Chunk chunk, @Nullable Long total) {
        var tail = JsonFrame.part().member("cursor", position().encode());
        if (total != null) {
            tail.member("total", total);
        }
        outlet.send(countedFrame("snapshot").toBytes(), chunk.json(), tail.end());
        flow.take(chunk.rows());
    }

    final void sendSynced() {
        told = position;
        outlet.send(frame("synced").member("cursor", position.encode()).end());
    }

    /**
     * Tells what changed up to a cursor, in as many frames as it takes.
     *
     * @param hasMoreAfter what follows belongs to it
     * @param conflated commits that are not told on their own
     */
    final void sendDelta(List<Chunk> chunks, Cursor to, boolean hasMoreAfter, long conflated, @Nullable Long atMicros) {
        for (int i = 0; i < chunks.size(); i++) {
            Chunk chunk = chunks.get(i);
            boolean isLast = i == chunks.size() - 1;
            String from = told.encode();
            position = isLast ? to : position;
            told = position;
            var tail = JsonFrame.part();
            if (!isLast || hasMoreAfter) {
                tail.more();
            }
            if (isLast && conflated > 0) {
                tail.member("conflated", conflated);
                live.meters().conflated(conflated);
            }
            if (atMicros != null && request.meta().contains(Request.Meta.AT)) {
                tail.member("at", Times.text(atMicros));
            }
            byte[] head = countedFrame("delta")
                    .member("from", from)
                    .member("to", position.encode())
                    .toBytes();
            outlet.send(head, chunk.json(), tail.end());
            flow.take(chunk.rows());
        }
        position = to;
    }

    @Override
    final void tick() {
        if (!hasBegun) {
            return;
        }
        tellFailures(selector().filter());
        View now = live.projections().view(target.projection());
        if (isReading) {
            return;
        }
        if (now != view || now.generation() != generation) {
            reset();
        } else if (isSynced() && !flow.isPaused() && outlet.hasRoom() && !position.equals(told)) {
            told = position;
            View.Lag lag = now.lag();
            sendCheckpoint(position, lag.events(), lag.millis());
        }
        outlet.wake(this);
    }

    @Override
    final Cursor changesAt() {
        return ViewCursors.withoutView(position);
    }

    @Override
    final void stop() {
        if (waiting != null) {
            waiting.tryComplete();
        }
        leave();
    }

    /** Hears of no more changes. */
    abstract void leave();

    /** Whether the client has all rows as they are at {@code position}, which is brought up to date. */
    abstract boolean isSynced();
}
