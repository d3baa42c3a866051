package dev.sluice.server.live;

import dev.sluice.bus.Addresses;
import dev.sluice.bus.Mesh;
import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.projection.Rows;
import dev.sluice.projection.View;
import dev.sluice.projection.ViewDelta;
import dev.sluice.server.live.Meters.Resumed;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The newest value of each row of a view.
 *
 * <p>It is in one of three phases. SNAPSHOT: pages of rows in key order; the change number of the first page is what the client
 * stands at when the last is sent. SCAN: the rows changed since where the client stands are read from the view's change index,
 * each once, in its newest state. LIVE: the client stands at the newest change, and a delta that begins there goes out as it
 * is. A delta that finds no credit, no room or no time turns LIVE into SCAN and is forgotten: nothing is kept for a slow client
 * but where it stands.
 */
final class ViewSubscription extends Subscription {
    private static final long AFTER_WITHIN_MILLIS = 5_000;
    private static final int MIN_PAGE_ROWS = 16;
    private static final int MAX_PAGE_ROWS = 1_000;

    private enum Phase {
        SNAPSHOT,
        SCAN,
        LIVE
    }

    private final Live live;
    private final Request.Subscribe request;
    private final Request.ViewTarget target;
    private final Feeds.Key feedKey;
    private final Pace pace;
    private @Nullable Feed feed;
    private Mesh.@Nullable Registration listening;
    private View view;
    private int generation;
    private Phase phase = Phase.SNAPSHOT;

    /** Where the client stands; in a snapshot, where it will stand after it. */
    private Cursor position;

    /** In a snapshot: it has begun, and {@code position} says where it stands. */
    private boolean hasBegun;

    /** In a snapshot: the last key sent. In a scan: the last key of a commit that was cut. */
    private @Nullable String lastKey;

    /** In a snapshot over rows that the client has: the token that leads to such a snapshot again. */
    private @Nullable Cursor stale;

    /** In a scan: change number as {@link View#changesAfter} wants it back. */
    private long change;

    private Cursor told;
    private boolean isReading;
    private boolean hasMore;
    private int pageRows = MAX_PAGE_ROWS;

    /** PROJECTION_NOT_FOUND. */
    ViewSubscription(Session session, Request.Subscribe request, Request.ViewTarget target, Flow flow) {
        super(session, request.sub(), flow);
        this.live = session.live();
        this.request = request;
        this.target = target;
        this.feedKey = new Feeds.Key(target.projection(), target.prefix(), request.where());
        this.view = live.projections().view(target.projection());
        this.position = view.cursor();
        this.told = position;
        this.pace = new Pace(live, target.minIntervalMillis());
    }

    @Override
    Future<Void> open() {
        Cursor token = request.resume() == null ? null : live.cursor(request.resume());
        Cursor after = target.after() == null ? null : live.cursor(target.after());
        feed = live.feeds().use(feedKey);
        if (after == null) {
            begin(token);
            return Future.succeededFuture();
        }
        return view.reached(after, AFTER_WITHIN_MILLIS).map(reached -> {
            if (!isEnded()) {
                begin(token);
            }
            return null;
        });
    }

    private void begin(@Nullable Cursor token) {
        listening = live.mesh().listen(Addresses.view(target.projection()), ViewDelta.class, this::hear);
        Cursor now = lookUp();
        View.Resume resume = token == null ? null : view.resume(token);
        Resumed how;
        if (resume == null) {
            how = Resumed.SNAPSHOT;
        } else if (resume.exact()) {
            how = Resumed.EXACT;
            change = resume.change();
            position = ViewCursors.at(now, change, null);
            lastKey = resume.key();
            hasBegun = true;
            phase = lastKey == null ? Phase.SCAN : Phase.SNAPSHOT;
        } else {
            how = Resumed.DIFF;
            stale = token;
        }
        told = position;
        live.meters().resumed(how);
        View.Lag lag = view.lag();
        var subscribed = frame("subscribed").member("resumed", how.wire()).member("generation", "g" + generation);
        session.send(lag(subscribed, lag.events(), lag.millis()).end());
        session.wake(this);
    }

    /** Takes the view as it is now. FILTER_INVALID when it has not (any more) the columns of the filter. */
    private Cursor lookUp() {
        view = live.projections().view(target.projection());
        feed().check(view.columns());
        Cursor now = view.cursor();
        generation = ViewCursors.part(now).generation();
        position = now;
        return now;
    }

