package dev.sluice.projection;

import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.Position;
import dev.sluice.projection.definition.Definition;
import dev.sluice.projection.row.Checkpoint;
import dev.sluice.shard.ReadPool;
import io.micrometer.core.instrument.Clock;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The view of a name: the table of its live generation, whichever that is at the moment. */
final class LiveView implements View {
    /** What a view needs of its room. */
    record House(Vertx vertx, Log log, ReadPool reads, Clock clock, AsOf asOf) {}

    private static final int MAX_WAITERS = 10_000;
    private static final int MAX_LIMIT = 100_000;

    private final House house;
    private final String name;
    private final long firstMicros;
    private final ConcurrentLinkedQueue<Waiter> waiters = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiterCount = new AtomicInteger();
    private volatile Table table;
    private volatile Definition definition;
    private volatile String text;
    private volatile boolean isDeleted;
    private volatile boolean isPaused;
    private volatile String pauseReason = "";
    private volatile @Nullable String problem;
    private volatile @Nullable Seat building;

    private volatile Oldest oldest;

    /** When the oldest event behind a checkpoint was recorded. */
    private record Oldest(Checkpoint checkpoint, long micros) {}

    /** A call of {@link #reached}. */
    private record Waiter(Cursor after, CompletableFuture<Void> done) {}

    /** @param definition the newest, which {@code table} may not be of yet */
    LiveView(House house, Table table, Definition definition, String text) {
        this.house = house;
        this.name = table.name();
        this.table = table;
        this.definition = definition;
        this.text = text;
        oldest = new Oldest(Checkpoint.start(0), 0);
        firstMicros = firstMicros();
    }

    /** When the first event of the log was recorded, now when there is none. Blocking. */
    private long firstMicros() {
        long micros = nowMicros();
        for (int shard = 0; shard < house.log().shards(); shard++) {
            var first = house.log().event(new Position(shard, 1));
            micros = first == null ? micros : Math.min(micros, first.recordedMicros());
        }
        return micros;
    }

    Table table() {
        return table;
    }

    /** By the clock on the wall. */
    long nowMicros() {
        return TimeUnit.MILLISECONDS.toMicros(house.clock().wallTime());
    }

    Definition definition() {
        return definition;
    }

    String text() {
        return text;
    }

    void define(Definition newer, String newerText) {
        definition = newer;
        text = newerText;
    }

    /** Readers go on with another generation. Fold thread. */
    void switchTo(Table next) {
        table = next;
    }

    boolean isPaused() {
        return isPaused;
    }

    /** Empty when there is none. */
    String pauseReason() {
        return pauseReason;
    }

    void pause(boolean paused, String reason) {
        isPaused = paused;
        pauseReason = reason;
    }

    /** The generation that is folded beside the live one, null when there is none. */
    @Nullable
    Seat building() {
        return building;
    }

    /** Fold thread. */
    void building(@Nullable Seat seat) {
        building = seat;
    }

    /** Whether the generation beside the live one is folded no more. */
    boolean isBuildingBroken() {
        var seat = building;
        return seat != null && seat.isBroken();
    }

    /** How far the generation beside the live one is, null when there is none. */
    Projections.@Nullable Building progress() {
        var seat = building;
        if (seat == null) {
            return null;
        }
        var head = house.log().head();
        long total = 0;
        for (int shard = 0; shard < house.log().shards(); shard++) {
            total += head.offset(shard);
        }
        return seat.progress(total, System.nanoTime());
    }

    /** Fold thread. */
    void delete() {
        isDeleted = true;
        table.drop();
        wakeWaiters();
    }

    @Nullable
    String problem() {
        return problem;
    }

    /** Why the live generation, or the one beside it, cannot be folded; null when they can. */
    @Nullable
    String missing() {
        String missing = table.missing();
        var beside = building;
        return missing != null || beside == null ? missing : beside.table().missing();
    }

