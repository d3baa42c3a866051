package dev.sluice.server.live;

import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/** The newest value of each row of a view, conflated: told by a {@link Feed} that those who want the same share. */
final class LatestSubscription extends RowSubscription implements Feed.Member {
    private final Pace pace;
    private @Nullable Feed feed;

    /** PROJECTION_NOT_FOUND. */
    LatestSubscription(Outlet outlet, Request.Subscribe request, Request.ViewTarget target, Flow flow) {
        super(outlet, request, target, flow);
        pace = new Pace(live, target.minIntervalMillis());
    }

    @Override
    void listen() {
        var joined = live.hub(target.projection()).feed(new Feed.Key(target.wanted(), target.minIntervalMillis()));
        feed = joined;
        joined.join(this);
    }

    private Feed feed() {
        if (feed == null) {
            throw new IllegalStateException("it does not listen yet");
        }
        return feed;
    }

    @Override
    RowSelector selector() {
        return feed().selector();
    }

    @Override
    public boolean isCatchingUp() {
        return !isLive() && isReading();
    }

    @Override
    public void lost() {
        if (hasBegun() && !feed().covers(generation, change())) {
            fallBehind();
        }
    }

    @Override
    public void hear(Feed.Block block) {
        try {
            take(block);
        } catch (RuntimeException failed) {
            outlet.fail(this, failed); // the others of the feed are to hear of it
        }
    }

    private void take(Feed.Block block) {
        if (!isLive()) {
            outlet.wake(this); // it may have waited for this moment
        } else if (block.generation() != generation || change() < feed().since()) {
            fallBehind();
        } else if (block.to() > change()) {
            boolean isShared = change() >= block.from() && change() < block.first();
            tell(isShared ? block : feed().after(change()));
        }
    }

    private void tell(Feed.Block block) {
        if (block.rows() == 0) {
            moveOn(block.to(), block.cursor());
        } else if (block.rows() > flow.room() || !outlet.hasRoom() || pace.isEarly(block.dueNanos())) {
            fallBehind();
        } else {
            pace.sends(block.dueNanos());
            sendHeard(block.chunks(), block.to(), block.cursor(), block.commits() - 1, block.atMicros());
        }
    }

    @Override
    boolean mayGoLive(long from) {
        return feed().covers(generation, from)
                ? from >= feed().flushed() || feed().isQuiet(generation, from)
                : from >= view.change();
    }

    @Override
    boolean isEarly() {
        if (pace.waits(() -> outlet.wake(this))) {
            return true;
        }
        if (feed().isWaiting() && target.minIntervalMillis() > 0) {
            return true; // with the others, so that it keeps step with them
        }
        pace.reads(feed().sentNanos());
        return false;
    }

    @Override
    @Nullable
    Future<Void> goOn() {
        return null;
    }

    @Override
    boolean isSynced() {
        if (isLive() && feed().isQuiet(generation, change())) {
            moveOn(feed().heard(), feed().cursor());
        }
        return super.isSynced();
    }

    @Override
    void leave() {
        if (feed != null) {
            feed.leave(this);
        }
        pace.stop();
    }
}
