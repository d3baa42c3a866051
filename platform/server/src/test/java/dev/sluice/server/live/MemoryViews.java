package dev.sluice.server.live;

import dev.sluice.bus.Addresses;
import dev.sluice.bus.Mesh;
import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.Explanation;
import dev.sluice.projection.Projection;
import dev.sluice.projection.Projections;
import dev.sluice.projection.Queries;
import dev.sluice.projection.Rows;
import dev.sluice.projection.View;
import dev.sluice.projection.ViewDelta;
import dev.sluice.projection.row.Row;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One view whose commits the test makes: rows and change index in memory, the contract of {@link View}, answers on the caller's
 * context from another thread.
 */
final class MemoryViews implements Projections {
    static final String NAME = "rows";

    private final Vertx vertx;
    private final Mesh mesh;
    private final long storeId = 7;
    private MemoryView view = new MemoryView(1);
    private boolean isDeleted;
    private volatile boolean isStuck;
    private final Queue<Promise<Void>> waits = new ConcurrentLinkedQueue<>();
    private volatile List<String> columns = List.of("number");

    MemoryViews(Vertx vertx, Mesh mesh) {
        this.vertx = vertx;
        this.mesh = mesh;
    }

    /** Sets (or with null deletes) a row's number, in one commit. */
    synchronized void commit(Map<String, @Nullable Integer> numbers) {
        view.commit(numbers);
    }

    synchronized Map<String, JsonObject> rows() {
        var rows = new TreeMap<String, JsonObject>();
        view.rows.forEach((key, kept) -> {
            if (kept.row != null) {
                rows.put(key, new JsonObject(new String(kept.row.json(), StandardCharsets.UTF_8)));
            }
        });
        return rows;
    }

    /** Begins another generation with these rows. */
    synchronized void rebuild(Map<String, @Nullable Integer> numbers) {
        view = new MemoryView(view.generation + 1);
        view.commit(numbers);
    }

    /** What rows have from now on, in name. */
    void columns(String... names) {
        columns = List.of(names);
    }

    /** Reaches nothing from now on: who waits does so for ever. */
    void getStuck() {
        isStuck = true;
    }

    synchronized void delete() {
        isDeleted = true;
    }

    @Override
    public Future<List<Applied>> apply(String text, @Nullable String expectedName, String file, Applying how) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Applied> register(Projection<?> projection) {
        throw new UnsupportedOperationException();
    }

