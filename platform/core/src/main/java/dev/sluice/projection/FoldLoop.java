package dev.sluice.projection;

import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.RecordedEvent;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that folds. Tables that stand at the same place of the log share a {@link Lane}; the first lane is the one
 * farthest on, the others read up to it and then join it. While the first lane has more to do than time, the others together get
 * a quarter of the thread, so that live views do not wait for them, and what is only being built has its {@link BuildShare}; a second
 * thread would take from the appends of a small machine the core they need. A table being built asks to go live when it is in the first lane.
 */
final class FoldLoop {
    private static final Logger LOG = LoggerFactory.getLogger(FoldLoop.class);

    private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(30);
    private static final long CATCH_UP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long ASK_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long FULL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Outbox outbox;
    private final DeltaPublisher publisher;
    private final Spiller spiller;
    private final MeterRegistry metrics;
    private final Wakeup wakeup;
    private final Thread thread = new Thread(this::run, "sluice-fold");
    private final Consumer<Seat> onCaughtUp;
    private final ConcurrentLinkedQueue<Command<?>> commands = new ConcurrentLinkedQueue<>();
    private final CompletableFuture<Boolean> ended = new CompletableFuture<>();
    private final Roster roster;
    private final BuildShare buildShare = new BuildShare();
    private final List<Table> broken = new ArrayList<>();
    private final Program.Outcomes outcomes = new Outcomes();
    private volatile boolean isStopping;

    /** Work for the fold thread. */
    private record Command<T>(Supplier<T> work, CompletableFuture<T> done) {
        void run() {
            try {
                done.complete(work.get());
            } catch (RuntimeException refused) {
                done.completeExceptionally(refused);
            }
        }
    }

    /** @param onCaughtUp told of a table that may go live, now and then until it did; to return at once */
    FoldLoop(
            Log log,
            Outbox outbox,
            DeltaPublisher publisher,
            Spiller spiller,
            MeterRegistry metrics,
            Wakeup wakeup,
            Consumer<Seat> onCaughtUp) {
        this.outbox = outbox;
        this.publisher = publisher;
        this.spiller = spiller;
        this.metrics = metrics;
        this.wakeup = wakeup;
        this.onCaughtUp = onCaughtUp;
        roster = new Roster(log, publisher, spiller);
        thread.setDaemon(true);
    }

    /** Begins with what was recovered: tables at the same place share a lane from the start. */
    void start(List<Seat> recovered) {
        recovered.forEach(roster::take);
        thread.start();
    }

    /** Folds a table from now on. A table that was being built for the same view is given up. */
    CompletableFuture<Void> add(Seat seat) {
        return run(() -> {
            if (seat.isBuilding()) {
                roster.giveUpBuilding(seat.view());
            }
            roster.take(seat);
        });
    }

    /** Folds a kept generation on, in place of what is being built; false when its rows are not there. */
    CompletableFuture<Boolean> revive(LiveView view, int generation) {
        return ask(() -> roster.revive(view, generation));
    }

    /** Folds a view no more until {@link #resume}; the inner one is done when what was folded is durable. */
    CompletableFuture<CompletableFuture<Void>> pause(LiveView view, String reason) {
        return ask(() -> {
            view.pause(true, reason);
            roster.halt(view);
            return spiller.writeSoon();
        });
    }

    CompletableFuture<Void> resume(LiveView view) {
        return run(() -> {
            view.pause(false, "");
            roster.proceed(view);
        });
    }

    /**
     * Halts a view at the place where a generation is to take over, GENERATION_NOT_READY when it has not come so far;
     * {@link #goLive} or {@link #goOn} must follow.
     */
    CompletableFuture<Cursor> haltAt(LiveView view, int generation) {
        return ask(() -> {
            var built = roster.built(view, generation);
            var reached = built.table().committed().cursor();
            if (built.isBroken()) {
                throw Failure.of(
                        Failure.Kind.GENERATION_NOT_READY,
                        "found generation " + generation + " of projection " + view.name()
                                + " failed, expected it to be folded: rebuild it, or apply another definition");
            }
            checkCaughtUp(view, generation, reached);
            roster.halt(view);
            return reached;
        });
    }

    private static void checkCaughtUp(LiveView view, int generation, Cursor reached) {
        var live = view.table().committed().cursor();
        long lag = 0;
        for (int shard = 0; shard < live.shards(); shard++) {
            lag += Math.max(0, live.offset(shard) - reached.offset(shard));
        }
        if (lag > 0) {
            throw Failure.of(
                            Failure.Kind.GENERATION_NOT_READY,
                            "found generation " + generation + " of projection " + view.name() + " " + lag
                                    + " events behind the live one, expected it to have caught up")
                    .with("lag", lag);
        }
    }

