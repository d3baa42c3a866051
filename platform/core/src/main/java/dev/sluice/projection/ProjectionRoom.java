package dev.sluice.projection;

import dev.sluice.bus.Mesh;
import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.definition.Definition;
import dev.sluice.projection.definition.DefinitionFile;
import dev.sluice.projection.row.RowBudget;
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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The projections of a process: definitions in the log, one fold thread, one view store. Opening it blocks. */
public final class ProjectionRoom implements Projections, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProjectionRoom.class);
    private static final int MAX_PROJECTIONS = 500;
    private static final int READ_THREADS = 4;
    private static final long DURABLE_MILLIS = 30_000;

    private final Log log;
    private final MeterRegistry metrics;
    private final ViewStore store;
    private final FoldLoop loop;
    private final LiveView.House house;
    private final WorkerExecutor changes;
    private final Tables tables;
    private final Operations operations;
    private final QueryHandlers handlers;
    private final Map<String, LiveView> views = new ConcurrentSkipListMap<>();
    private final Map<String, Info> unreadable = new ConcurrentHashMap<>();
    private final Map<String, List<Meter.Id>> gauges = new ConcurrentHashMap<>();

    /**
     * Opens the views in a folder and folds on from their last spill.
     *
     * @param flushInterval how often what was folded is made durable at the latest; a crash costs folding it again
     */
    public ProjectionRoom(
            Vertx vertx,
            Log log,
            Path folder,
            Duration flushInterval,
            ViewMemory memory,
            Mesh mesh,
            MeterRegistry metrics) {
        this.log = log;
        this.metrics = metrics;
        var clock = metrics.config().clock();
        var budget = new RowBudget(memory.rowBytes());
        store = ViewStore.open(folder, memory.storeBytes(), log.id(), offsets(log));
        changes = vertx.createSharedWorkerExecutor("projection-changes", 1);
        var java = new JavaProjections();
        tables = new Tables(store, log.shards(), budget, java);
        var reads = new ReadPool(vertx, READ_THREADS);
        house = new LiveView.House(vertx, log, reads, clock, new AsOf(vertx, log, reads, tables::scratch));
        handlers = new QueryHandlers(mesh);
        var definitions = new DefinitionLog(log, clock);
        var outbox = new Outbox(log);
        var wakeup = new Wakeup();
        var spiller = new Spiller(
                store, outbox, flushInterval.toNanos(), budget.maxUnwrittenBytes(), wakeup, System.nanoTime());
        loop = new FoldLoop(log, outbox, new DeltaPublisher(mesh), spiller, metrics, wakeup, this::caughtUp);
        operations = new Operations(definitions, tables, java, loop, log.shards());
        try {
            var seats = new ArrayList<Seat>();
            definitions.all().forEach(each -> recover(each, seats));
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

    private void recover(Generations generations, List<Seat> seats) {
        var live = generations.live();
        if (live == null) {
            return;
        }
        var building = generations.building();
        var newest = building == null ? live : building;
        try {
            var definition = Tables.definition(generations.name(), newest.text());
            var recovered = tables.recover(generations, live, table -> register(table, definition, newest.text()));
            recovered.get(0).view().pause(generations.isPaused(), generations.pauseReason());
            seats.addAll(recovered);
        } catch (Failure refused) {
            LOG.warn("definition_unreadable projection={} problem=\"{}\"", generations.name(), refused.getMessage());
            unreadable.put(generations.name(), unreadable(generations, newest, refused));
        }
    }

    private Info unreadable(Generations generations, Generations.Generation newest, Failure refused) {
        return new Info(
                generations.name(),
                newest.number(),
                "failed",
                refused.getMessage(),
                null,
                Cursor.start(log.shards()),
                new View.Lag(0, 0),
                0,
                0,
                null,
                newest.text());
    }

    private LiveView register(Table table, Definition definition, String text) {
        var view = new LiveView(house, table, definition, text);
        views.put(table.name(), view);
        gauges.put(
                table.name(),
                List.of(
                        gauge("projection.lag", null, "projection", view, each -> each.lag()
                                .events()),
                        gauge(
                                "projection.lag.time",
                                "seconds",
                                "projection",
                                view,
                                each -> each.lag().millis() / 1e3),
                        gauge("projection.rebuild.progress", null, "projection", view, ProjectionRoom::progress),
                        gauge("deadletter.entries", null, "consumer", view, each -> each.table()
                                .parking()
                                .letters()),
                        gauge("deadletter.oldest.age", "seconds", "consumer", view, LiveView::oldestLetterSeconds)));
        return view;
    }

    private Meter.Id gauge(
            String name, @Nullable String unit, String tag, LiveView view, ToDoubleFunction<LiveView> value) {
        return Gauge.builder(name, view, value)
                .tag(tag, (tag.equals("consumer") ? "projection:" : "") + view.name())
                .baseUnit(unit)
                .register(metrics)
                .getId();
    }

    /** 1 when nothing is built. */
    private static double progress(LiveView view) {
        var building = view.progress();
        return building == null || building.total() == 0 ? 1 : (double) building.events() / building.total();
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
    public Future<List<Applied>> apply(String text, @Nullable String expectedName, String file, Applying how) {
        return changes.executeBlocking(() -> {
            var written = DefinitionFile.read(text, file);
            if (expectedName != null) {
                DefinitionFile.only(written, expectedName);
            }
            checkCount(written.stream().map(each -> each.definition().name()));
            var applied = new ArrayList<Applied>();
            for (var each : written) {
                String name = each.definition().name();
                applied.add(operations.apply(each, views.get(name), how, this::register));
                if (how != Applying.TRIED) {
                    unreadable.remove(name);
                }
            }
            return applied;
        });
    }

    private void checkCount(Stream<String> names) {
        long added = names.filter(name -> !views.containsKey(name)).count();
        if (views.size() + added > MAX_PROJECTIONS) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    "found " + (views.size() + added) + " projections, expected at most " + MAX_PROJECTIONS);
        }
    }

    @Override
    public Future<Applied> register(Projection<?> projection) {
        return changes.executeBlocking(() -> {
                    String name = projection.name();
                    checkCount(Stream.of(name));
                    var applied = operations.register(projection, views.get(name), this::register);
                    unreadable.remove(name);
                    return applied;
                })
                .compose(applied -> handlers.serve(projection, this).map(applied));
    }

    @Override
    public <R extends Record> Queries<R> query(Projection<R> projection) {
        return new Queries<>(this, projection, null, 0);
    }

    @Override
    public Future<Info> rebuild(String name, boolean isHeld) {
        return operate(name, view -> operations.rebuild(view, isHeld));
    }

    @Override
    public Future<Info> switchOver(String name) {
        return operate(name, operations::switchOver);
    }

    @Override
    public Future<Info> rollback(String name) {
        return operate(name, operations::rollback);
    }

    @Override
    public Future<Info> pause(String name, @Nullable String reason) {
        return changes.executeBlocking(
                        () -> operations.pause(found(name), reason).copy())
                .compose(durable -> {
                    long timer =
                            house.vertx().setTimer(DURABLE_MILLIS, late -> durable.completeExceptionally(notDurable()));
                    return Future.fromCompletionStage(durable, house.vertx().getOrCreateContext())
                            .onComplete(done -> house.vertx().cancelTimer(timer));
                })
                .map(done -> info(name));
    }

    private static Failure notDurable() {
        return Failure.of(
                Failure.Kind.DEADLINE_EXCEEDED,
                "paused, but what was folded is not durable after " + DURABLE_MILLIS
                        + " ms: a crash would let the rows fall back");
    }

    @Override
    public Future<Info> resume(String name) {
        return operate(name, operations::resume);
    }

    private Future<Info> operate(String name, Consumer<LiveView> operation) {
        return changes.executeBlocking(() -> {
            var view = found(name);
            operation.accept(view);
            return info(view);
        });
    }

    /** Fold thread. */
    private void caughtUp(Seat seat) {
        changes.executeBlocking(() -> {
                    if (views.get(seat.view().name()) == seat.view()) {
                        operations.goLive(seat.view(), seat.generation());
                    }
                    return null;
                })
                .onFailure(refused -> {
                    String problem = String.valueOf(refused.getMessage());
                    if (seat.waits(problem)) {
                        LOG.warn(
                                "generation_waits projection={} generation={} problem=\"{}\"",
                                seat.view().name(),
                                seat.generation(),
                                problem);
                    }
                });
    }

    @Override
    public Future<Void> delete(String name) {
        return changes.executeBlocking(() -> {
            var view = views.get(name);
            if (view == null && !unreadable.containsKey(name)) {
                throw notFound(name);
            }
            unreadable.remove(name);
            views.remove(name);
            operations.delete(name, view);
            removeGauges(name);
            return null;
        });
    }

    private void removeGauges(String name) {
        var removed = gauges.remove(name);
        if (removed != null) {
            removed.forEach(metrics::remove);
        }
    }

    @Override
    public Future<Explanation> explain(String name, RecordedEvent event) {
        return explain(name, event, false);
    }

    @Override
    public Future<Explanation> why(String name, RecordedEvent event) {
        return explain(name, event, true);
    }

    private Future<Explanation> explain(String name, RecordedEvent event, boolean isPast) {
        var view = found(name);
        var asked = loop.ask(view, seat -> Explainer.explain(seat, event, isPast));
        return Future.fromCompletionStage(asked, house.vertx().getOrCreateContext())
                .compose(told -> house.reads().run(() -> told.with(Explainer.withLetter(log, told.outcome()))));
    }

    @Override
    public Future<Tested> test(String text, List<Given> events) {
        if (events.size() > MAX_TESTED) {
            throw Failure.of(
                    Failure.Kind.INVALID_REQUEST, "found " + events.size() + " events, expected at most " + MAX_TESTED);
        }
        return house.reads().run(() -> {
            var written = DefinitionFile.read(text, "the definition");
            var only = DefinitionFile.only(written, written.get(0).definition().name());
            return Explainer.test(log, tables.tried(only.definition(), only.text()), GivenEvent.recorded(events));
        });
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
        String missing = view.missing();
        String problem = missing == null ? view.problem() : missing;
        var building = view.progress();
        String state = problem != null
                ? "failed"
                : view.isPaused() ? "paused" : building != null && !building.isFailed() ? "building" : "running";
        return new Info(
                view.name(),
                view.generation(),
                state,
                problem,
                view.pauseReason().isEmpty() ? null : view.pauseReason(),
                committed.cursor(),
                view.lag(),
                committed.checkpoint().rows(),
                view.table().parking().letters(),
                building,
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

    /** Ends the fold after its batch and writes all; then the stop was clean. Before the log is closed. */
    @Override
    public void close() {
        handlers.close().onFailure(late -> LOG.warn("query_handlers_not_closed", late));
        house.asOf().close();
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