    @Override
    public <R extends Record> Queries<R> query(Projection<R> projection) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Explanation> explain(String name, RecordedEvent event) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Explanation> why(String name, RecordedEvent event) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Tested> test(String text, List<Given> events) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Info> rebuild(String name, boolean isHeld) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Info> switchOver(String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Info> rollback(String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Info> pause(String name, @Nullable String reason) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Info> resume(String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Void> delete(String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<Info> list() {
        return List.of(info(NAME));
    }

    @Override
    public synchronized Info info(String name) {
        return new Info(
                name, view.generation, "running", null, null, view.cursor(), view.lag(), rows().size(), 0, null, "");
    }

    @Override
    public synchronized View view(String name) {
        if (!name.equals(NAME) || isDeleted) {
            throw Failure.of(Failure.Kind.PROJECTION_NOT_FOUND, "found no projection " + name);
        }
        return view;
    }

    private record NumberRow(int number) implements Row {
        @Override
        public @Nullable Object get(String column) {
            return column.equals("number") ? BigDecimal.valueOf(number) : null;
        }

        @Override
        public byte[] json() {
            return ("{\"number\":" + number + "}").getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public byte[] json(@Nullable Set<String> columns, boolean numbersAsText) {
            String text = numbersAsText ? "\"" + number + "\"" : String.valueOf(number);
            boolean isWanted = columns == null || columns.contains("number");
            return (isWanted ? "{\"number\":" + text + "}" : "{}").getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public int weight() {
            return 100;
        }
    }

    private record Kept(String key, @Nullable NumberRow row, long change) {}

    private final class MemoryView implements View {
        private final int generation;
        private final Map<String, Kept> rows = new TreeMap<>();
        private long change;

        MemoryView(int generation) {
            this.generation = generation;
        }

        void commit(Map<String, @Nullable Integer> numbers) {
            var changes = new ArrayList<ViewDelta.Change>();
            long from = change++;
            new TreeMap<>(numbers).forEach((key, number) -> {
                Kept before = rows.get(key);
                var after = number == null ? null : new NumberRow(number);
                rows.put(key, new Kept(key, after, change));
                changes.add(new ViewDelta.Change(key, before == null ? null : before.row, after));
            });
            var delta = new ViewDelta(NAME, generation, from, change, cursor(), changes, 1_000_000);
            mesh.publish(Addresses.transitions(NAME), delta);
            mesh.publish(Addresses.view(NAME), delta);
        }

        @Override
        public String name() {
            return NAME;
        }

        @Override
        public int generation() {
            return generation;
        }

        @Override
        public List<String> columns() {
            return columns;
        }

        @Override
        public long change() {
            synchronized (MemoryViews.this) {
                return change;
            }
        }

        @Override
        public Cursor cursor() {
            synchronized (MemoryViews.this) {
                return cursorAt(change);
            }
        }

        private Cursor cursorAt(long number) {
            return Cursor.of(number).with(new Cursor.ViewPart(storeId, 1, NAME, generation, number, null));
        }

        @Override
        public Lag lag() {
            return new Lag(0, 0);
        }

        @Override
        public Future<KeyedRow> row(String key) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Future<Page> rows(
                String prefix,
                @Nullable String afterKey,
                int limit,
                @Nullable Predicate<Function<String, @Nullable Object>> where) {
            return later(() -> page(present(key -> key.startsWith(prefix), where), afterKey, limit));
        }

        @Override
        public Future<Page> rowsOf(
                List<String> keys,
                @Nullable String afterKey,
                int limit,
                @Nullable Predicate<Function<String, @Nullable Object>> where) {
            return later(() -> page(present(keys::contains, where), afterKey, limit));
        }

        /** By number, then by key; in one page. */
        @Override
        public Future<Page> rowsBy(
                Order order,
                String prefix,
                @Nullable String after,
                int limit,
                @Nullable Predicate<Function<String, @Nullable Object>> where,
                boolean mayScan) {
            Comparator<Kept> byNumber = Comparator.comparingInt(kept -> Objects.requireNonNull(kept.row).number);
            return later(() -> {
                var found = present(key -> key.startsWith(prefix), where).stream()
                        .sorted((order.isDescending() ? byNumber.reversed() : byNumber).thenComparing(Kept::key))
                        .limit(limit)
                        .map(kept -> new KeyedRow(kept.key, kept.row, cursor()))
                        .toList();
                return new Page(found, cursor(), null, 0, null);
            });
        }

        @Override
        public void check(Order order) {}

        private List<Kept> present(
                Predicate<String> isWanted, @Nullable Predicate<Function<String, @Nullable Object>> where) {
            return rows.values().stream()
                    .filter(kept -> kept.row != null && isWanted.test(kept.key))
                    .filter(kept -> where == null
                            || where.test(name -> name.equals("key")
                                    ? kept.key
                                    : Objects.requireNonNull(kept.row).get(name)))
                    .toList();
        }

        private Page page(List<Kept> found, @Nullable String afterKey, int limit) {
            var behind = found.stream()
                    .filter(kept -> afterKey == null || kept.key.compareTo(afterKey) > 0)
                    .toList();
            var page = behind.stream()
                    .limit(limit)
                    .map(kept -> new KeyedRow(kept.key, kept.row, cursor()))
                    .toList();
            return new Page(
                    page, cursor(), behind.size() > limit ? page.get(limit - 1).key() : null, 0, null);
        }

        @Override
        public Future<Rows> at(Cursor cursor, long waitMillis) {
            throw new UnsupportedOperationException("no past here");
        }

        @Override
        public Future<Rows> at(long recordedMicros, long waitMillis) {
            throw new UnsupportedOperationException("no past here");
        }

        @Override
        public Future<Changes> changesAfter(long after, @Nullable String afterKey, int limit) {
            return changes(key -> true, after, afterKey, limit);
        }

        @Override
        public Future<Changes> changesOf(List<String> keys, long after, @Nullable String afterKey, int limit) {
            return changes(keys::contains, after, afterKey, limit);
        }

        private Future<Changes> changes(Predicate<String> isWanted, long after, @Nullable String afterKey, int limit) {
            return later(() -> {
                var changed = rows.values().stream()
                        .filter(kept -> isWanted.test(kept.key)
                                && kept.change > after
                                && !(kept.change == after + 1 && afterKey != null && kept.key.compareTo(afterKey) <= 0))
                        .sorted(Comparator.comparingLong(Kept::change).thenComparing(Kept::key))
                        .toList();
                var some = new ArrayList<KeyedRow>();
                changed.stream()
                        .limit(limit)
                        .forEach(kept -> some.add(new KeyedRow(kept.key, kept.row, cursorAt(kept.change))));
                if (changed.size() <= limit) {
                    return new Changes(some, change, null, cursor(), false, false);
                }
                Kept last = changed.get(limit - 1);
                boolean isCut = changed.get(limit).change == last.change;
                long next = isCut ? last.change - 1 : last.change;
                return new Changes(some, next, isCut ? last.key : null, cursorAt(next), true, false);
            });
        }

        @Override
        public Future<Void> reached(Cursor after, long waitMillis) {
            if (isStuck) {
                var wait = Promise.<Void>promise();
                waits.add(wait);
                return wait.future();
            }
            return after.offset(0) <= change()
                    ? Future.succeededFuture()
                    : Future.failedFuture(Failure.of(Failure.Kind.NOT_YET, "not there yet"));
        }

        @Override
        public Resume resume(Cursor token) {
            Cursor.ViewPart part = token.view();
            return part != null && part.storeId() == storeId && part.generation() == generation
                    ? new Resume(true, part.change(), part.key())
                    : new Resume(false, 0, null);
        }

        private <T> Future<T> later(java.util.concurrent.Callable<T> read) {
            return vertx.executeBlocking(
                    () -> {
                        synchronized (MemoryViews.this) {
                            return read.call();
                        }
                    },
                    false);
        }
    }

    static Map<String, @Nullable Integer> numbers(Object... keysAndNumbers) {
        var numbers = new LinkedHashMap<String, @Nullable Integer>();
        for (int i = 0; i < keysAndNumbers.length; i += 2) {
            numbers.put((String) keysAndNumbers[i], (Integer) keysAndNumbers[i + 1]);
        }
        return numbers;
    }
}
