package dev.sluice.server.live;

import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.projection.Rows;
import dev.sluice.projection.View;
import dev.sluice.projection.row.Row;
import io.vertx.core.Future;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The first rows of a view in some order, for the subscriptions of one event loop that want just those. It reads them again when
 * one that it may be about has changed, not more often than it can afford; its subscriptions are told the difference between what
 * they have and what there is.
 */
final class Window implements Feed.Member {
    private static final int MAX_PAGES = 20;
    private static final int RESTS = 4;
    private static final long MIN_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Live live;
    private final Hub hub;
    private final Key key;
    private final Feed feed;
    private final Set<TopSubscription> members = new LinkedHashSet<>();
    private @Nullable State state;
    private @Nullable Whole whole;
    private @Nullable Difference last;
    private boolean isReading;
    private boolean isStale;
    private long dueNanos;
    private @Nullable Long timer;

    /** What makes two subscriptions want the same. */
    record Key(RowSelector.Wanted wanted, Rows.Order order, int limit, long minIntervalMillis) {}

    /** Rows by key, in their order. */
    record State(Map<String, Row> rows, Cursor cursor, int generation) {}

    private record Whole(State of, List<Chunk> chunks) {}

    /** What leads from one state to another. */
    record Difference(State from, State to, List<Chunk> chunks, int rows) {}

    Window(Live live, Hub hub, Key key) {
        this.live = live;
        this.hub = hub;
        this.key = key;
        feed = hub.feed(new Feed.Key(key.wanted(), key.minIntervalMillis()));
        dueNanos = hub.nanos();
        feed.join(this);
        refresh();
    }

    RowSelector selector() {
        return feed.selector();
    }

    Key key() {
        return key;
    }

    void join(TopSubscription member) {
        members.add(member);
    }

    void leave(TopSubscription member) {
        members.remove(member);
        if (members.isEmpty()) {
            if (timer != null) {
                live.vertx().cancelTimer(timer);
            }
            hub.left(this);
            feed.leave(this);
        }
    }

    /** The newest, null before the first. */
    @Nullable
    State state() {
        return state;
    }

    /** Where the view stands that the newest state is of. */
    Cursor cursor() {
        var now = Objects.requireNonNull(state, "there is a state");
        long change = ViewCursors.part(now.cursor()).change();
        boolean isCurrent = !isStale && !isReading && feed.isQuiet(now.generation(), change);
        return isCurrent && feed.heard() > change ? feed.cursor() : now.cursor();
    }

    @Override
    public void hear(Feed.Block block) {
        refresh();
    }

    @Override
    public boolean isCatchingUp() {
        return false;
    }

    @Override
    public void lost() {
        refresh();
    }

    /** Reads again, as soon as it may. */
    void refresh() {
        isStale = true;
        if (isReading || timer != null) {
            return;
        }
        long waitNanos = dueNanos - hub.nanos();
        if (waitNanos <= 0) {
            read();
        } else {
            timer = live.vertx().setTimer(TimeUnit.NANOSECONDS.toMillis(waitNanos) + 1, id -> {
                timer = null;
                read();
            });
        }
    }

    private void read() {
        isStale = false;
        isReading = true;
        long startNanos = hub.nanos();
        Future<State> reading;
        try {
            View view = live.projections().view(hub.projection());
            reading = page(view, new LinkedHashMap<>(), null, null, 1);
        } catch (Failure refused) {
            reading = Future.failedFuture(refused);
        }
        reading.onComplete(read -> {
            isReading = false;
            dueNanos = hub.nanos() + Math.max(MIN_REST_NANOS, RESTS * (hub.nanos() - startNanos));
            if (read.succeeded()) {
                state = read.result();
                whole = null;
                List.copyOf(members).forEach(TopSubscription::hear);
            } else if (read.cause() instanceof Failure later && later.kind().retryable()) {
                dueNanos = hub.nanos() + RETRY_NANOS;
                isStale = true;
            } else {
                List.copyOf(members).forEach(member -> member.fail(read.cause()));
            }
            if (isStale && !members.isEmpty()) {
                refresh();
            }
        });
    }

    /** Adds the rows of pages until there are enough; a condition that few rows meet ends it early. */
    private Future<State> page(
            View view, Map<String, Row> rows, @Nullable Cursor first, @Nullable String after, int pages) {
        int missing = key.limit() - rows.size();
        return view.rowsBy(
                        key.order(),
                        key.wanted().prefix(),
                        after,
                        missing,
                        selector().filter(),
                        false)
                .compose(page -> {
                    page.rows().forEach(row -> rows.put(row.key(), Objects.requireNonNull(row.row())));
                    Cursor at = first == null ? page.cursor() : first;
                    return page.next() == null || rows.size() >= key.limit() || pages == MAX_PAGES
                            ? Future.succeededFuture(
                                    new State(rows, at, ViewCursors.part(at).generation()))
                            : page(view, rows, at, page.next(), pages + 1);
                });
    }

    /** All rows of the newest state, encoded once for all who begin with it. */
    List<Chunk> all(State now) {
        var known = whole;
        if (known != null && known.of() == now) {
            return known.chunks();
        }
        var writer = Chunk.Writer.ofSnapshot(live.chunkBytes());
        now.rows().forEach((row, newest) -> writer.set(row, selector().json(newest)));
        whole = new Whole(now, writer.chunks());
        return whole.chunks();
    }

    /** Encoded once for all who have the same. */
    Difference difference(State from, State to) {
        var known = last;
        if (known != null && known.from() == from && known.to() == to) {
            return known;
        }
        var writer = Chunk.Writer.ofDelta(live.chunkBytes());
        to.rows().forEach((row, now) -> {
            var before = from.rows().get(row);
            byte[] json = selector().json(now);
            if (before == null || !Arrays.equals(selector().json(before), json)) {
                writer.set(row, json);
            }
        });
        from.rows().keySet().stream().filter(row -> !to.rows().containsKey(row)).forEach(writer::del);
        var chunks = writer.chunks();
        var difference = new Difference(
                from, to, chunks, chunks.stream().mapToInt(Chunk::rows).sum());
        last = difference;
        return difference;
    }
}
