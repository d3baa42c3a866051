package dev.sluice.bench;

import dev.sluice.ingest.Ingest;
import dev.sluice.ingest.SourceConfig;
import dev.sluice.log.LogOptions;
import dev.sluice.resilience.PolicySet;
import dev.sluice.spi.Source;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Ingest as the server does it: the Kafka source, the ingest room, the event log over the mesh, the log. With the fold, the
 * projections' room on top with the definition {@link BenchProjection}.
 */
final class SluiceIngest {
    private SluiceIngest() {}

    /**
     * Reads the topic once, under policies; the time runs from the first poll's arrival to the answer that covers the last record, and with the
     * fold until the view has reached it and its rows are durable.
     */
    static Run run(Topic topic, Path folder, boolean isFolding, PolicySet policies) throws Exception {
        var config = SourceConfig.parse(
                "bench",
                Map.of(
                        "topics", List.of(topic.name()),
                        "stream", List.of("order-${key}"),
                        "type", List.of("OrderPlaced")));
        try (var rooms = new Rooms(folder);
                var source = source(config, topic)) {
            rooms.apply(policies);
            if (isFolding) {
                rooms.openViews();
                Rooms.await(rooms.projections().apply(BenchProjection.YAML, BenchProjection.NAME, "bench"));
            }
            var ingest =
                    new Ingest(config, rooms.events(), LogOptions.defaults().maxEventBytes(), rooms.meters());
            var counting = new Counting(ingest, topic.records());
            source.start(counting);
            counting.done.get(Rooms.MOST_MINUTES, TimeUnit.MINUTES);
            if (isFolding) {
                rooms.awaitFolded(BenchProjection.NAME);
                rooms.closeViews();
            }
            return counting.runUntilNow();
        }
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
