package dev.sluice.bench;

import dev.sluice.bus.EventBusMesh;
import dev.sluice.bus.Mesh;
import dev.sluice.command.CommandRoom;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.projection.ProjectionRoom;
import dev.sluice.projection.Projections;
import dev.sluice.projection.ViewMemory;
import dev.sluice.resilience.PolicySet;
import dev.sluice.resilience.Registry;
import dev.sluice.resilience.Sidecar;
import dev.sluice.shard.EventLog;
import dev.sluice.shard.LocalEventLog;
import dev.sluice.shard.ReadPool;
import dev.sluice.shard.ShardVerticle;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The rooms below the network in this process, wired as the server does it: log, event log over the mesh, and, while open, views. */
final class Rooms implements AutoCloseable {
    static final long MOST_MINUTES = 30;
    private static final Duration FLUSH_INTERVAL = Duration.ofSeconds(30);
    private static final long VIEW_BYTES = 64 << 20;
    private static final int READ_THREADS = 4;

    private final Path views;
    private final Vertx vertx = Vertx.vertx();
    private final MeterRegistry meters = new SimpleMeterRegistry();
    private final Sidecar mesh = new Sidecar(
            vertx,
            EventBusMesh.on(vertx),
            System::nanoTime,
            change -> {},
            new Sidecar.Node("bench", null, "bench"),
            new Registry(change -> {}));
    private final Log log;
    private final ReadPool reads = new ReadPool(vertx, READ_THREADS);
    private final EventLog events;
    private @Nullable ProjectionRoom projections;

    /** @param folder of the log and the views, those of an earlier run included */
    Rooms(Path folder) {
        views = folder.resolve("views");
        log = Log.open(folder.resolve("log"), LogOptions.defaults());
        events = new LocalEventLog(vertx, log, mesh, reads);
        await(vertx.deployVerticle(new ShardVerticle(log, mesh)));
    }

    /** Lets policies apply; before there are none. */
    void apply(PolicySet policies) {
        mesh.apply(policies);
    }

    Vertx vertx() {
        return vertx;
    }

    Mesh mesh() {
        return mesh;
    }

    Log log() {
        return log;
    }

    EventLog events() {
        return events;
    }

    /** A room of commands; {@code states}: how many are held in memory. */
    CommandRoom commands(int states) {
        return new CommandRoom(events, mesh, reads, states, meters);
    }

    MeterRegistry meters() {
        return meters;
    }

    Projections projections() {
        return Objects.requireNonNull(projections, "the views are not open");
    }

    void openViews() {
        projections = new ProjectionRoom(vertx, log, views, FLUSH_INTERVAL, ViewMemory.of(VIEW_BYTES), mesh, meters);
    }

    /** Waits until a view has folded what is in the log now. */
    void awaitFolded(String name) {
        await(projections().view(name).reached(log.head(), TimeUnit.MINUTES.toMillis(MOST_MINUTES)));
    }

    /** Makes what has been folded durable, then closes. */
    void closeViews() {
        if (projections != null) {
            projections.close();
            projections = null;
        }
    }

    @Override
    public void close() {
        closeViews();
        mesh.close();
        await(vertx.close());
        log.close();
    }

    /** Blocks for an answer; not on an event loop. */
    static void await(Future<?> future) {
        future.toCompletionStage()
                .toCompletableFuture()
                .orTimeout(MOST_MINUTES, TimeUnit.MINUTES)
                .join();
    }
}
