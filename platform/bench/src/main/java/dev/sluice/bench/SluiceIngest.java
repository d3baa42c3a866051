package dev.sluice.bench;

import dev.sluice.bus.EventBusMesh;
import dev.sluice.ingest.Ingest;
import dev.sluice.ingest.SourceConfig;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.projection.ProjectionRoom;
import dev.sluice.shard.EventLog;
import dev.sluice.shard.LocalEventLog;
import dev.sluice.shard.ReadPool;
import dev.sluice.shard.ShardVerticle;
import dev.sluice.spi.Source;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Ingest as the server does it: the Kafka source, the ingest room, the event log over the mesh, the log; default options. With
 * the fold, the projections' room on top, with its share of the memory and the definition {@link BenchProjection}.
 */
final class SluiceIngest {
    private static final long MOST_MINUTES = 30;
    private static final long VIEW_BYTES = 64 << 20;

    private final Vertx vertx = Vertx.vertx();
    private final LogOptions options = LogOptions.defaults();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Log log;
    private final EventLog eventLog;
    private final @Nullable ProjectionRoom projections;

    private SluiceIngest(Path folder, boolean isFolding) throws Exception {
        log = Log.open(folder.resolve("log"), options);
        var mesh = EventBusMesh.on(vertx);
        eventLog = new LocalEventLog(vertx, log, mesh, new ReadPool(vertx, 4));
        await(vertx.deployVerticle(new ShardVerticle(log, mesh)));
        projections = isFolding
                ? new ProjectionRoom(
                        vertx, log, folder.resolve("views"), Duration.ofSeconds(30), VIEW_BYTES, mesh, meters)
                : null;
        if (projections != null) {
            await(projections.apply(BenchProjection.YAML, BenchProjection.NAME, "bench"));
        }
    }

    /**
     * Reads the topic once; the time runs from the first poll's arrival to the answer that covers the last record, and with the
     * fold until the view has reached it.
     */
    static Run run(Topic topic, Path folder, boolean isFolding) throws Exception {
        var sluice = new SluiceIngest(folder, isFolding);
        try {
            return sluice.ingest(topic);
        } finally {
            sluice.close();
        }
    }

    private Run ingest(Topic topic) throws Exception {
        var config = SourceConfig.parse(
                "bench",
                Map.of(
                        "topics", List.of(topic.name()),
                        "stream", List.of("order-${key}"),
                        "type", List.of("OrderPlaced")));
        var ingest = new Ingest(config, eventLog, options.maxEventBytes(), meters);
        try (var source = source(config, topic)) {
            var counting = new Counting(ingest, topic.records());
            source.start(counting);
            counting.done.get(MOST_MINUTES, TimeUnit.MINUTES);
            if (projections != null) {
                await(projections
                        .view(BenchProjection.NAME)
                        .reached(log.head(), TimeUnit.MINUTES.toMillis(MOST_MINUTES)));
            }
            return counting.runUntilNow();
        }
    }

    private void close() throws Exception {
        if (projections != null) {
            projections.close();
        }
        await(vertx.close());
        log.close();
    }

    private static Source source(SourceConfig config, Topic topic) {
        for (var factory : ServiceLoader.load(Source.Factory.class)) {
            if (factory.kind().equals("kafka")) {
                return factory.create(
                        config.name(),
                        config.topics(),
                        null,
                        Map.of("bootstrapServers", topic.bootstrapServers()),
                        "sluice-bench",
                        false);
            }
        }
        throw new IllegalStateException(
                "found no source of kind kafka, expected the Kafka connector on the class path");
    }

    private static void await(Future<?> future) throws Exception {
        future.toCompletionStage().toCompletableFuture().get(MOST_MINUTES, TimeUnit.MINUTES);
    }

    /** Passes polls on and counts the records that are answered. */
    private static final class Counting implements Source.Sink {
        private final Source.Sink sink;
        private final long records;
        private final AtomicLong answered = new AtomicLong();
        private final CompletableFuture<Long> done = new CompletableFuture<>();
        private volatile long start;
        private volatile double cpuBefore;

        Counting(Source.Sink sink, long records) {
            this.sink = sink;
            this.records = records;
        }

        @Override
        public CompletionStage<@Nullable Long> position(Source.Partition partition) {
            return sink.position(partition);
        }

        @Override
        public CompletionStage<Void> accept(Source.Poll poll) {
            if (start == 0) {
                cpuBefore = Machine.cpuSeconds();
                start = System.nanoTime();
            }
            return sink.accept(poll).whenComplete((nothing, failure) -> {
                if (failure != null) {
                    done.completeExceptionally(failure);
                    return;
                }
                long count = answered.addAndGet(poll.records().size());
                if (count >= records) {
                    done.complete(count);
                }
            });
        }

        Run runUntilNow() {
            return new Run(done.join(), System.nanoTime() - start, Machine.cpuSeconds() - cpuBefore, null);
        }
    }
}