    @Override
    @Nullable
    Future<Void> advance() {
        if (isReading || listening == null || flow.room() == 0) {
            return null;
        }
        return switch (phase) {
            case SNAPSHOT -> readPage();
            case SCAN -> readChanges();
            case LIVE -> null;
        };
    }

    private int pageLimit() {
        return (int) Math.min(flow.room(), pageRows);
    }

    private Future<Void> readPage() {
        isReading = true;
        Feed through = feed();
        return view.rows(through.prefix(), lastKey, pageLimit(), through.filter())
                .<Void>transform(read -> took(read, this::sendPage));
    }

    private void sendPage(Rows.Page page) {
        if (isOtherGeneration(page.cursor())) {
            reset();
            return;
        }
        if (!hasBegun) {
            hasBegun = true;
            position = ViewCursors.at(
                    page.cursor(), ViewCursors.part(page.cursor()).change(), null);
        }
        var writer = Chunk.Writer.ofSnapshot(live.chunkBytes());
        for (Rows.KeyedRow row : page.rows()) {
            writer.set(row.key(), Objects.requireNonNull(row.row()).json());
        }
        List<Chunk> chunks = writer.chunks();
        boolean isFirst = lastKey == null;
        for (Chunk chunk : chunks) {
            lastKey = chunk.lastKey();
            var tail = JsonFrame.part().member("cursor", position().encode());
            if (isFirst && request.where() == null && target.prefix().isEmpty()) {
                tail.member(
                        "total", live.projections().info(target.projection()).rows());
            }
            isFirst = false;
            session.send(countedFrame("snapshot").toBytes(), chunk.json(), tail.end());
            flow.take(chunk.rows());
        }
        adapt(chunks);
        if (page.next() != null) {
            lastKey = page.next();
        } else {
            phase = Phase.SCAN;
            lastKey = null;
            stale = null;
            change = ViewCursors.part(position).change();
            told = position;
            session.send(frame("synced").member("cursor", position.encode()).end());
        }
        session.wake(this);
    }

    private @Nullable Future<Void> readChanges() {
        if (view.generation() != generation) {
            reset();
            return null;
        }
        if (lastKey == null && change >= view.change()) {
            phase = Phase.LIVE;
            return null;
        }
        if (!hasMore && pace.waits(() -> session.wake(this))) {
            return null;
        }
        isReading = true;
        return view.changesAfter(change, lastKey, pageLimit()).<Void>transform(read -> took(read, this::sendChanges));
    }

    private void sendChanges(View.Changes changes) {
        if (changes.isForgotten() || isOtherGeneration(changes.cursor())) {
            reset();
            return;
        }
        var writer = Chunk.Writer.ofDelta(live.chunkBytes());
        for (Rows.KeyedRow row : changes.rows()) {
            if (feed().matches(row.key(), row.row())) {
                writer.set(row.key(), Objects.requireNonNull(row.row()).json());
            } else if (row.key().startsWith(target.prefix())) {
                writer.del(row.key());
            }
        }
        List<Chunk> chunks = writer.chunks();
        boolean isCut = changes.nextKey() != null;
        hasMore = changes.more();
        Cursor to = ViewCursors.at(hasMore ? position : changes.cursor(), changes.next(), null);
        boolean hasMoved = isCut || changes.next() > change;
        long commits = changes.next() - ViewCursors.part(position).change();
        change = changes.next();
        lastKey = changes.nextKey();
        sendDelta(chunks, to, hasMore, commits - 1, null);
        adapt(chunks);
        if (hasMoved) {
            session.wake(this);
        } else {
            phase = Phase.LIVE;
        }
    }

    private void hear(ViewDelta delta) {
        if (isEnded()) {
            return;
        }
        try {
            apply(delta);
        } catch (RuntimeException failed) {
            session.fail(this, failed);
        }
    }

