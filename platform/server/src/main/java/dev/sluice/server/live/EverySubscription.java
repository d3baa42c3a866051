package dev.sluice.server.live;

import dev.sluice.log.Cursor;
import dev.sluice.server.live.Meters.Resumed;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Each transition of each row, commit by commit, from the view's {@link TransitionLog}. What is not there any more is told to be a
 * gap, and the newest rows take its place.
 */
final class EverySubscription extends RowSubscription {
    private final Context context;
    private final AtomicBoolean isWoken = new AtomicBoolean();
    private TransitionLogs.@Nullable Use transitions;

    /** The view's change number when it was last looked at. */
    private long missed;

    /**
     * Where a token was given amid a scan, the client may have rows that changed before it and have not been told of: each of them has
     * changed again by here.
     */
    private long unsureUntil;

    /** The client has a right to each transition from where it stands. */
    private boolean hasJoined;

    /** PROJECTION_NOT_FOUND. */
    EverySubscription(Outlet outlet, Request.Subscribe request, Request.ViewTarget target, Flow flow) {
        super(outlet, request, target, flow);
        context = live.vertx().getOrCreateContext();
    }

    @Override
    void listen() {
        transitions = live.transitions().join(target.projection(), target.wanted(), this::commits);
    }

    /** On any thread. */
    private void commits() {
        if (!isWoken.getAndSet(true)) {
            context.runOnContext(now -> {
                isWoken.set(false);
                outlet.wake(this);
            });
        }
    }

    private TransitionLogs.Use transitions() {
        if (transitions == null) {
            throw new IllegalStateException("it does not listen yet");
        }
        return transitions;
    }

    @Override
    RowSelector selector() {
        return transitions().reader().selector();
    }

    @Override
    Resumed start(@Nullable Cursor token) {
        Resumed how = super.start(token);
        hasJoined = how == Resumed.EXACT;
        unsureUntil = hasJoined && token != null ? view.change() : 0;
        return how;
    }

    @Override
    void restart(Cursor before) {
        super.restart(before);
        hasJoined = false;
    }

    @Override
    boolean mayGoLive(long from) {
        boolean mayGo = transitions().log().covers(generation, from, view.change());
        hasJoined |= mayGo;
        return mayGo;
    }

    @Override
    boolean isEarly() {
        return false;
    }

    @Override
    long conflates(Cursor to, long commits) {
        if (hasJoined) {
            outlet.send(frame("error")
                    .member("ref", "subscribe")
                    .member("code", "gap")
                    .member(
                            "message",
                            "found " + commits
                                    + " commits that are not known one by one any more; the newest rows follow")
                    .member("from", told.encode())
                    .member("to", to.encode())
                    .raw(",\"retryable\":false")
                    .end());
        }
        return Math.max(1, commits - 1); // a row of one commit is not told when a later one has changed it
    }

    @Override
    @Nullable
    Future<Void> goOn() {
        while (outlet.hasRoom() && flow.room() > 0) {
            var next = transitions().log().after(generation, change());
            if (next == null) {
                if (view.generation() != generation || !transitions().log().covers(generation, change(), change())) {
                    fallBehind();
                }
                return null;
            }
            boolean isUnsure = next.fromChange() < unsureUntil;
            List<Chunk> chunks = transitions().reader().encode(next, isUnsure);
            int rows = chunks.stream().mapToInt(Chunk::rows).sum();
            if (!flow.allows(rows)) {
                return null;
            }
            sendHeard(chunks, next.toChange(), next.cursor(), 0, next.atMicros());
        }
        return null;
    }

    /** A commit of more than one event, begun before this one listened, is not in the log: seen when nothing follows on it. */
    @Override
    boolean isSynced() {
        long latest = view.change();
        boolean isMissing = isLive() && latest > change() && transitions().log().after(generation, change()) == null;
        if (isMissing && latest == missed) {
            fallBehind();
        }
        missed = latest;
        return super.isSynced();
    }

    @Override
    void leave() {
        if (transitions != null) {
            live.transitions().leave(transitions);
        }
    }
}
