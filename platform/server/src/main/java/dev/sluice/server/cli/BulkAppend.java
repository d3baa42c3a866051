package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Appends many events: takes a chunk, sends what belongs to one stream as one batch in order and different streams side by
 * side, then takes the next. A batch that the server could not answer is sent again with the same append id.
 */
final class BulkAppend {
    private static final int CHUNK_EVENTS = 1_000;
    private static final int CHUNK_BYTES = 4 << 20;
    private static final int SENDERS = 8;
    private static final int TRIES = 6;
    private static final long RETRY_MILLIS = 200;
    private static final long PROGRESS_NANOS = 500_000_000L;

    private final Remote remote;
    private final Terminal terminal;
    private final double rate;
    private final long expectedCount;
    private final long startNanos = System.nanoTime();
    private long appended;
    private long saidNanos = startNanos;
    private @Nullable Object cursor;

    /**
     * @param rate most events a second
     * @param expectedCount how many will come, −1 when not known
     */
    BulkAppend(Remote remote, Terminal terminal, double rate, long expectedCount) {
        this.remote = remote;
        this.terminal = terminal;
        this.rate = rate;
        this.expectedCount = expectedCount;
    }

    /** Appends them all; a refusal ends it and says how many were appended before. */
    Map<String, @Nullable Object> run(Iterator<Map<String, @Nullable Object>> events) throws Exception {
        ExecutorService senders = Executors.newFixedThreadPool(SENDERS, task -> {
            var thread = new Thread(task, "append");
            thread.setDaemon(true);
            return thread;
        });
        int chunkEvents = (int) Math.max(1, Math.min(CHUNK_EVENTS, rate / 10));
        try {
            while (events.hasNext()) {
                send(chunk(events, chunkEvents), senders);
                progress();
                pace();
            }
        } catch (Failure failure) {
            String before = "after " + appended + " appended events: ";
            var again = Failure.of(failure.kind(), before + failure.getMessage());
            for (var detail : failure.details().entrySet()) {
                again = again.with(detail.getKey(), detail.getValue());
            }
            throw again;
        } finally {
            senders.shutdownNow();
            if (saidNanos != startNanos) {
                terminal.say("");
            }
        }
        var result = new LinkedHashMap<String, @Nullable Object>();
        result.put("appended", appended);
        result.put("seconds", BigDecimal.valueOf(seconds()).setScale(3, RoundingMode.HALF_UP));
        result.put("cursor", cursor);
        return result;
    }

    private static Map<String, List<String>> chunk(Iterator<Map<String, @Nullable Object>> events, int most) {
        var byStream = new LinkedHashMap<String, List<String>>();
        int bytes = 0;
        for (int count = 0; count < most && bytes < CHUNK_BYTES && events.hasNext(); count++) {
            var event = events.next();
            String json = Json.write(event);
            bytes += json.length();
            byStream.computeIfAbsent(Json.text(event.get("stream")), none -> new ArrayList<>())
                    .add(json);
        }
        return byStream;
    }

    private void send(Map<String, List<String>> byStream, ExecutorService senders) throws Exception {
        var batches = new ArrayList<Callable<Map<String, @Nullable Object>>>();
        byStream.forEach((stream, events) -> batches.add(() -> post(stream, events)));
        Failure first = null;
        for (Future<Map<String, @Nullable Object>> answer : senders.invokeAll(batches)) {
            try {
                var appendedNow = answer.get();
                appended += Json.number(appendedNow.get("lastVersion"), 0)
                        - Json.number(appendedNow.get("firstVersion"), 1)
                        + 1;
                cursor = appendedNow.get("cursor");
            } catch (ExecutionException failed) {
                if (!(failed.getCause() instanceof Failure failure)) {
                    throw failed;
                }
                first = first == null ? failure : first;
            }
        }
        if (first != null) {
            throw first;
        }
    }

    private Map<String, @Nullable Object> post(String stream, List<String> events) throws InterruptedException {
        var headers = Map.of("Idempotency-Key", UUID.randomUUID().toString());
        var body = Remote.Body.of("application/cloudevents-batch+json", "[" + String.join(",", events) + "]");
        for (int attempt = 1; ; attempt++) {
            try {
                return remote.send("POST", Remote.path("v1", "streams", stream), headers, body)
                        .json();
            } catch (Failure failure) {
                boolean isTransient =
                        failure.kind().retryable() && (failure.details().containsKey("code") || appended > 0);
                if (!isTransient || attempt == TRIES) {
                    throw failure;
                }
                TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS << attempt);
            }
        }
    }

    private void progress() {
        long now = System.nanoTime();
        if (terminal.talksToTerminal() && now - saidNanos >= PROGRESS_NANOS) {
            saidNanos = now;
            double perSecond = appended / seconds();
            String left = expectedCount > 0
                    ? String.format(" of %d, %.0f s left", expectedCount, (expectedCount - appended) / perSecond)
                    : "";
            terminal.err().printf("\r%d appended%s, %.0f/s   ", appended, left, perSecond);
        }
    }

    private void pace() throws InterruptedException {
        if (rate != Double.POSITIVE_INFINITY) {
            long dueNanos = startNanos + (long) (appended / rate * 1e9);
            TimeUnit.NANOSECONDS.sleep(Math.max(0, dueNanos - System.nanoTime()));
        }
    }

    private double seconds() {
        return Math.max(1e-3, (System.nanoTime() - startNanos) / 1e9);
    }
}
