package dev.sluice.projection;

import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.RecordedEvent;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that folds. Tables that stand at the same place of the log share a {@link Lane}; the first lane is the one
 * farthest on, the others read up to it and then join it. A table being built goes live when it joins.
 */
final class FoldLoop {
    private static final Logger LOG = LoggerFactory.getLogger(FoldLoop.class);
    private static final int BATCH_EVENTS = 4_000;
    private static final int CATCH_UP_BATCHES = 3;
    private static final long FULL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Log log;
    private final Outbox outbox;
    private final DeltaPublisher publisher;
    private final Spiller spiller;
    private final MeterRegistry metrics;
    private final Wakeup wakeup;
    private final Thread thread = new Thread(this::run, "sluice-fold");
    private final ConcurrentLinkedQueue<Command> commands = new ConcurrentLinkedQueue<>();
    private final CompletableFuture<Boolean> ended = new CompletableFuture<>();
    private final Map<Table, Seat> seats = new IdentityHashMap<>();
    private final List<Lane> lanes = new ArrayList<>();
    private final List<Table> broken = new ArrayList<>();
    private final Program.Outcomes outcomes = new Outcomes();
    private volatile boolean isStopping;

    /** Work for the fold thread. */
    private record Command(Runnable work, CompletableFuture<Void> done) {}

    FoldLoop(Log log, Outbox outbox, DeltaPublisher publisher, Spiller spiller, MeterRegistry metrics, Wakeup wakeup) {
        this.log = log;
        this.outbox = outbox;
        this.publisher = publisher;
        this.spiller = spiller;
        this.metrics = metrics;
        this.wakeup = wakeup;
        thread.setDaemon(true);
    }

    /** Begins with what was recovered: tables at the same place share a lane from the start. */
    void start(List<Seat> recovered) {
        recovered.forEach(seat -> seats.put(seat.table(), seat));
        recovered.forEach(seat -> join(seat.table()));
        thread.start();
    }

    /** Folds a table from now on. A table that was being built for the same view is given up. */
    CompletableFuture<Void> add(Seat seat) {
        return run(() -> {
            seatsOf(seat.view()).stream().filter(other -> !other.isLive()).forEach(this::remove);
            seats.put(seat.table(), seat);
            join(seat.table());
        });
    }

    /** Folds a view no more and deletes its rows. */
    CompletableFuture<Void> delete(LiveView view) {
        return run(() -> {
            seatsOf(view).forEach(this::remove);
            view.delete();
            publisher.deleted(view.table());
        });
    }

    /** Rows that no definition asks for any more. */
    CompletableFuture<Void> drop(int viewId) {
        return run(() -> spiller.dropped(viewId));
    }

