package dev.sluice.bench;

import dev.sluice.bench.Comparison.Figure;
import dev.sluice.kafka.DevBroker;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** One run each of what {@code bench subscribe} measures: a server of its own on a topic of its own, from one broker. */
final class SubscribeRuns {
    private static final int PARTITIONS = 4;
    /** So many come together where how they come is not what is measured. */
    private static final int AT_ONCE = 250;

    private static final Duration MOST_JOIN_TIME = Duration.ofMinutes(2);
    private static final Duration MOST_SETTLE_TIME = Duration.ofMinutes(1);
    private static final long NOTICE_MILLIS = 1_000;

    /**
     * What a run puts on the server.
     *
     * @param rate orders a second
     * @param minInterval least time between two deltas to one subscriber
     */
    record Load(int subscribers, int rate, int rows, Duration minInterval) {
        String wanted() {
            return minInterval.isZero() ? "" : ",\"minInterval\":" + minInterval.toMillis();
        }

        @Override
        public String toString() {
            return "%,d subscribers, %,d orders/s, minInterval %d ms"
                    .formatted(subscribers, rate, minInterval.toMillis());
        }
    }

    private final DevBroker broker;
    private final int bytes;
    private final Duration duration;
    private final Duration warmUp;
    private int topics;

    SubscribeRuns(DevBroker broker, int bytes, Duration duration, Duration warmUp) {
        this.broker = broker;
        this.bytes = bytes;
        this.duration = duration;
        this.warmUp = warmUp;
    }

    /** Each subscriber on {@code watched} rows; what they cost in memory as well. */
    Run keys(Path folder, Load load, int watched) throws Exception {
        String topic = newTopic();
        try (var server = ServerProcess.startWhole(folder, broker.bootstrapServers(), topic);
                var publisher = publisher(topic, load)) {
            server.applyProjection();
            var freshness = new Freshness(load.rows(), load.rate());
            publisher.publishEach(freshness);
            warmUp(server, publisher, load, freshness, watched);
            long residentBefore = server.residentBytes();
            var swarm = new Swarm(server.url());
            try {
                addWatchers(swarm, load.subscribers(), watched, freshness, load.wanted());
                swarm.open(AT_ONCE, MOST_JOIN_TIME);
                System.err.printf(
                        "%,d subscribers current %.2f s after they came%n",
                        swarm.size(), swarm.joinNanos().getMaxValue() / 1e9);
                long resident = server.residentBytes() - residentBefore;
                var run = measure(server, publisher, load, freshness, swarm);
                long heapWith = server.liveHeapBytes();
                swarm.close();
                Thread.sleep(NOTICE_MILLIS);
                long heap = heapWith - server.liveHeapBytes();
                System.err.printf(
                        "%,d subscribers hold %,d KiB of heap, %,d KiB outside of it%n",
                        swarm.size(), heap >> 10, resident >> 10);
                return run.with(Map.of(Figure.KIB_A_SUBSCRIBER, (heap + resident) / 1024.0 / load.subscribers()));
            } finally {
                swarm.close();
            }
        }
    }

    /** A twentieth of the subscribers, gone before the others come: what the first ones load is not charged to each. */
    private void warmUp(ServerProcess server, Publisher publisher, Load load, Freshness freshness, int watched)
            throws Exception {
        try (var few = new Swarm(server.url())) {
            addWatchers(few, Math.max(1, load.subscribers() / 20), watched, freshness, load.wanted());
            few.open(AT_ONCE, MOST_JOIN_TIME);
            publisher.publish(count(warmUp, load), load.rate(), freshness);
            few.awaitNewest(MOST_SETTLE_TIME);
        }
        Thread.sleep(NOTICE_MILLIS);
        server.liveHeapBytes();
    }

    /** Every subscriber on the whole view. */
    Run fanout(Path folder, Load load) throws Exception {
        String topic = newTopic();
        try (var server = ServerProcess.startWhole(folder, broker.bootstrapServers(), topic);
                var publisher = publisher(topic, load)) {
            server.applyProjection();
            return whole(server, publisher, load);
        }
    }

    /** The same from the plain program. */
    Run plainFanout(Path folder, Load load) throws Exception {
        String topic = newTopic();
        var arguments = List.of(
                broker.bootstrapServers(),
                topic,
                String.valueOf(load.minInterval().toMillis()));
        try (var publisher = publisher(topic, load);
                var server = ServerProcess.startPlain(folder, PlainFanout.class, arguments)) {
            return whole(server, publisher, load);
        }
    }

    private Run whole(ServerProcess server, Publisher publisher, Load load) throws Exception {
        var freshness = new Freshness(load.rows(), load.rate());
        publisher.publishEach(freshness);
        try (var swarm = new Swarm(server.url())) {
            for (int i = 0; i < load.subscribers(); i++) {
                swarm.add(load.wanted(), freshness.watch());
            }
            swarm.open(AT_ONCE, MOST_JOIN_TIME);
            return measure(server, publisher, load, freshness, swarm);
        }
    }