    /** Readers go on with a generation that was built; the one they saw is kept, the one kept before is dropped. */
    CompletableFuture<Void> goLive(LiveView view, int generation) {
        return run(() -> {
            roster.goLive(roster.built(view, generation));
            roster.proceed(view);
        });
    }

    /** Folds a halted view again. */
    CompletableFuture<Void> goOn(LiveView view) {
        return run(() -> roster.proceed(view));
    }

    /** Folds a view no more and deletes its rows. */
    CompletableFuture<Void> delete(LiveView view) {
        return run(() -> roster.delete(view));
    }

    /** Rows that no definition asks for any more. */
    CompletableFuture<Void> drop(int viewId) {
        return run(() -> spiller.dropped(viewId));
    }

    private CompletableFuture<Void> run(Runnable work) {
        return ask(() -> {
            work.run();
            return null;
        });
    }

    /** Runs something on the fold thread between two batches. */
    <T> CompletableFuture<T> ask(Supplier<T> work) {
        var command = new Command<>(work, new CompletableFuture<T>());
        commands.add(command);
        wakeup.run();
        if (ended.isDone()) {
            refuse();
        }
        return command.done();
    }

    /** Asks something of the live generation of a view, between two batches; PROJECTION_NOT_FOUND when it was deleted. */
    <T> CompletableFuture<T> ask(LiveView view, Function<Seat, T> question) {
        return ask(() -> {
            view.checkThere();
            return question.apply(roster.seat(view.table()));
        });
    }

    /** Ends after the batch at hand; true when everything is in the store. */
    boolean stop() {
        isStopping = true;
        outbox.stop();
        wakeup.run();
        return ended.join();
    }

    private void run() {
        wakeup.begin();
        boolean isWritten = false;
        try {
            while (!isStopping) {
                wakeup.clear();
                runCommands();
                turn();
            }
            isWritten = spiller.finish(roster.seats(), System.nanoTime());
        } catch (RuntimeException | Error bug) {
            LOG.error("fold_thread_died", bug);
            roster.seats().forEach(seat -> seat.view().problem("the fold thread died: " + bug));
        } finally {
            ended.complete(isWritten);
            refuse();
        }
    }

    private void runCommands() {
        for (var command = commands.poll(); command != null; command = commands.poll()) {
            command.run();
        }
    }

    private void refuse() {
        for (var command = commands.poll(); command != null; command = commands.poll()) {
            command.done()
                    .completeExceptionally(
                            Failure.of(Failure.Kind.UNAVAILABLE, "projections are stopping, try again later"));
        }
    }

    private void turn() {
        long nowNanos = System.nanoTime();
        spiller.turn(roster.seats(), nowNanos);
        publisher.publishDue(nowNanos);
        if (spiller.isFull(roster.seats())) {
            String problem = spiller.problem();
            if (problem != null) {
                roster.seats().forEach(seat -> problem(seat.view(), problem));
            }
            wakeup.await(FULL_NANOS);
            return;
        }
        try {
            boolean worked = fold();
            askForCaughtUp(System.nanoTime());
            if (!worked) {
                sleep(System.nanoTime());
            }
        } catch (Failure unreadable) {
            roster.seats().forEach(seat -> problem(seat.view(), unreadable.getMessage()));
            wakeup.await(RETRY_NANOS);
        }
    }

    /** What the first lane has to do, within its time, then the others within theirs; false when there was nothing to do. */
    private boolean fold() {
        var lanes = roster.lanes();
        if (lanes.isEmpty()) {
            return false;
        }
        var first = lanes.get(0);
        long startNanos = System.nanoTime();
        long firstUntilNanos = startNanos + FIRST_NANOS;
        boolean worked = batch(first, null);
        if (worked) {
            buildShare.arrived(startNanos);
        }
        boolean isBehind = worked && lanes.size() > 1;
        while (isBehind && System.nanoTime() - firstUntilNanos < 0) {
            isBehind = batch(first, null);
        }
        for (var lane : List.copyOf(lanes.subList(Math.min(1, lanes.size()), lanes.size()))) {
            worked |= catchUp(lane, first);
        }
        return worked;
    }

    private boolean catchUp(Lane lane, Lane first) {
        long startNanos = System.nanoTime();
        boolean isBuilt =
                lane.tables().stream().allMatch(table -> roster.seat(table).isBuilding());
        if (isBuilt && !buildShare.mayBuild(startNanos)) {
            return false;
        }
        boolean worked = false;
        while (batch(lane, first.offsets())) {
            worked = true;
            if (System.nanoTime() - startNanos >= CATCH_UP_NANOS) {
                break;
            }
        }
        if (isBuilt && worked) {
            buildShare.built(startNanos, System.nanoTime(), first.sum() - lane.sum());
        }
        return worked | roster.merge(lane, first);
    }

