package dev.sluice.server.live;

import dev.sluice.log.Cursor;
import dev.sluice.projection.Rows;
import dev.sluice.projection.View;
import dev.sluice.server.live.Meters.Resumed;
import io.vertx.core.Future;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a view, in one of three phases. SNAPSHOT: pages of rows in key order; the change number of the first page is what
 * the client stands at when the last is sent. SCAN: the rows changed since where the client stands are read from the view's
 * change index, each once, in its newest state. LIVE: the client has caught up and hears of what changes. Who finds no credit or
 * no room when it hears goes from LIVE to SCAN: nothing is kept for a slow client but where it stands.
 */
abstract class RowSubscription extends ViewSubscription {
    /** Before it is known how large rows are. */
    private static final int FIRST_PAGE_ROWS = 64;

    private static final int MAX_PAGE_ROWS = 1_000;

    private enum Phase {
        SNAPSHOT,
        SCAN,
        LIVE
    }

    private Phase phase = Phase.SNAPSHOT;

    /** In a snapshot: it has begun, and {@code position} says where it stands. */
    private boolean hasSnapshot;

    /** In a snapshot: the last key sent. In a scan: the last key of a commit that was cut. */
    private @Nullable String lastKey;

    /** In a snapshot over rows that the client has: the token that leads to such a snapshot again. */
    private @Nullable Cursor stale;

    /** The change number that the client stands at; in a scan as {@link View#changesAfter} wants it back. */
    private long change;

    /** The change number that rows of a snapshot may have been read at: before it, what is heard may be older than they are. */
    private long ahead;

    private boolean hasMore;
    private int pageRows = FIRST_PAGE_ROWS;

    /** PROJECTION_NOT_FOUND. */
    RowSubscription(Outlet outlet, Request.Subscribe request, Request.ViewTarget target, Flow flow) {
        super(outlet, request, target, flow);
    }

    @Override
    Resumed start(@Nullable Cursor token) {
        if (token == null && !target.hasSnapshot()) {
            goOnFrom(position, ViewCursors.part(position).change(), null);
            return Resumed.EXACT;
        }
        if (token == null) {
            return Resumed.SNAPSHOT;
        }
        View.Resume resume = view.resume(token);
        if (resume.exact()) {
            goOnFrom(token, resume.change(), resume.key());
            return Resumed.EXACT;
        }
        restart(token);
        return Resumed.DIFF;
    }

    private void goOnFrom(Cursor token, long from, @Nullable String key) {
        change = from;
        position = ViewCursors.at(token, from, null);
        lastKey = key;
        hasSnapshot = true;
        ahead = key == null ? 0 : view.change();
        phase = key == null ? Phase.SCAN : Phase.SNAPSHOT;
    }

    @Override
    void restart(Cursor before) {
        phase = Phase.SNAPSHOT;
        stale = ViewCursors.withoutView(before); // never exact: rows of two generations are mixed until all have come
        hasSnapshot = false;
        hasMore = false;
        lastKey = null;
    }

    /** Whether the client may go on from a change number by what is heard, having missed nothing. */
    abstract boolean mayGoLive(long from);

    /** Whether it is too early for a frame. */
    abstract boolean isEarly();

    /**
     * Before the newest rows of some commits are sent.
     *
     * @return commits that the client is told to be merged into one beside the last
     */
    long conflates(Cursor to, long commits) {
        return commits - 1;
    }

    /** Goes on in LIVE. */
    abstract @Nullable Future<Void> goOn();

    final long change() {
        return change;
    }

    final boolean isLive() {
        return phase == Phase.LIVE;
    }

    /** Reads again what it cannot be told. */
    final void fallBehind() {
        if (phase == Phase.LIVE) {
            phase = Phase.SCAN;
        }
        outlet.wake(this);
    }

    /** Sends what it was told. */
    final void sendHeard(List<Chunk> chunks, long to, Cursor cursor, long conflated, long atMicros) {
        change = to;
        sendDelta(chunks, cursor, false, conflated, atMicros);
    }

    /** Nothing of interest happened up to a change number. */
    final void moveOn(long to, Cursor cursor) {
        change = to;
        position = cursor;
    }

    @Override
    final @Nullable Future<Void> step() {
        return switch (phase) {
            case SNAPSHOT -> read(selector().page(view, lastKey, pageLimit()), this::sendPage);
            case SCAN -> readChanges();
            case LIVE -> goOn();
        };
    }

    private int pageLimit() {
        return (int) Math.min(flow.room(), pageRows);
    }

    private void sendPage(Rows.Page page) {
        if (isOtherGeneration(page.cursor())) {
            reset();
            return;
        }
        if (!hasSnapshot) {
            hasSnapshot = true;
            position = ViewCursors.at(
                    page.cursor(), ViewCursors.part(page.cursor()).change(), null);
        }
        ahead = ViewCursors.part(page.cursor()).change();
        var writer = Chunk.Writer.ofSnapshot(live.chunkBytes());
        for (Rows.KeyedRow row : page.rows()) {
            writer.set(row.key(), selector().json(Objects.requireNonNull(row.row())));
        }
        List<Chunk> chunks = writer.chunks();
        adapt(chunks);
        if (sendPage(chunks)) {
            if (page.next() != null) {
                lastKey = page.next();
            } else {
                phase = Phase.SCAN;
                lastKey = null;
                stale = null;
                change = ViewCursors.part(position).change();
                sendSynced();
            }
        }
        outlet.wake(this);
    }

    /** False when there was no room for all of it: the rest is read again. */
    private boolean sendPage(List<Chunk> chunks) {
        for (Chunk chunk : chunks) {
            if (!outlet.hasRoom()) {
                return false;
            }
            boolean isFirst = lastKey == null;
            lastKey = chunk.lastKey();
            boolean tellsTotal = isFirst && target.wanted().isAll();
            sendSnapshot(
                    chunk,
                    tellsTotal ? live.projections().info(target.projection()).rows() : null);
        }
        return true;
    }

    private @Nullable Future<Void> readChanges() {
        if (view.generation() != generation) {
            reset();
            return null;
        }
        // not amid a scan: rows that have changed again are told where they changed last
        if (!hasMore && lastKey == null && change >= ahead && mayGoLive(change)) {
            phase = Phase.LIVE;
            return goOn();
        }
        if (!hasMore && isEarly()) {
            return null;
        }
        return read(selector().changes(view, change, lastKey, pageLimit()), this::sendChanges);
    }

    private void sendChanges(View.Changes changes) {
        if (changes.isForgotten() || isOtherGeneration(changes.cursor())) {
            reset();
            return;
        }
        var writer = Chunk.Writer.ofDelta(live.chunkBytes());
        changes.rows().forEach(row -> selector().write(writer, row.key(), row.row()));
        List<Chunk> chunks = writer.chunks();
        hasMore = changes.more();
        Cursor to = ViewCursors.at(hasMore ? position : changes.cursor(), changes.next(), null);
        long commits = changes.next() - ViewCursors.part(position).change();
        long conflated = chunks.isEmpty() ? 0 : conflates(to, commits);
        change = changes.next();
        lastKey = changes.nextKey();
        ahead = hasMore ? ahead : 0;
        sendDelta(chunks, to, hasMore, conflated, null);
        adapt(chunks);
        outlet.wake(this);
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
            pageRows = (int) Math.max(1, Math.min(MAX_PAGE_ROWS, fitting));
        }
    }

    @Override
    boolean isSynced() {
        return phase != Phase.SNAPSHOT;
    }

    @Override
    final Cursor position() {
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
}