    private CompletableFuture<Void> run(Runnable work) {
        var command = new Command(work, new CompletableFuture<>());
        commands.add(command);
        wakeup.run();
        if (ended.isDone()) {
            refuse();
        }
        return command.done();
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
            isWritten = spiller.finish(seats.values(), System.nanoTime());
        } catch (RuntimeException | Error bug) {
            LOG.error("fold_thread_died", bug);
            seats.values().forEach(seat -> seat.view().problem("the fold thread died: " + bug));
        } finally {
            ended.complete(isWritten);
            refuse();
        }
    }

    private void runCommands() {
        for (var command = commands.poll(); command != null; command = commands.poll()) {
            try {
                command.work().run();
                command.done().complete(null);
            } catch (RuntimeException bug) {
                command.done().completeExceptionally(bug);
            }
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
        spiller.turn(seats.values(), nowNanos);
        publisher.publishDue(nowNanos);
        if (spiller.isFull(seats.values())) {
            String problem = spiller.problem();
            if (problem != null) {
                seats.values().forEach(seat -> problem(seat.view(), problem));
            }
            wakeup.await(FULL_NANOS);
            return;
        }
        try {
            if (!fold()) {
                sleep(System.nanoTime());
            }
        } catch (Failure unreadable) {
            seats.values().forEach(seat -> problem(seat.view(), unreadable.getMessage()));
            wakeup.await(RETRY_NANOS);
        }
    }

    /** One batch of the first lane, some of each other; false when there was nothing to do. */
    private boolean fold() {
        if (lanes.isEmpty()) {
            return false;
        }
        var first = lanes.get(0);
        boolean worked = batch(first, null);
        for (var lane : List.copyOf(lanes.subList(Math.min(1, lanes.size()), lanes.size()))) {
            for (int i = 0; i < CATCH_UP_BATCHES && batch(lane, first.offsets()); i++) {
                worked = true;
            }
            if (lanes.contains(lane) && lanes.contains(first) && lane.isAt(first.offsets())) {
                merge(lane, first);
                worked = true;
            }
        }
        return worked;
    }

    private boolean batch(Lane lane, long @Nullable [] limits) {
        int events;
        try {
            events = lane.fold(BATCH_EVENTS, limits, outcomes);
        } catch (Failure unreadable) {
            throw unreadable;
        } catch (RuntimeException bug) {
            List.copyOf(lane.tables()).forEach(table -> outcomes.broken(table, bug));
            events = 1;
        }
        if (events == 0 && lane.tables().stream().noneMatch(Table::hasDue)) {
            return false;
        }
        spiller.folded(events);
        for (var table : broken) {
            table.discard();
            leave(table);
        }
        broken.clear();
        long[] offsets = lane.offsets().clone();
        long nowNanos = System.nanoTime();
        for (var table : lane.tables()) {
            commit(table, offsets, lane.lastMicros(), nowNanos);
        }
        return true;
    }

    private void commit(Table table, long[] offsets, long lastMicros, long nowNanos) {
        var delta = table.commit(offsets, lastMicros);
        table.tally().report(metrics, table.name());
        var seat = seat(table);
        for (var alert : table.takeAlerts()) {
            if (seat.isLive()) {
                outbox.send(alert);
            }
        }
        if (seat.isLive()) {
            problem(seat.view(), null);
            seat.view().wakeWaiters();
            publisher.publish(delta, nowNanos);
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

    private void merge(Lane lane, Lane into) {
        var tables = List.copyOf(lane.tables());
        lanes.remove(lane);
        into.add(tables);
        for (var table : tables) {
            var seat = seat(table);
            if (!seat.isLive()) {
                goLive(seat);
            }
        }
    }

    private void goLive(Seat seat) {
        var replaced = seatsOf(seat.view()).stream().filter(Seat::isLive).toList();
        seat.view().switchTo(seat.table());
        replaced.forEach(this::remove);
        seat.goLive();
        seat.view().problem(null);
        seat.view().wakeWaiters();
        publisher.switched(seat.table(), System.nanoTime());
        LOG.info(
                "generation_live projection={} generation={}",
                seat.table().name(),
                seat.table().generation());
    }

    private void join(Table table) {
        long[] offsets = table.committed().checkpoint().offsets();
        var same = lanes.stream().filter(lane -> lane.isAt(offsets)).findFirst();
        if (same.isPresent()) {
            same.get().add(List.of(table));
        } else {
            lanes.add(new Lane(log, List.of(table)));
            lanes.sort(Comparator.comparingLong(Lane::sum).reversed());
        }
        var seat = seat(table);
        if (!seat.isLive() && lanes.get(0).tables().contains(table)) {
            goLive(seat);
        }
    }

    private void remove(Seat seat) {
        seats.remove(seat.table());
        leave(seat.table());
        seat.table().drop();
        spiller.dropped(seat.table().viewId());
    }

    private void leave(Table table) {
        lanes.forEach(lane -> lane.remove(table));
        lanes.removeIf(lane -> lane.tables().isEmpty());
    }

    private List<Seat> seatsOf(LiveView view) {
        return seats.values().stream().filter(seat -> seat.view() == view).toList();
    }

    private Seat seat(Table table) {
        return Objects.requireNonNull(seats.get(table), "a table without a seat");
    }

    private void sleep(long nowNanos) {
        if (!lanes.isEmpty()) {
            lanes.get(0).onReady(wakeup);
        }
        long nanos = Math.min(IDLE_NANOS, spiller.nanosUntilDue(nowNanos));
        if (publisher.isWaiting()) {
            nanos = Math.min(nanos, TimeUnit.MILLISECONDS.toNanos(DeltaPublisher.CHECKPOINT_EVERY_MILLIS));
        }
        wakeup.await(Math.max(nanos, TimeUnit.MILLISECONDS.toNanos(1)));
    }

    /** What the fold does about events that cannot be folded. */
    private final class Outcomes implements Program.Outcomes {
        @Override
        public void refused(Table table, RecordedEvent event, Program.Refusal refusal) {
            outbox.send(DeadLetter.of(table, event, refusal));
        }

        @Override
        public void broken(Table table, RuntimeException bug) {
            if (!broken.contains(table)) {
                broken.add(table);
                LOG.error("projection_failed projection={} generation={}", table.name(), table.generation(), bug);
                seat(table).view().problem("folding failed: " + bug.getMessage());
            }
        }
    }
}