    void problem(@Nullable String found) {
        problem = found;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int generation() {
        return table.generation();
    }

    @Override
    public List<String> columns() {
        return table.columns().names();
    }

    @Override
    public long change() {
        return table.committed().checkpoint().change();
    }

    @Override
    public Cursor cursor() {
        return table.committed().cursor();
    }

    @Override
    public Lag lag() {
        var checkpoint = table.committed().checkpoint();
        var head = house.log().head();
        long events = 0;
        for (int shard = 0; shard < checkpoint.offsets().length; shard++) {
            events += Math.max(0, head.offset(shard) - checkpoint.offsets()[shard]);
        }
        if (events == 0) {
            return new Lag(0, 0);
        }
        long micros = nowMicros() - oldestMicros(checkpoint, head);
        return new Lag(events, Math.max(0, TimeUnit.MICROSECONDS.toMillis(micros)));
    }

    /**
     * When the oldest event was recorded that is not folded. The log says it of its last events without blocking, and what it has
     * said is good while nothing is folded; of others, that it was not before the last one folded.
     */
    private long oldestMicros(Checkpoint checkpoint, Cursor head) {
        var known = oldest;
        if (known.checkpoint() == checkpoint) {
            return known.micros();
        }
        long micros = Long.MAX_VALUE;
        for (int shard = 0; shard < checkpoint.offsets().length; shard++) {
            long next = checkpoint.offsets()[shard] + 1;
            if (next <= head.offset(shard)) {
                micros = Math.min(micros, house.log().shard(shard).recordedIfRecent(next));
            }
        }
        if (micros < 0) {
            return Math.max(checkpoint.lastMicros(), firstMicros);
        }
        oldest = new Oldest(checkpoint, micros);
        return micros;
    }

    /** How long ago the oldest open dead letter was written, 0 when there is none. Reads the log. */
    double oldestLetterSeconds() {
        var letter = table.parking().oldestLetter();
        var written = letter == null ? null : house.log().event(letter);
        return written == null ? 0 : Math.max(0, nowMicros() - written.recordedMicros()) / 1e6;
    }

    @Override
    public Future<KeyedRow> row(String key) {
        return read(reads -> reads.row(key));
    }

    @Override
    public Future<Page> rows(
            String prefix,
            @Nullable String afterKey,
            int limit,
            @Nullable Predicate<Function<String, @Nullable Object>> where) {
        checkLimit(limit);
        return read(reads -> reads.rows(prefix, afterKey, limit, where));
    }

    @Override
    public Future<Page> rowsBy(
            Order order,
            String prefix,
            @Nullable String after,
            int limit,
            @Nullable Predicate<Function<String, @Nullable Object>> where,
            boolean mayScan) {
        checkLimit(limit);
        return readTable(current -> new OrderedReads(current).rows(order, prefix, after, limit, where, mayScan));
    }

    @Override
    public void check(Order order) {
        new OrderedReads(table).check(order);
    }

    @Override
    public Future<Rows> at(Cursor cursor, long waitMillis) {
        return house.reads().run(() -> AsOf.offsets(house.log(), cursor)).compose(until -> house.asOf()
                .rows(table, until, waitMillis));
    }

    @Override
    public Future<Rows> at(long recordedMicros, long waitMillis) {
        return house.reads()
                .run(() -> AsOf.offsets(house.log(), recordedMicros))
                .compose(until -> house.asOf().rows(table, until, waitMillis));
    }

    @Override
    public Future<Changes> changesAfter(long change, @Nullable String afterKey, int limit) {
        checkLimit(limit);
        return read(reads -> reads.changesAfter(change, afterKey, limit));
    }

    @Override
    public Future<Page> rowsOf(
            List<String> keys,
            @Nullable String afterKey,
            int limit,
            @Nullable Predicate<Function<String, @Nullable Object>> where) {
        checkLimit(limit);
        return read(reads -> reads.rowsOf(keys, afterKey, limit, where));
    }

    @Override
    public Future<Changes> changesOf(List<String> keys, long change, @Nullable String afterKey, int limit) {
        checkLimit(limit);
        return read(reads -> reads.changesOf(keys, change, afterKey, limit));
    }

    private static void checkLimit(int limit) {
        if (limit < 1 || limit > MAX_LIMIT) {
            throw new IllegalArgumentException("limit " + limit + " is not within 1 to " + MAX_LIMIT);
        }
    }

    private <T> Future<T> read(Function<TableReads, T> read) {
        return readTable(current -> read.apply(new TableReads(current)));
    }

    private <T> Future<T> readTable(Function<Table, T> read) {
        return house.reads().run(() -> {
            while (true) {
                var current = table;
                try {
                    return read.apply(current);
                } catch (TableReads.Dropped dropped) {
                    if (isDeleted || current == table) {
                        throw deleted();
                    }
                }
            }
        });
    }

    /** PROJECTION_NOT_FOUND when it was deleted. */
    void checkThere() {
        if (isDeleted) {
            throw deleted();
        }
    }

    private Failure deleted() {
        return Failure.of(
                Failure.Kind.PROJECTION_NOT_FOUND, "found projection " + name + " deleted, expected one that is there");
    }

    @Override
    public Future<Void> reached(Cursor after, long waitMillis) {
        if (isReached(after)) {
            return Future.succeededFuture();
        }
        if (waitMillis <= 0) {
            return Future.failedFuture(notYet(0));
        }
        if (waiterCount.incrementAndGet() > MAX_WAITERS) {
            waiterCount.decrementAndGet();
            return Future.failedFuture(Failure.of(
                    Failure.Kind.OVERLOADED, "found " + MAX_WAITERS + " readers waiting for " + name + " already"));
        }
        var waiter = new Waiter(after, new CompletableFuture<>());
        waiters.add(waiter);
        if (isReached(after) || isDeleted) {
            wakeWaiters();
        }
        long timer =
                house.vertx().setTimer(waitMillis, late -> waiter.done().completeExceptionally(notYet(waitMillis)));
        waiter.done().whenComplete((reached, late) -> {
            house.vertx().cancelTimer(timer);
            if (late != null && waiters.remove(waiter)) {
                waiterCount.decrementAndGet();
            }
        });
        return Future.fromCompletionStage(waiter.done(), house.vertx().getOrCreateContext());
    }

    private boolean isReached(Cursor after) {
        return table.committed().cursor().covers(after);
    }

    private Failure notYet(long waitMillis) {
        return Failure.of(
                        Failure.Kind.NOT_YET,
                        "found projection " + name + " at " + lag().events()
                                + " events before the end of the log, expected it at the given cursor within "
                                + waitMillis + " ms")
                .with("cursor", cursor().encode());
    }

    /** After each commit; any thread. */
    void wakeWaiters() {
        if (waiters.isEmpty()) {
            return;
        }
        for (Iterator<Waiter> each = waiters.iterator(); each.hasNext(); ) {
            var waiter = each.next();
            boolean isOver = isDeleted || isReached(waiter.after());
            if (isOver && waiters.remove(waiter)) {
                waiterCount.decrementAndGet();
                if (isDeleted) {
                    waiter.done().completeExceptionally(deleted());
                } else {
                    waiter.done().complete(null);
                }
            }
        }
    }

    @Override
    public Resume resume(Cursor token) {
        var current = table;
        var view = token.view();
        var identity = current.identity();
        if (view == null
                || view.storeId() != identity.storeId()
                || view.epoch() > identity.epoch()
                || !view.projection().equals(name)
                || view.generation() != current.generation()) {
            return new Resume(false, 0, null);
        }
        // a key stands inside the next commit, which must not have been lost and given to other rows
        long named = view.key() == null ? view.change() : view.change() + 1;
        long good = current.record().epochs().clamp(view.epoch(), named);
        if (good < 0
                || Math.min(good, view.change()) < current.purged()
                || good < named && view.key() != null
                || Math.min(good, view.change())
                        > current.committed().checkpoint().change()) {
            return new Resume(false, 0, null);
        }
        return new Resume(true, Math.min(good, view.change()), view.key());
    }
}
