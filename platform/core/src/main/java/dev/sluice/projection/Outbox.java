package dev.sluice.projection;

import dev.sluice.log.Append;
import dev.sluice.log.Appended;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.StreamName;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What folding appends to the log: dead letters and alerts. Their append ids say what they are about, so that folding again after a
 * crash writes none twice; a checkpoint may pass an event only when what it has led to is durable: {@link #await}.
 */
final class Outbox {
    private static final int MAX_WAITING = 1_000;
    private static final long TRY_SECONDS = 10;
    private static final long TRY_AGAIN_NANOS = 100_000_000;

    private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

    private final Log log;
    private final ArrayDeque<Sent> waiting = new ArrayDeque<>();
    private volatile boolean isStopping;

    private record Sent(Append append, Consumer<Appended> told, CompletableFuture<?> done) {}

    Outbox(Log log) {
        this.log = log;
    }

    /**
     * Sends an append on its way; blocks while too many are.
     *
     * @param told of it when it is durable, before {@link #await} ends; on any thread
     */
    void send(Append append, Consumer<Appended> told) {
        enqueue(append, told);
        while (waitingCount() > MAX_WAITING && !isStopping) {
            try {
                await();
            } catch (Failure notYet) {
                LockSupport.parkNanos(TRY_AGAIN_NANOS);
            }
        }
    }

    /** Nobody waits any more: what is not durable keeps the checkpoint where it is. */
    void stop() {
        isStopping = true;
    }

    private synchronized void enqueue(Append append, Consumer<Appended> told) {
        waiting.add(sent(append, told));
    }

    private Sent sent(Append append, Consumer<Appended> told) {
        try {
            append.writes().forEach(write -> StreamName.check(write.stream()));
            return new Sent(append, told, log.append(append).thenAccept(told).toCompletableFuture());
        } catch (Failure refused) {
            return new Sent(append, told, CompletableFuture.failedFuture(refused));
        }
    }

    private synchronized int waitingCount() {
        return waiting.size();
    }

    /**
     * Waits until what was written so far is durable, and tries again what may be tried again. Fails with what stands in the
     * way: a later call goes on.
     */
    synchronized void await() {
        int count = waiting.size();
        for (int i = 0; i < count; i++) {
            var sent = waiting.element();
            try {
                sent.done().get(TRY_SECONDS, TimeUnit.SECONDS);
                waiting.remove();
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                throw Failure.of(Failure.Kind.UNAVAILABLE, "stopped before what folding appends was durable");
            } catch (TimeoutException late) {
                throw Failure.of(
                        Failure.Kind.UNAVAILABLE, "what folding appends is not durable after " + TRY_SECONDS + " s");
            } catch (ExecutionException | CompletionException failed) {
                waiting.remove();
                if (failed.getCause() instanceof Failure refused
                        && !refused.kind().retryable()) {
                    LOG.error(
                            "append_refused append_id={} problem=\"{}\" next=\"it is left out\"",
                            sent.append().appendId(),
                            refused.getMessage());
                    continue;
                }
                waiting.addFirst(sent(sent.append(), sent.told()));
                throw failed.getCause() instanceof Failure failure
                        ? failure
                        : Failure.of(
                                Failure.Kind.INTERNAL,
                                "what folding appends could not be written: " + failed.getCause());
            }
        }
    }
}
