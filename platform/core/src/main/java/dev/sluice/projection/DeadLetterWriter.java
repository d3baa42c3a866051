package dev.sluice.projection;

import com.fasterxml.jackson.core.JsonFactory;
import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.RecordedEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * Appends refused events as dead letters to {@code $dlq.projection-<name>}. The append id is projection, generation and
 * position, so that folding again after a crash writes none twice; a checkpoint may pass an event only when its dead letter is
 * durable: {@link #await}.
 */
final class DeadLetterWriter {
    private static final int MAX_WAITING = 1_000;
    private static final int MAX_DETAIL_CHARS = 2_000;
    private static final long TRY_SECONDS = 10;
    private static final long TRY_AGAIN_NANOS = 100_000_000;
    private static final JsonFactory JSON = new JsonFactory();

    private final Log log;
    private final ArrayDeque<Letter> waiting = new ArrayDeque<>();
    private volatile boolean isStopping;

    private record Letter(Append append, CompletableFuture<?> done) {}

    DeadLetterWriter(Log log) {
        this.log = log;
    }

    /** Sends a dead letter on its way; blocks while too many are. */
    void write(String projection, int generation, RecordedEvent event, String detail) {
        String id = projection + "/" + generation + "/" + event.position();
        var letter = new Event(
                id,
                "DeadLettered",
                "sluice://projection/" + projection,
                event.recordedMicros(),
                Event.JSON,
                Map.of(),
                null,
                data(projection, event, detail));
        String stream = "$dlq.projection-" + projection;
        send(new Append(
                "dlq/" + id, id.hashCode(), List.of(new Append.StreamWrite(stream, Expected.ANY, List.of(letter)))));
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

    private static byte[] data(String projection, RecordedEvent event, String detail) {
        var bytes = new ByteArrayOutputStream(256);
        try (var out = JSON.createGenerator(bytes)) {
            out.writeStartObject();
            out.writeStringField("consumer", "projection:" + projection);
            out.writeStringField("reason", "evaluation-failed");
            out.writeStringField(
                    "detail", detail.length() > MAX_DETAIL_CHARS ? detail.substring(0, MAX_DETAIL_CHARS) : detail);
            out.writeStringField("position", event.position().toString());
            out.writeStringField("stream", event.stream());
            out.writeNumberField("version", event.version());
            out.writeStringField("type", event.type());
            out.writeStringField("id", event.id());
            out.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    private synchronized void send(Append append) {
        waiting.add(letter(append));
    }

    private Letter letter(Append append) {
        try {
            return new Letter(append, log.append(append).toCompletableFuture());
        } catch (Failure refused) {
            return new Letter(append, CompletableFuture.failedFuture(refused));
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
            var letter = waiting.element();
            try {
                letter.done().get(TRY_SECONDS, TimeUnit.SECONDS);
                waiting.remove();
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                throw Failure.of(Failure.Kind.UNAVAILABLE, "stopped before a dead letter was durable");
            } catch (TimeoutException late) {
                throw Failure.of(Failure.Kind.UNAVAILABLE, "a dead letter is not durable after " + TRY_SECONDS + " s");
            } catch (ExecutionException | CompletionException failed) {
                waiting.remove();
                waiting.addFirst(letter(letter.append()));
                throw failed.getCause() instanceof Failure failure
                        ? failure
                        : Failure.of(Failure.Kind.INTERNAL, "a dead letter could not be written: " + failed.getCause());
            }
        }
    }
}
