package dev.sluice.server.live;

import dev.sluice.bus.Addresses;
import dev.sluice.bus.Mesh;
import dev.sluice.log.Cursor;
import dev.sluice.projection.ViewDelta;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One view for the subscriptions of one event loop: hears each commit once, and gives each changed row to the {@link Feed feeds}
 * that want it, to those of single keys by a look-up. Lives on that event loop, as long as it has feeds.
 */
final class Hub {
    /** Of rows that wait in its feeds; a row that waits in two counts twice. */
    private static final long MAX_BYTES = 32 << 20;

    private static final long NOTHING = -1;
    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private final Live live;
    private final String projection;
    private final Map<Feed.Key, Feed> feeds = new HashMap<>();
    private final Map<Window.Key, Window> windows = new HashMap<>();
    private final Set<Feed> wide = new LinkedHashSet<>();
    private final Map<String, Set<Feed>> byKey = new HashMap<>();
    private final PriorityQueue<Feed> waiting = new PriorityQueue<>(Comparator.comparingLong(Feed::dueNanos));
    private final Mesh.Registration listening;
    private @Nullable Long timer;
    private long timerNanos;
    private int generation = ViewDelta.DELETED;
    private long heard = NOTHING;
    private @Nullable Cursor cursor;
    private long atMicros;
    private long bytes;

    Hub(Live live, String projection) {
        this.live = live;
        this.projection = projection;
        listening = live.mesh().listen(Addresses.view(projection), ViewDelta.class, this::hear);
    }

    /** The feed of those who want the same. FILTER_INVALID. */
    Feed feed(Feed.Key key) {
        var known = feeds.get(key);
        if (known != null) {
            return known;
        }
        var feed = new Feed(this, key, new RowSelector(key.wanted()), live.chunkBytes());
        feeds.put(key, feed);
        var keys = key.wanted().keys();
        if (keys == null) {
            wide.add(feed);
        } else {
            keys.forEach(row ->
                    byKey.computeIfAbsent(row, first -> new LinkedHashSet<>(2)).add(feed));
        }
        return feed;
    }

    /** The window of those who want the same. FILTER_INVALID. */
    Window window(Window.Key key) {
        var known = windows.get(key);
        if (known == null) {
            known = new Window(live, this, key);
            windows.put(key, known);
        }
        return known;
    }

    /** A window has lost its last member. */
    void left(Window window) {
        windows.remove(window.key(), window);
    }

    /** A feed may have lost its last member. */
    void left(Feed feed) {
        if (!feed.isEmpty()) {
            return;
        }
        feeds.remove(feed.key());
        wide.remove(feed);
        waiting.remove(feed);
        feed.restart(heard);
        var keys = feed.key().wanted().keys();
        if (keys != null) {
            keys.forEach(row ->
                    byKey.computeIfPresent(row, (same, those) -> those.remove(feed) && those.isEmpty() ? null : those));
        }
        if (feeds.isEmpty()) {
            end();
        }
    }

    private void end() {
        listening.end().onFailure(gone -> {});
        stopTimer();
        live.left(this);
    }

    String projection() {
        return projection;
    }

    /** The generation that change numbers are of. */
    int generation() {
        return generation;
    }

    /** The change number of the last commit heard of. */
    long heard() {
        return heard;
    }

    /** Where the view stood then. */
    Cursor cursor() {
        return cursor == null ? live.log().head() : cursor;
    }

    /** The recorded time of the last event folded then, in µs. */
    long atMicros() {
        return atMicros;
    }

    long nanos() {
        return live.nanos();
    }

    void later(Runnable work) {
        live.vertx().runOnContext(now -> work.run());
    }

    void hold(long more) {
        bytes += more;
    }

    boolean isFull() {
        return bytes > MAX_BYTES;
    }

    private void hear(ViewDelta delta) {
        boolean isNext = delta.generation() == generation && delta.fromChange() == heard;
        if (!isNext && delta.generation() == generation && delta.toChange() <= heard) {
            return;
        }
        if (!isNext) {
            generation = delta.generation();
            heard = delta.fromChange();
            List.copyOf(feeds.values()).forEach(feed -> feed.restart(heard));
        }
        heard = delta.toChange();
        cursor = delta.cursor();
        atMicros = delta.atMicros();
        var touched = new LinkedHashSet<Feed>();
        for (var change : delta.rows()) {
            for (var feed : byKey.getOrDefault(change.key(), Set.of())) {
                offer(feed, change, touched);
            }
            for (var feed : wide) {
                offer(feed, change, touched);
            }
        }
        touched.forEach(this::schedule);
    }

    private void offer(Feed feed, ViewDelta.Change change, Set<Feed> touched) {
        if (feed.offer(change, heard)) {
            touched.add(feed);
        }
    }

    /** Lets a feed tell what it has to tell: now if it may, else when it may. */
    void schedule(Feed feed) {
        if (!feed.isDue() || feed.isEmpty()) {
            return;
        }
        if (feed.dueNanos() <= nanos()) {
            feed.flush();
        } else {
            feed.isWaiting(true);
            waiting.add(feed);
            startTimer();
        }
    }

    private void startTimer() {
        var next = waiting.peek();
        if (next == null || timer != null && timerNanos - next.dueNanos() <= MILLI) {
            return;
        }
        stopTimer();
        timerNanos = next.dueNanos();
        long waitNanos = Math.max(0, timerNanos - nanos());
        timer = live.vertx().setTimer(waitNanos / MILLI + 1, id -> {
            timer = null;
            flushDue();
        });
    }

    private void flushDue() {
        var due = new ArrayList<Feed>();
        for (var next = waiting.peek(); next != null && next.dueNanos() <= nanos(); next = waiting.peek()) {
            waiting.remove();
            next.isWaiting(false);
            due.add(next);
        }
        due.forEach(this::schedule);
        startTimer();
    }

    private void stopTimer() {
        if (timer != null) {
            live.vertx().cancelTimer(timer);
            timer = null;
        }
    }
}
