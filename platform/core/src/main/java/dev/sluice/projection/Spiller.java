package dev.sluice.projection;

import dev.sluice.log.Failure;
import dev.sluice.projection.ViewStore.Spill;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides when rows go from memory to the store, and has it done on a thread of its own while the fold goes on: by bytes, by four
 * million events, by the flush interval, or asked. One spill is under way at a time. For the fold thread.
 */
final class Spiller {
    private static final Logger LOG = LoggerFactory.getLogger(Spiller.class);
    private static final long SPILL_EVENTS = 4_000_000;
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long FINISH_SECONDS = 60;

    private final ViewStore store;
    private final Outbox outbox;
    private final long intervalNanos;
    private final long maxBytes;
    private final Runnable wakeup;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        var spilling = new Thread(task, "sluice-view-store");
        spilling.setDaemon(true);
        return spilling;
    });
    private List<Integer> dropped = new ArrayList<>();
    private boolean isAsked;
    private CompletableFuture<Void> nextDone = new CompletableFuture<>();
    private CompletableFuture<Void> done = new CompletableFuture<>();
    private long eventsSince;
    private long lastNanos;
    private @Nullable Spill spill;
    private CompletableFuture<Void> running = CompletableFuture.completedFuture(null);
    private long failedNanos;
    private @Nullable String problem;

    /** @param maxBytes of rows in memory that are not in the store */
    Spiller(ViewStore store, Outbox outbox, long intervalNanos, long maxBytes, Runnable wakeup, long nowNanos) {
        this.store = store;
        this.outbox = outbox;
        this.intervalNanos = intervalNanos;
        this.maxBytes = maxBytes;
        this.wakeup = wakeup;
        lastNanos = nowNanos;
    }

    void folded(int events) {
        eventsSince += events;
    }

    /** Makes what was folded durable with the next turn: a table that rests must not lose it to a crash. Done when it is. */
    CompletableFuture<Void> writeSoon() {
        isAsked = true;
        return nextDone;
    }

    /** The rows of a view go with the next spill. */
    void dropped(int viewId) {
        dropped.add(viewId);
    }

    /** Ends a spill that is done, begins one that is due. */
    void turn(Collection<Seat> seats, long nowNanos) {
        end(nowNanos);
        if (spill != null) {
            return;
        }
        if (isAsked
                || eventsSince >= SPILL_EVENTS
                || nowNanos - lastNanos >= intervalNanos
                || unwrittenBytes(seats) >= maxBytes) {
            begin(seats, nowNanos);
        }
    }

    /** Whether there is no room for more rows until the spill under way has ended. */
    boolean isFull(Collection<Seat> seats) {
        return spill != null && unwrittenBytes(seats) >= maxBytes;
    }

    /** What keeps the spill under way from ending, null when nothing does. */
    @Nullable
    String problem() {
        return problem;
    }

    long nanosUntilDue(long nowNanos) {
        return spill != null ? RETRY_NANOS : Math.max(0, lastNanos + intervalNanos - nowNanos);
    }

    private static long unwrittenBytes(Collection<Seat> seats) {
        long bytes = 0;
        for (var seat : seats) {
            bytes += seat.table().unwrittenBytes();
        }
        return bytes;
    }

    private void begin(Collection<Seat> seats, long nowNanos) {
        var parts = new ArrayList<Spill.Part>();
        for (var seat : seats) {
            var frozen = seat.table().freeze();
            if (frozen != null) {
                var record = seat.table().record().with(frozen.checkpoint());
                parts.add(new Spill.Part(frozen, record));
            }
        }
        isAsked = false;
        eventsSince = 0;
        lastNanos = nowNanos;
        done = nextDone;
        nextDone = new CompletableFuture<>();
        if (parts.isEmpty() && dropped.isEmpty()) {
            done.complete(null);
            return;
        }
        spill = new Spill(parts, dropped);
        dropped = new ArrayList<>();
        submit(spill);
    }

    private void submit(Spill next) {
        running = CompletableFuture.runAsync(
                () -> {
                    outbox.await();
                    store.write(next);
                },
                thread);
        running.whenComplete((written, failed) -> wakeup.run());
    }

    private void end(long nowNanos) {
        var current = spill;
        if (current == null || !running.isDone()) {
            return;
        }
        if (!running.isCompletedExceptionally()) {
            current.parts().forEach(part -> part.frozen().table().thaw(part.frozen()));
            spill = null;
            problem = null;
            done.complete(null);
        } else if (problem == null) {
            failedNanos = nowNanos;
            String found = running.handle((written, failed) -> problem(failed)).join();
            problem = found;
            LOG.error("view_store_write_failed problem=\"{}\" next=\"tried again every second\"", found);
        } else if (nowNanos - failedNanos >= RETRY_NANOS) {
            failedNanos = nowNanos;
            submit(current);
        }
    }

    private static String problem(Throwable failed) {
        return String.valueOf((failed.getCause() == null ? failed : failed.getCause()).getMessage());
    }

    /** Writes everything that was committed; false when that did not work. Ends the thread. */
    boolean finish(Collection<Seat> seats, long nowNanos) {
        try {
            running.handle((written, failed) -> null).get(FINISH_SECONDS, TimeUnit.SECONDS);
            var last = spill;
            if (last != null && running.isCompletedExceptionally()) {
                submit(last);
                running.get(FINISH_SECONDS, TimeUnit.SECONDS);
            }
            end(nowNanos);
            begin(seats, nowNanos);
            running.get(FINISH_SECONDS, TimeUnit.SECONDS);
            end(nowNanos);
            return true;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException | TimeoutException failed) {
            LOG.warn(
                    "view_store_not_written problem=\"{}\" next=\"the views fold on from what was written before\"",
                    problem(failed));
            return false;
        } finally {
            var late = Failure.of(Failure.Kind.UNAVAILABLE, "stopped before what was folded was durable");
            done.completeExceptionally(late);
            nextDone.completeExceptionally(late);
            thread.shutdown();
        }
    }
}
