package dev.sluice.server.live;

import dev.sluice.log.Append;
import dev.sluice.log.Appended;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.projection.ProjectionRoom;
import dev.sluice.projection.ViewMemory;
import dev.sluice.shard.LocalEventLog;
import dev.sluice.shard.ReadPool;
import dev.sluice.shard.ShardVerticle;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Subscriptions with the real log and the real views behind them, in a folder: to be stopped, crashed and opened again. */
final class Rooms implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;

    private final Path folder;
    private final int shards;
    private final Duration flushInterval;
    private final ViewMemory memory;
    private final LiveOptions options;
    private Path views;
    private int crashes;
    private LiveServer server;
    private Log log;
    private ProjectionRoom projections;
    private LocalEventLog events;

    Rooms(Path folder, int shards, Duration flushInterval, ViewMemory memory, LiveOptions options) {
        this.folder = folder;
        this.shards = shards;
        this.flushInterval = flushInterval;
        this.memory = memory;
        this.options = options;
        views = folder.resolve("views");
        open();
    }

    private void open() {
        server = new LiveServer();
        log = Log.open(folder.resolve("log"), LogOptions.defaults().withShards(shards));
        events = new LocalEventLog(server.vertx, log, server.mesh, new ReadPool(server.vertx, 2));
        projections = new ProjectionRoom(server.vertx, log, views, flushInterval, memory, server.mesh, server.metrics);
        get(server.vertx.deployVerticle(new ShardVerticle(log, server.mesh)));
        server.start(events, projections, options);
    }

    void restart() {
        close();
        open();
    }

    /** Opens the views as they are on disk at this moment; the log has lost nothing. */
    void crash() {
        var left = folder.resolve("views-" + ++crashes);
        copy(views, left);
        close();
        views = left;
        open();
    }

    @Override
    public void close() {
        get(server.live().drain());
        projections.close();
        server.close();
        log.close();
    }

    int port() {
        return server.port();
    }

    ProjectionRoom projections() {
        return projections;
    }

    LocalEventLog events() {
        return events;
    }

    void apply(String definition) {
        get(projections.apply(definition, null, "test"));
    }

    Future<Appended> append(String id, String stream, String type, String data) {
        var event = new Event(id, type, "/test", 0, Event.JSON, Map.of(), null, data.getBytes(StandardCharsets.UTF_8));
        return events.append(Append.to(stream, Expected.ANY, List.of(event)));
    }

    /** The rows of a view when it has folded the whole log. */
    Map<String, JsonObject> rows(String projection) {
        var view = projections.view(projection);
        get(view.reached(log.head(), TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS)));
        var rows = new TreeMap<String, JsonObject>();
        get(view.rows("", null, 100_000, null))
                .rows()
                .forEach(row ->
                        rows.put(row.key(), new JsonObject(new String(row.row().json(), StandardCharsets.UTF_8))));
        return rows;
    }

    static <T> T get(Future<T> future) {
        return future.toCompletionStage()
                .toCompletableFuture()
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
    }

    /** All files of one moment: again when one has changed meanwhile. */
    private static void copy(Path from, Path to) {
        try {
            Files.createDirectories(to);
            Map<Path, Long> before;
            do {
                before = sizes(from);
                for (var old : sizes(to).keySet()) {
                    Files.delete(to.resolve(old));
                }
                for (var file : before.keySet()) {
                    copyIfThere(from.resolve(file), to.resolve(file));
                }
            } while (!before.equals(sizes(from)));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static void copyIfThere(Path from, Path to) throws IOException {
        try {
            Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        } catch (NoSuchFileException gone) {
            Files.deleteIfExists(to);
        }
    }

    private static Map<Path, Long> sizes(Path folder) throws IOException {
        var sizes = new TreeMap<Path, Long>();
        try (var files = Files.list(folder)) {
            for (var file : files.toList()) {
                try {
                    sizes.put(file.getFileName(), Files.size(file));
                } catch (NoSuchFileException gone) {
                    sizes.put(file.getFileName(), -1L);
                }
            }
        }
        return sizes;
    }
}