    private void askForCaughtUp(long nowNanos) {
        for (var seat : roster.building()) {
            if (roster.isFirst(seat) && seat.isLevel() && seat.asks(nowNanos, ASK_AGAIN_NANOS)) {
                onCaughtUp.accept(seat);
            }
        }
    }

    private boolean batch(Lane lane, long @Nullable [] limits) {
        var tables = List.copyOf(lane.tables());
        int events = 0;
        try {
            events = lane.take(batchEvents(lane), limits);
            if (events == 0 && tables.stream().noneMatch(Table::hasDue)) {
                return false;
            }
        } catch (Failure unreadable) {
            throw unreadable;
        } catch (RuntimeException bug) {
            tables.forEach(table -> outcomes.broken(table, bug));
        }
        spiller.folded(events);
        long[] offsets = lane.offsets().clone();
        long nowNanos = System.nanoTime();
        for (var table : tables) {
            fold(lane, table);
            if (!broken.contains(table)) {
                commit(table, offsets, lane.lastMicros(), events, nowNanos);
            }
        }
        lane.forget(System.nanoTime() - nowNanos);
        for (var table : broken) {
            table.discard();
            roster.leave(table);
        }
        broken.clear();
        return true;
    }

    private void fold(Lane lane, Table table) {
        try {
            if (!broken.contains(table)) {
                lane.fold(table, outcomes);
            }
        } catch (RuntimeException bug) {
            outcomes.broken(table, bug);
        }
    }

    private int batchEvents(Lane lane) {
        boolean isOfEach = lane.tables().stream()
                .anyMatch(table -> publisher.isHeardEach(table.name())
                        && roster.seat(table).isLive());
        return isOfEach ? 1 : lane.batchEvents();
    }

    private void commit(Table table, long[] offsets, long lastMicros, int events, long nowNanos) {
        var seat = roster.seat(table);
        ViewDelta delta;
        try {
            delta = table.commit(offsets, lastMicros, seat.isLive() && publisher.isHeard(table.name()));
        } catch (Failure unreadable) {
            outcomes.broken(table, unreadable);
            return;
        }
        table.tally().report(metrics, table.name());
        seat.milestones().note(offsets, seat.view().nowMicros());
        table.takeAlerts().forEach(alert -> outbox.send(alert, appended -> {}));
        if (seat.isLive()) {
            problem(seat.view(), null);
            seat.view().wakeWaiters();
            publisher.publish(delta, events <= 1, nowNanos);
        }
    }

    private static void problem(LiveView view, @Nullable String found) {
        if (!Objects.equals(view.problem(), found)) {
            view.problem(found);
            if (found != null) {
                LOG.warn("projection_waits projection={} problem=\"{}\"", view.name(), found);
            }
        }
    }

    private void sleep(long nowNanos) {
        var lanes = roster.lanes();
        if (!lanes.isEmpty()) {
            lanes.get(0).onReady(wakeup);
        }
        long nanos = Math.min(IDLE_NANOS, spiller.nanosUntilDue(nowNanos));
        if (publisher.isWaiting()) {
            nanos = Math.min(nanos, TimeUnit.MILLISECONDS.toNanos(DeltaPublisher.CHECKPOINT_EVERY_MILLIS));
        }
        if (roster.building().stream().anyMatch(Seat::isOnItsWay)) {
            nanos = Math.min(nanos, buildShare.nanosUntil(nowNanos, ASK_AGAIN_NANOS));
        }
        wakeup.await(Math.max(nanos, TimeUnit.MILLISECONDS.toNanos(1)));
    }

    /** What the fold does about events that cannot be folded. */
    private final class Outcomes implements Program.Outcomes {
        @Override
        public void refused(Table table, RecordedEvent event, Program.Refusal refusal) {
            outbox.send(DeadLetter.of(table, event, refusal), appended -> table.parking()
                    .written(event.position(), appended.first()));
        }

        @Override
        public void broken(Table table, RuntimeException bug) {
            if (!broken.contains(table)) {
                broken.add(table);
                LOG.error("projection_failed projection={} generation={}", table.name(), table.generation(), bug);
                var seat = roster.seat(table);
                String problem = "folding failed: " + bug.getMessage();
                seat.broke(problem);
                if (seat.isLive()) {
                    seat.view().problem(problem);
                }
            }
        }
    }
}
