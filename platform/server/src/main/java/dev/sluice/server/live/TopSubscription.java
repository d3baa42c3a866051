package dev.sluice.server.live;

import dev.sluice.log.Cursor;
import dev.sluice.server.live.Meters.Resumed;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/** The first rows of a view in some order, kept live: a client has the rows of the {@link Window}, and puts them in order itself. */
final class TopSubscription extends ViewSubscription {
    private final Request.Top top;
    private final Pace pace;
    private @Nullable Window window;

    /** What the client has, null before it has all of a first state. */
    private Window.@Nullable State held;

    /** While the client still has other rows: the token that leads to a snapshot again. */
    private @Nullable Cursor stale;

    /** PROJECTION_NOT_FOUND. */
    TopSubscription(Outlet outlet, Request.Subscribe request, Request.ViewTarget target, Request.Top top, Flow flow) {
        super(outlet, request, target, flow);
        this.top = top;
        pace = new Pace(live, target.minIntervalMillis());
    }

    @Override
    void listen() {
        view.check(top.order());
        var joined = live.hub(target.projection())
                .window(new Window.Key(target.wanted(), top.order(), top.limit(), target.minIntervalMillis()));
        window = joined;
        joined.join(this);
    }

    private Window window() {
        if (window == null) {
            throw new IllegalStateException("it does not listen yet");
        }
        return window;
    }

    @Override
    RowSelector selector() {
        return window().selector();
    }

    @Override
    Resumed start(@Nullable Cursor token) {
        stale = token;
        return token == null ? Resumed.SNAPSHOT : Resumed.DIFF;
    }

    @Override
    void restart(Cursor before) {
        stale = before;
        held = null;
    }

    /** The window has other rows. */
    void hear() {
        outlet.wake(this);
    }

    void fail(Throwable cause) {
        outlet.fail(this, cause);
    }

    @Override
    @Nullable
    Future<Void> step() {
        var now = window().state();
        if (now == null || now == held) {
            return null;
        }
        if (now.generation() != generation) {
            if (view.generation() == generation) {
                window().refresh();
            } else {
                reset();
            }
        } else if (held == null && !now.cursor().covers(position)) {
            window().refresh(); // it was read before what this subscription is to begin behind
        } else if (held == null) {
            sendAll(now);
        } else if (!pace.waits(() -> outlet.wake(this))) {
            sendDifference(held, now);
        }
        return null;
    }

    private void sendAll(Window.State now) {
        if (!flow.allows(now.rows().size())) {
            return;
        }
        window().all(now).forEach(chunk -> sendSnapshot(chunk, null));
        held = now;
        stale = null;
        position = now.cursor();
        pace.sends(live.nanos());
        sendSynced();
    }

    private void sendDifference(Window.State before, Window.State now) {
        var difference = window().difference(before, now);
        if (flow.allows(difference.rows())) {
            held = now;
            if (difference.rows() > 0) {
                pace.sends(live.nanos());
            }
            sendDelta(difference.chunks(), now.cursor(), false, 0, null);
        }
    }

    @Override
    boolean isSynced() {
        var now = window().state();
        if (held != null && held == now) {
            position = window().cursor();
        }
        return held != null;
    }

    @Override
    Cursor position() {
        if (held != null) {
            return position;
        }
        return stale == null ? ViewCursors.withoutView(position) : stale;
    }

    @Override
    void leave() {
        if (window != null) {
            window.leave(this);
        }
        pace.stop();
    }
}
