package dev.sluice.projection;

import dev.sluice.bus.Mesh;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.projection.DefinitionFile.Written;
import dev.sluice.shard.ReadPool;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The projections of a process: definitions in the log, one fold thread, one view store. Opening it blocks. */
public final class ProjectionRoom implements Projections, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProjectionRoom.class);
    private static final int MAX_PROJECTIONS = 500;
    private static final int READ_THREADS = 4;
    private static final long MIN_ROW_BYTES = 4 << 20;

    private final Log log;
    private final MeterRegistry metrics;
    private final ViewStore store;
    private final DefinitionLog definitions;
    private final FoldLoop loop;
    private final LiveView.House house;
    private final WorkerExecutor changes;
    private final long cacheBytes;
    private final Map<String, LiveView> views = new ConcurrentSkipListMap<>();
    private final Map<String, Info> unreadable = new ConcurrentHashMap<>();
    private final Map<String, List<Meter.Id>> gauges = new ConcurrentHashMap<>();

    /**
     * Opens the views in a folder and folds on from their last flush.
     *
     * @param flushInterval how often what was folded is made durable at the latest; a crash costs folding it again
     * @param memoryBytes of the store's cache and memtables and, to the same amount, at most an eighth of the heap, rows at hand
     */
    public ProjectionRoom(
            Vertx vertx,
            Log log,
            Path folder,
            Duration flushInterval,
            long memoryBytes,
            Mesh mesh,
            MeterRegistry metrics) {
        this.log = log;
        this.metrics = metrics;
        var clock = metrics.config().clock();
        long rowBytes = Math.max(
                MIN_ROW_BYTES, Math.min(memoryBytes, Runtime.getRuntime().maxMemory() / 8));
        cacheBytes = rowBytes;
        store = ViewStore.open(folder, memoryBytes, log.id(), offsets(log));
        house = new LiveView.House(vertx, log, new ReadPool(vertx, READ_THREADS), clock);
        changes = vertx.createSharedWorkerExecutor("projection-changes", 1);
        definitions = new DefinitionLog(log, clock);
        var outbox = new Outbox(log);
        var wakeup = new Wakeup();
        var spiller = new Spiller(store, outbox, flushInterval.toNanos(), rowBytes, wakeup, System.nanoTime());
        loop = new FoldLoop(log, outbox, new DeltaPublisher(mesh), spiller, metrics, wakeup);
        try {
            var seats = new ArrayList<Seat>();
            definitions.all().forEach(latest -> recover(latest, seats));
            loop.start(seats);
            dropForgotten(seats);
        } catch (RuntimeException failed) {
            store.close();
            throw failed;
        }
    }

    private static long[] offsets(Log log) {
        var offsets = new long[log.shards()];
        var head = log.head();
        for (int shard = 0; shard < offsets.length; shard++) {
            offsets[shard] = head.offset(shard);
        }
        return offsets;
    }

    /** Goes on with what the store has of a name, and begins what it does not have. */
    private void recover(DefinitionLog.Latest latest, List<Seat> seats) {
        String text = latest.text();
        if (text == null) {
            return;
        }
        Definition definition;
        try {
            definition = only(DefinitionFile.read(text, latest.name()), latest.name())
                    .definition();
        } catch (Failure refused) {
            LOG.warn("definition_unreadable projection={} problem=\"{}\"", latest.name(), refused.getMessage());
            unreadable.put(latest.name(), unreadable(latest, refused));
            return;
        }
        var live = table(store.recovered(latest.name(), true));
        var building = table(store.recovered(latest.name(), false));
        if (live == null || live.generation() == latest.generation()) {
            var table = live == null ? create(latest.name(), latest.generation(), definition, text, true) : live;
            seats.add(new Seat(table, register(table, definition, text), true));
            return;
        }
        var view = register(live, definition, text);
        seats.add(new Seat(live, view, true));
        boolean isCurrent = building != null && building.generation() == latest.generation();
        seats.add(new Seat(
                building != null && isCurrent
                        ? building
                        : create(latest.name(), latest.generation(), definition, text, false),
                view,
                false));
    }

    private Info unreadable(DefinitionLog.Latest latest, Failure refused) {
        return new Info(
                latest.name(),
                latest.generation(),
                "failed",
                refused.getMessage(),
                dev.sluice.log.Cursor.start(log.shards()),
                new View.Lag(0, 0),
                0,
                0,
                String.valueOf(latest.text()));
    }

    /** Null when there is no record, or one whose definition is not read any more. */
    private @Nullable Table table(@Nullable ViewRecord record) {
        if (record == null) {
            return null;
        }
        try {
            var definition = only(DefinitionFile.read(record.text(), record.name()), record.name())
                    .definition();
            return table(record, definition);
        } catch (Failure refused) {
            return null;
        }
    }

    private Table table(ViewRecord record, Definition definition) {
        return new Table(
                record, definition, store.identity(), store.rows(), () -> cacheBytes / Math.max(1, views.size()));
    }

    private Table create(String name, int generation, Definition definition, String text, boolean isLive) {
        return table(store.create(name, generation, text, isLive, log.shards()), definition);
    }

    private LiveView register(Table table, Definition definition, String text) {
        var view = new LiveView(house, table, definition, text);
        views.put(table.name(), view);
        gauges.put(
                table.name(),
                List.of(
                        Gauge.builder("projection.lag", view, lagging -> lagging.lag()
                                        .events())
                                .tag("projection", table.name())
                                .register(metrics)
                                .getId(),
                        Gauge.builder(
                                        "projection.lag.time",
                                        view,
                                        lagging -> lagging.lag().millis() / 1e3)
                                .tag("projection", table.name())
                                .baseUnit("seconds")
                                .register(metrics)
                                .getId()));
        return view;
    }

    /** Deletes the rows of generations that nobody folds. */
    private void dropForgotten(List<Seat> seats) {
        Set<Integer> used = new HashSet<>();
        seats.forEach(seat -> used.add(seat.table().viewId()));
        store.recovered().stream()
                .filter(record -> !used.contains(record.viewId()))
                .forEach(record -> loop.drop(record.viewId()));
    }

    @Override
    public Future<List<Applied>> apply(String text, @Nullable String expectedName, String file) {
        return changes.executeBlocking(() -> {
            var written = DefinitionFile.read(text, file);
            if (expectedName != null) {
                only(written, expectedName);
            }
            long added = written.stream()
                    .filter(each -> !views.containsKey(each.definition().name()))
                    .count();
            if (views.size() + added > MAX_PROJECTIONS) {
                throw Failure.of(
                        Failure.Kind.DEFINITION_INVALID,
                        "found " + (views.size() + added) + " projections, expected at most " + MAX_PROJECTIONS);
            }
            var applied = new ArrayList<Applied>();
            for (var each : written) {
                applied.add(apply(each));
            }
            return applied;
        });
    }

    private static Written only(List<Written> written, String name) {
        String found = written.get(0).definition().name();
        if (written.size() != 1 || !found.equals(name)) {
            throw Failure.of(
                            Failure.Kind.DEFINITION_INVALID,
                            written.size() != 1
                                    ? "found " + written.size() + " definitions, expected the one of '" + name + "'"
                                    : "found projection '" + found + "', expected '" + name + "'")
                    .with("line", 1)
                    .with("key", "projection");
        }
        return written.get(0);
    }

    private Applied apply(Written written) {
        String name = written.definition().name();
        var view = views.get(name);
        var before = definitions.latest(name);
        if (view != null && view.definition().equals(written.definition())) {
            return new Applied(name, before.generation(), false, false);
        }
        int generation = before.generation() + 1;
        definitions.define(before, generation, written.text());
        var table = create(name, generation, written.definition(), written.text(), view == null);
        boolean isNew = view == null;
        if (view == null) {
            view = register(table, written.definition(), written.text());
        } else {
            view.define(written.definition(), written.text());
        }
        done(loop.add(new Seat(table, view, isNew)));
        unreadable.remove(name);
        LOG.info("projection_defined projection={} generation={}", name, generation);
        return new Applied(name, generation, before.text() == null, before.text() != null);
    }

    @Override
    public Future<Void> delete(String name) {
        return changes.executeBlocking(() -> {
            var view = views.get(name);
            if (view == null && !unreadable.containsKey(name)) {
                throw notFound(name);
            }
            definitions.delete(definitions.latest(name));
            unreadable.remove(name);
            views.remove(name);
            if (view != null) {
                done(loop.delete(view));
                removeGauges(name);
            }
            LOG.info("projection_deleted projection={}", name);
            return null;
        });
    }

    private void removeGauges(String name) {
        var removed = gauges.remove(name);
        if (removed != null) {
            removed.forEach(metrics::remove);
        }
    }

    private static void done(CompletableFuture<Void> work) {
        try {
            work.get();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw Failure.of(Failure.Kind.UNAVAILABLE, "stopped while a projection was being changed");
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException(failed.getCause());
        }
    }

    @Override
    public List<Info> list() {
        var all = new ArrayList<>(
                views.values().stream().map(ProjectionRoom::info).toList());
        all.addAll(unreadable.values());
        return all;
    }

    @Override
    public Info info(String name) {
        var broken = unreadable.get(name);
        return broken != null ? broken : info(found(name));
    }

    private static Info info(LiveView view) {
        var committed = view.table().committed();
        String problem = view.problem();
        return new Info(
                view.name(),
                view.generation(),
                problem == null ? "running" : "failed",
                problem,
                committed.cursor(),
                view.lag(),
                committed.checkpoint().rows(),
                view.table().parking().letters(),
                view.text());
    }

    @Override
    public View view(String name) {
        return found(name);
    }

    private LiveView found(String name) {
        var view = views.get(name);
        if (view == null) {
            throw notFound(name);
        }
        return view;
    }

    private Failure notFound(String name) {
        var names = views.keySet().stream().limit(20).toList();
        return Failure.of(
                Failure.Kind.PROJECTION_NOT_FOUND,
                "found no projection '" + name + "', expected "
                        + (names.isEmpty() ? "one, but there is none" : "one of " + String.join(", ", names)));
    }

    /** Ends the fold after its batch and flushes; then the stop was clean. Before the log is closed. */
    @Override
    public void close() {
        if (loop.stop()) {
            store.closeCleanly();
        } else {
            store.close();
        }
        List.copyOf(gauges.keySet()).forEach(this::removeGauges);
        changes.close().onFailure(late -> LOG.warn("projection_changes_not_closed", late));
        house.reads().close().onFailure(late -> LOG.warn("view_reads_not_closed", late));
    }
}
