package dev.sluice.projection;

import static org.awaitility.Awaitility.await;

import dev.sluice.bus.EventBusMesh;
import dev.sluice.log.Append;
import dev.sluice.log.Appended;
import dev.sluice.log.Cursor;
import dev.sluice.log.Event;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Expected;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.projection.row.Row;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/** A log and a projection room in a folder, to be stopped, crashed and opened again. */
final class House implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;
    /** So little that rows are often forgotten. */
    private static final ViewMemory MEMORY = new ViewMemory(16 << 20, 1 << 18);

    private final Path folder;
    private final Duration flushInterval;
    private final Vertx vertx;
    private final EventBusMesh mesh;
    private final Log log;
    private final MeterRegistry metrics = new SimpleMeterRegistry();
    private final AtomicLong passedMicros = new AtomicLong();
    private ProjectionRoom room;
    private Path views;
    private int crashes;
    private int events;

    House(Path folder, int shards, Duration flushInterval) {
        this.folder = folder;
        this.flushInterval = flushInterval;
        views = folder.resolve("views");
        vertx = Vertx.vertx();
        mesh = EventBusMesh.on(vertx);
        log = Log.open(
                folder.resolve("log"), LogOptions.defaults().withShards(shards).withClock(this::nowMicros));
        room = open();
    }

    private ProjectionRoom open() {
        return new ProjectionRoom(vertx, log, views, flushInterval, MEMORY, mesh, metrics);
    }

    private long nowMicros() {
        return TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis()) + passedMicros.get();
    }

    /** Lets time go by for the log. */
    void pass(Duration time) {
        passedMicros.addAndGet(TimeUnit.MILLISECONDS.toMicros(time.toMillis()));
    }

    ProjectionRoom room() {
        return room;
    }

    Log log() {
        return log;
    }

    EventBusMesh mesh() {
        return mesh;
    }

    MeterRegistry metrics() {
        return metrics;
    }

    void restart() {
        room.close();
        room = open();
    }

    /** Opens the views as they are on disk at this moment. */
    void crash() {
        var left = folder.resolve("views-" + ++crashes);
        copy(views, left);
        room.close();
        views = left;
        room = open();
    }

    void apply(String definition) {
        answer(room.apply(definition, null, "test.yaml"));
    }

    Projections.Applied register(Projection<?> projection) {
        return answer(room.register(projection));
    }

    Cursor append(String stream, String type, String json) {
        return append(stream, List.of(event(type, json))).cursor();
    }

    Appended append(String stream, List<Event> batch) {
        try {
            return log.append(Append.to(stream, Expected.ANY, batch))
                    .toCompletableFuture()
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException failed) {
            throw new IllegalStateException(failed);
        }
    }

    Event event(String type, String json) {
        return event(type, json, 1_700_000_000_000_000L + (events + 1) * 1_000_000L);
    }

    Event event(String type, String json, long timeMicros) {
        events++;
        return new Event(
                "e" + events,
                type,
                "/test",
                timeMicros,
                Event.JSON,
                Map.of(),
                null,
                json.getBytes(StandardCharsets.UTF_8));
    }

    /** An event of a time some while before now. */
    Event eventBefore(String type, String json, Duration ago) {
        return event(type, json, nowMicros() - TimeUnit.MILLISECONDS.toMicros(ago.toMillis()));
    }

    /** Appends what an operator does to all dead letters that a projection has had. */
    void resolve(String projection, String type) {
        reach(projection, log.head());
        await().atMost(Duration.ofSeconds(PATIENCE_SECONDS)).until(() -> isWritten(projection));
        var letters = log.readStream("$dlq.projection-" + projection, 1, EventQuery.Direction.FORWARD, 1_000);
        append(
                "$dlq-resolved.projection-" + projection,
                type,
                letters.stream()
                        .map(letter -> "\"" + letter.position() + "\"")
                        .collect(Collectors.joining(",", "{\"positions\":[", "]}")));
        reach(projection, log.head());
    }

    /** Whether there are as many dead letters in the log as the projection has ever refused. */
    private boolean isWritten(String projection) {
        return log.version("$dlq.projection-" + projection)
                >= room.info(projection).deadLetters();
    }

    /** The rows of a view when it has folded the whole log. */
    Map<String, String> rows(String name) {
        reach(name, log.head());
        var rows = new TreeMap<String, String>();
        answer(room.view(name).rows("", null, 100_000, null))
                .rows()
                .forEach(row -> rows.put(row.key(), json(row.row())));
        return rows;
    }

    void reach(String name, Cursor after) {
        answer(room.view(name).reached(after, TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS)));
    }

    static String json(Row row) {
        return row == null ? "null" : new String(row.json(), StandardCharsets.UTF_8);
    }

    static <T> T answer(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(failed);
        } catch (InterruptedException | TimeoutException failed) {
            throw new IllegalStateException(failed);
        }
    }

    List<String> keys(View.Changes changes) {
        return new ArrayList<>(changes.rows().stream().map(Rows.KeyedRow::key).toList());
    }

    /** Copies a store as a crash would leave it: all files of one moment, so again when one has changed meanwhile. */
    private static void copy(Path from, Path to) {
        try {
            Map<Path, Long> before;
            do {
                before = sizes(from);
                Files.createDirectories(to);
                for (var file : before.keySet()) {
                    try {
                        Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
                    } catch (NoSuchFileException gone) {
                        break;
                    }
                }
            } while (!before.equals(sizes(from)));
            for (var copied : sizes(to).keySet()) {
                if (!before.containsKey(from.resolve(copied.getFileName()))) {
                    Files.delete(copied);
                }
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static Map<Path, Long> sizes(Path folder) throws IOException {
        while (true) {
            try (var files = Files.list(folder)) {
                var sizes = new TreeMap<Path, Long>();
                for (var file : files.toList()) {
                    sizes.put(file, Files.size(file));
                }
                return sizes;
            } catch (NoSuchFileException gone) {
                continue; // a file went between the listing and the look at it
            }
        }
    }

    @Override
    public void close() {
        room.close();
        log.close();
        answer(vertx.close());
    }
}