    private void apply(ViewDelta delta) {
        if (delta.generation() != generation) {
            if (!isReading) {
                reset();
            }
            return;
        }
        if (phase != Phase.LIVE || delta.toChange() < change) {
            return;
        }
        if (delta.toChange() == change) {
            position = delta.cursor();
            return;
        }
        Feed.Encoded encoded = delta.fromChange() == change ? feed().encode(delta) : null;
        if (encoded != null && encoded.rows() == 0) {
            change = delta.toChange();
            position = delta.cursor();
        } else if (encoded == null
                || encoded.rows() > flow.room()
                || !session.hasRoom()
                || pace.waits(() -> session.wake(this))) {
            phase = Phase.SCAN;
            session.wake(this);
        } else {
            change = delta.toChange();
            sendDelta(encoded.chunks(), delta.cursor(), false, 0, delta.atMicros());
        }
    }

    private void sendDelta(
            List<Chunk> chunks, Cursor to, boolean hasMoreAfter, long conflated, @Nullable Long atMicros) {
        for (int i = 0; i < chunks.size(); i++) {
            Chunk chunk = chunks.get(i);
            boolean isLast = i == chunks.size() - 1;
            String from = position.encode();
            String until = isLast ? to.encode() : from;
            var tail = JsonFrame.part();
            if (!isLast || hasMoreAfter) {
                tail.raw(",\"more\":true");
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
                    .member("to", until)
                    .toBytes();
            session.send(head, chunk.json(), tail.end());
            flow.take(chunk.rows());
        }
        position = to;
        if (!chunks.isEmpty()) {
            told = to;
            pace.sent();
        }
    }

    /** Hands a read on; what may succeed later is tried again with the next tick. */
    private <T> Future<Void> took(AsyncResult<T> read, Consumer<T> send) {
        isReading = false;
        if (isEnded()) {
            return Future.succeededFuture();
        }
        try {
            if (read.succeeded()) {
                send.accept(read.result());
            } else if (!(read.cause() instanceof Failure later) || !later.kind().retryable()) {
                session.fail(this, read.cause());
            }
        } catch (RuntimeException failed) {
            session.fail(this, failed);
        }
        return Future.succeededFuture();
    }

    /** Another build of the projection is live: every row comes again, and the client drops the keys that it does not see. */
    private void reset() {
        Cursor before = stale == null ? position : stale;
        int seen = generation;
        lookUp();
        phase = Phase.SNAPSHOT;
        stale = before;
        hasBegun = false;
        hasMore = false;
        lastKey = null;
        session.send(frame("reset")
                .member("why", seen == generation ? "forgotten" : "generation")
                .member("generation", "g" + generation)
                .member("then", Resumed.DIFF.wire())
                .end());
        session.wake(this);
    }

    private void adapt(List<Chunk> chunks) {
        long rows = 0;
        long bytes = 0;
        for (Chunk chunk : chunks) {
            rows += chunk.rows();
            bytes += chunk.json().length;
        }
        if (rows > 0) {
            long fitting = live.chunkBytes() * rows / Math.max(1, bytes);
            pageRows = (int) Math.max(MIN_PAGE_ROWS, Math.min(MAX_PAGE_ROWS, fitting));
        }
    }

    @Override
    void tick() {
        if (listening == null) {
            return;
        }
        View now = live.projections().view(target.projection());
        feed().forget();
        tellFailures(feed().filter());
        if (isReading) {
            return;
        }
        if (now != view || now.generation() != generation) {
            reset();
        } else if (phase == Phase.LIVE && now.change() > change) {
            phase = Phase.SCAN;
        }
        if (phase != Phase.SNAPSHOT && !flow.isPaused() && session.hasRoom() && !position.equals(told)) {
            told = position;
            View.Lag lag = now.lag();
            sendCheckpoint(position, lag.events(), lag.millis());
        }
        session.wake(this);
    }

    @Override
    Cursor position() {
        if (phase != Phase.SNAPSHOT) {
            return position;
        }
        if (stale != null) {
            return stale;
        }
        return lastKey == null
                ? ViewCursors.withoutView(position)
                : ViewCursors.at(position, ViewCursors.part(position).change(), lastKey);
    }

    @Override
    void stop() {
        if (feed != null) {
            live.feeds().release(feedKey);
        }
        if (listening != null) {
            listening.end().onFailure(gone -> {});
        }
        pace.stop();
    }

    private Feed feed() {
        return Objects.requireNonNull(feed);
    }

    private boolean isOtherGeneration(Cursor cursor) {
        return ViewCursors.part(cursor).generation() != generation;
    }
}