    /** One subscriber on a view that is empty at first. */
    Run latency(Path folder, Load load) throws Exception {
        String topic = newTopic();
        try (var server = ServerProcess.startWhole(folder, broker.bootstrapServers(), topic);
                var publisher = publisher(topic, load);
                var swarm = new Swarm(server.url())) {
            server.applyProjection();
            var freshness = new Freshness(load.rows(), load.rate());
            swarm.add(load.wanted(), freshness.watch());
            swarm.open(AT_ONCE, MOST_JOIN_TIME);
            return measure(server, publisher, load, freshness, swarm);
        }
    }

    /** All subscribers come back with their cursors to a server that was ended while orders went on. */
    Run resume(Path folder, Load load, int watched, boolean isKill) throws Exception {
        String topic = newTopic();
        var ended = ServerProcess.startWhole(folder, broker.bootstrapServers(), topic);
        try (ended;
                var publisher = publisher(topic, load);
                var swarm = new Swarm(ended.url())) {
            ended.applyProjection();
            var freshness = new Freshness(load.rows(), load.rate());
            publisher.publishEach(freshness);
            addWatchers(swarm, load.subscribers(), watched, freshness, load.wanted());
            swarm.open(AT_ONCE, MOST_JOIN_TIME);
            System.err.printf(
                    "%,d subscribers current %.2f s after they came first%n",
                    swarm.size(), swarm.joinNanos().getMaxValue() / 1e9);
            swarm.mayLeave();
            if (isKill) {
                ended.kill();
            } else {
                ended.close();
            }
            swarm.awaitLeft(MOST_SETTLE_TIME);
            publisher.publishEach(freshness);
            try (var server = ended.startAgain()) {
                return comeBack(server, swarm);
            }
        }
    }

    private static Run comeBack(ServerProcess server, Swarm swarm) throws InterruptedException {
        double cpuBefore = server.cpuSeconds();
        swarm.open(MOST_JOIN_TIME);
        double cpuSeconds = server.cpuSeconds() - cpuBefore;
        long nanos = swarm.joinNanos().getMaxValue();
        int exact = swarm.resumed("exact");
        System.err.printf(
                "resumed: %,d exact, %,d diff, %,d snapshot; %,d snapshot frames; %,d were closed and came again%n",
                exact, swarm.resumed("diff"), swarm.resumed("snapshot"), swarm.snapshots(), swarm.turnedAway());
        return new Run(
                swarm.size(),
                nanos,
                cpuSeconds,
                swarm.joinNanos(),
                Map.of(
                        Figure.SECONDS_UNTIL_CURRENT,
                        nanos / 1e9,
                        Figure.SNAPSHOTS,
                        (double) swarm.snapshots(),
                        Figure.NOT_EXACT,
                        (double) swarm.size() - exact));
    }

    /** The rows that come while orders are published at the load's rate, after the warm-up. */
    private Run measure(ServerProcess server, Publisher publisher, Load load, Freshness freshness, Swarm swarm)
            throws InterruptedException {
        publisher.publish(count(warmUp, load), load.rate(), freshness);
        double cpuBefore = server.cpuSeconds();
        long rowsBefore = swarm.rows();
        long start = System.nanoTime();
        freshness.measure();
        publisher.publish(count(duration, load), load.rate(), freshness);
        swarm.awaitNewest(MOST_SETTLE_TIME);
        long nanos = System.nanoTime() - start;
        double cpuSeconds = server.cpuSeconds() - cpuBefore;
        return new Run(swarm.rows() - rowsBefore, nanos, cpuSeconds, freshness.latencies());
    }

    private static void addWatchers(Swarm swarm, int count, int watched, Freshness freshness, String wanted) {
        var random = new Random(count);
        for (int i = 0; i < count; i++) {
            int[] rows = random.ints(0, freshness.rows())
                    .distinct()
                    .limit(Math.min(watched, freshness.rows()))
                    .sorted()
                    .toArray();
            String keys = IntStream.of(rows).mapToObj(row -> "\"" + row + "\"").collect(Collectors.joining(","));
            swarm.add(wanted + ",\"keys\":[" + keys + "]", freshness.watch(rows));
        }
    }

    private String newTopic() throws IOException {
        String topic = "bench-orders-" + topics++;
        broker.createTopic(topic, PARTITIONS);
        return topic;
    }

    private Publisher publisher(String topic, Load load) {
        return new Publisher(broker.bootstrapServers(), topic, data(load));
    }

    private OrderData data(Load load) {
        return new OrderData(bytes, load.rows());
    }

    private static long count(Duration time, Load load) {
        return time.toMillis() * load.rate() / 1_000;
    }
}
