package dev.sluice.bench;

import dev.sluice.kafka.DevBroker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.ConcurrentHistogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench latency}: from the moment an order is due at the producer to its row in a delta on a WebSocket. */
@Command(
        name = "latency",
        mixinStandardHelpOptions = true,
        description =
                "Produce over Kafka at a steady rate, read the projection's deltas on a WebSocket: latency from when the"
                        + " record was due to its row's arrival.",
        footer = {"", "Example: sluice bench latency --rate 1000 --duration 30s"})
final class LatencyCommand implements Callable<Integer> {
    private static final String TOPIC = "bench-orders";
    private static final double DEMANDED_P99_MILLIS = 50;
    private static final int WARM_UP_SECONDS = 20;

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Option(
            names = "--rate",
            defaultValue = "1000",
            paramLabel = "N",
            description = "Records a second (${DEFAULT-VALUE})")
    private int rate = 1_000;

    @Option(
            names = "--duration",
            defaultValue = "30s",
            converter = BenchOptions.DurationConverter.class,
            paramLabel = "TIME",
            description = "After a warm-up of 20 s (${DEFAULT-VALUE})")
    private Duration duration = Duration.ofSeconds(30);

    @Override
    public Integer call() throws Exception {
        Path folder = options.newFolder();
        try (var broker = DevBroker.start(folder.resolve("kafka"), 0)) {
            broker.createTopic(TOPIC, 4);
            try (var server = ServerProcess.start(folder.resolve("server"), broker.bootstrapServers(), TOPIC);
                    var publisher = new Publisher(
                            broker.bootstrapServers(), TOPIC, new OrderData(options.bytes, options.streams))) {
                server.applyProjection();
                return measure(server, publisher);
            }
        } finally {
            Machine.delete(folder);
        }
    }

    private int measure(ServerProcess server, Publisher publisher) throws Exception {
        long warmUpCount = (long) WARM_UP_SECONDS * rate;
        long count = duration.toMillis() * rate / 1_000;
        Map<String, Long> due = new ConcurrentHashMap<>();
        var latencies = new ConcurrentHistogram(3);
        var arrived = new CountDownLatch((int) (warmUpCount + count));
        LiveClient.Rows onRow = (key, row) -> {
            Long dueNanos = due.remove(row.path("last").asText());
            if (dueNanos != null) {
                latencies.recordValue(System.nanoTime() - dueNanos);
                arrived.countDown();
            }
        };
        var client = LiveClient.subscribe(server.url(), onRow);
        try {
            publisher.publish(warmUpCount, rate, (stream, order, dueNanos) -> due.put(OrderData.idOf(order), dueNanos));
            latencies.reset();
            publisher.publish(count, rate, (stream, order, dueNanos) -> due.put(OrderData.idOf(order), dueNanos));
            arrived.await(2, TimeUnit.SECONDS);
        } finally {
            client.close();
        }
        double p50 = latencies.getValueAtPercentile(50) / 1e6;
        double p99 = latencies.getValueAtPercentile(99) / 1e6;
        double most = latencies.getMaxValue() / 1e6;
        if (options.json) {
            System.out.printf(
                    "{\"rate\":%d,\"records\":%d,\"p50Millis\":%.3f,\"p99Millis\":%.3f,\"maxMillis\":%.3f,\"superseded\":%d}%n",
                    rate, count, p50, p99, most, due.size());
        } else {
            System.out.printf(
                    "produce to delta at %,d/s, %,d records: p50 %.1f ms, p99 %.1f ms, most %.1f ms (demanded p99 %.0f ms);"
                            + " %d superseded by a newer one of their key%n%s%n",
                    rate, count, p50, p99, most, DEMANDED_P99_MILLIS, due.size(), Machine.describe());
        }
        return options.check && p99 > DEMANDED_P99_MILLIS ? 1 : 0;
    }
}
