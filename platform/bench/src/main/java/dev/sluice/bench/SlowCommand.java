package dev.sluice.bench;

import dev.sluice.kafka.DevBroker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code bench slow}: what a WebSocket client that stops reading costs the server. The same load runs twice against the same
 * subscriber, first reading, then not; the difference of the server's live heap is the cost. Then it reads on and must get every
 * key's newest value.
 */
@Command(
        name = "slow",
        mixinStandardHelpOptions = true,
        description =
                "A subscriber that stops reading under load: what it costs the server's heap, and whether it then gets"
                        + " every key's newest value.",
        footer = {"", "Example: sluice bench slow --rate 20000 --duration 60s"})
final class SlowCommand implements Callable<Integer> {
    private static final String TOPIC = "bench-orders";
    private static final long DEMANDED_BYTES = 1 << 20;
    private static final Duration MOST_SETTLE_TIME = Duration.ofMinutes(2);

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Option(
            names = "--rate",
            defaultValue = "20000",
            paramLabel = "N",
            description = "Records a second (${DEFAULT-VALUE})")
    private int rate = 20_000;

    @Option(
            names = "--duration",
            defaultValue = "60s",
            converter = BenchOptions.DurationConverter.class,
            paramLabel = "TIME",
            description = "How long it does not read (${DEFAULT-VALUE})")
    private Duration duration = Duration.ofSeconds(60);

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
        long count = duration.toMillis() * rate / 1_000;
        var freshness = new Freshness(options.streams, rate);
        try (var reading = new Swarm(server.url())) {
            reading.add("", freshness.watch());
            reading.open(MOST_SETTLE_TIME);
            publisher.publish(count, rate, freshness);
            reading.awaitNewest(MOST_SETTLE_TIME);
            long heapBefore = server.liveHeapBytes();
            long residentBefore = server.residentBytes();
            System.err.printf("the subscriber has read %,d rows, it stops now%n", reading.rows());

            reading.isReading(false);
            publisher.publish(count, rate, freshness);
            Thread.sleep(1_000);
            long heap = server.liveHeapBytes() - heapBefore;
            long resident = server.residentBytes() - residentBefore;

            long start = System.nanoTime();
            reading.isReading(true);
            reading.awaitNewest(MOST_SETTLE_TIME);
            print(heap, resident, (System.nanoTime() - start) / 1e9);
            return options.check && heap > DEMANDED_BYTES ? 1 : 0;
        }
    }

    private void print(long heap, long resident, double seconds) {
        if (options.json) {
            System.out.printf(
                    "{\"rate\":%d,\"seconds\":%d,\"heapBytes\":%d,\"residentBytes\":%d,\"catchUpSeconds\":%.3f}%n",
                    rate, duration.toSeconds(), heap, resident, seconds);
        } else {
            System.out.printf(
                    "not reading for %d s at %,d events/s: the server's live heap %+,d KiB (demanded < %,d), resident %+,d KiB;"
                            + " every key at its newest value %.2f s after it read on%n",
                    duration.toSeconds(), rate, heap >> 10, DEMANDED_BYTES >> 10, resident >> 10, seconds);
        }
    }
}
