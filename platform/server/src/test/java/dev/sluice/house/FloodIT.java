package dev.sluice.house;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.kafka.DevBroker;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ten times what policies admit, over HTTP and Kafka at once, for 5 s ({@code -Dflood.seconds=60} is the long form): what is admitted is
 * in the log and within its deadline, the rest is told when to come again, no record of Kafka is lost, and nothing stays in memory.
 */
class FloodIT {
    private static final int SECONDS = Integer.getInteger("flood.seconds", 5);
    private static final int ADMITTED_A_SECOND = 100;
    private static final int BURST = 50;
    private static final int OFFERED_A_SECOND = 10 * ADMITTED_A_SECOND;
    private static final int IN_FLIGHT = 256;

    /** Before the heap is looked at first: classes, buffers and caches are not the flood's. */
    private static final int WARM_UP_SECONDS = 3;

    private static final long MOST_HEAP_GROWTH_BYTES = 16L << 20;
    private static final Duration DEADLINE = Duration.ofSeconds(5);
    private static final int CALM = 20;
    private static final Duration CALM_EVERY = Duration.ofMillis(2_000 / ADMITTED_A_SECOND);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String POLICIES = """
            policies:
              - name: appends
                match: { address: shard.*.append }
                outbound: { deadline: %ds, perTryTimeout: 5s, breaker: { openFor: { initial: 1s } } }
                inbound:
                  concurrency: { fixed: 64 }
                  rateLimit: [ { name: all, capacity: %d, refill: %d/s } ]
              - name: ingest
                match: { address: shard.*.ingest }
                inbound: { rateLimit: [ { name: polls, capacity: 2, refill: 5/s } ] }
            """.formatted(DEADLINE.toSeconds(), BURST, ADMITTED_A_SECOND);

    @TempDir
    Path folder;

    private final Map<Integer, AtomicInteger> statuses = new ConcurrentHashMap<>();
    private final AtomicInteger untold = new AtomicInteger();
    private final AtomicLong slowestAdmittedNanos = new AtomicLong();
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build();

    @Test
    void admitsWhatItCanTellsTheRestWhenToComeAgainAndLosesNoRecord() throws Exception {
        Files.createDirectories(folder.resolve("policies"));
        Files.writeString(folder.resolve("policies/flood.yaml"), POLICIES);
        try (var broker = DevBroker.start(folder.resolve("kafka"), 0);
                var server = new ServerProcess(folder, 1, Audit.PROJECTION, sources(broker))) {
            broker.createTopic("orders", 2);
            server.start();
            server.awaitReady();
            try (var publisher = new Publisher(broker.bootstrapServers(), 1)) {
                publisher.start();
                flood(server, WARM_UP_SECONDS);
                slowestAdmittedNanos.set(0);
                long heapBefore = server.liveHeapBytes();
                flood(server, SECONDS);
                System.out.println(millisUntilCalm(server) + " ms until appends are admitted one after the other");
                long heapGrowth = server.liveHeapBytes() - heapBefore;
                System.out.println(heapGrowth + " bytes of live heap more than before, " + heapBefore);
                assertThat(heapGrowth).as("growth of the live heap").isLessThan(MOST_HEAP_GROWTH_BYTES);
            }
            var api = new Api(server);
            long records = records(broker);
            await("every record is an event")
                    .atMost(PATIENCE)
                    .until(() -> api.events("order").events().size() == records);

            var counts = statuses.entrySet().stream()
                    .collect(Collectors.toMap(
                            Map.Entry::getKey, status -> status.getValue().get()));
            long slowestMillis = TimeUnit.NANOSECONDS.toMillis(slowestAdmittedNanos.get());
            System.out.println(counts + " answers by status, the slowest admitted after " + slowestMillis + " ms, "
                    + records + " records");
            assertThat(counts.keySet()).isSubsetOf(201, 429, 503);
            assertThat(untold).as("refusals without Retry-After").hasValue(0);
            assertThat(slowestMillis).isLessThan(DEADLINE.toMillis());
            assertThat(counts.get(429) + counts.getOrDefault(503, 0)).isGreaterThan(counts.get(201));
            assertThat(api.events("flood").events()).hasSize(counts.get(201));
            assertThat(server.isAlive()).isTrue();
            assertThat(server.errorLines()).isEmpty();
        }
    }

    private void flood(ServerProcess server, int seconds) throws InterruptedException {
        var room = new Semaphore(IN_FLIGHT);
        var answers = new ArrayList<CompletableFuture<Void>>();
        long startNanos = System.nanoTime();
        for (int i = 0; i < seconds * OFFERED_A_SECOND; i++) {
            long dueNanos = startNanos + i * TimeUnit.SECONDS.toNanos(1) / OFFERED_A_SECOND;
            for (long wait; (wait = dueNanos - System.nanoTime()) > 0; ) {
                LockSupport.parkNanos(wait);
            }
            room.acquire();
            long sentNanos = System.nanoTime();
            answers.add(http.sendAsync(request(server, "flood-" + i), HttpResponse.BodyHandlers.discarding())
                    .thenAccept(answer -> count(answer, System.nanoTime() - sentNanos))
                    .whenComplete((done, failed) -> room.release()));
        }
        CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)).join();
    }

    private void count(HttpResponse<Void> answer, long tookNanos) {
        if (answer.statusCode() == 201) {
            slowestAdmittedNanos.accumulateAndGet(tookNanos, Math::max);
        }
        statuses.computeIfAbsent(answer.statusCode(), status -> new AtomicInteger())
                .incrementAndGet();
        if (answer.statusCode() != 201
                && answer.headers().firstValue("Retry-After").isEmpty()) {
            untold.incrementAndGet();
        }
    }

    /** Until the first of some appends at half the rate that are all admitted. */
    private long millisUntilCalm(ServerProcess server) {
        long startNanos = System.nanoTime();
        var calmSinceNanos = new AtomicLong(startNanos);
        var inARow = new AtomicInteger();
        await("appends are admitted one after the other soon after the flood")
                .atMost(PATIENCE)
                .pollInterval(CALM_EVERY)
                .until(() -> {
                    if (append(server, "after-1").statusCode() != 201) {
                        calmSinceNanos.set(System.nanoTime());
                        inARow.set(0);
                        return false;
                    }
                    return inARow.incrementAndGet() == CALM;
                });
        return TimeUnit.NANOSECONDS.toMillis(calmSinceNanos.get() - startNanos);
    }

    private HttpResponse<Void> append(ServerProcess server, String stream) throws Exception {
        return http.send(request(server, stream), HttpResponse.BodyHandlers.discarding());
    }

    private static HttpRequest request(ServerProcess server, String stream) {
        return HttpRequest.newBuilder(server.uri("/v1/streams/" + stream + "?type=Flooded"))
                .timeout(PATIENCE)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build();
    }

    private static long records(DevBroker broker) {
        try (var consumer = new KafkaConsumer<>(
                Map.<String, Object>of("bootstrap.servers", broker.bootstrapServers()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            var partitions = consumer.partitionsFor("orders").stream()
                    .map(each -> new TopicPartition("orders", each.partition()))
                    .toList();
            return consumer.endOffsets(partitions).values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
        }
    }

    private static String sources(DevBroker broker) {
        return """
                kafka:
                  bootstrapServers: %s
                  sources:
                    - name: orders
                      topics: [orders]
                      stream: order-${key}
                      type: OrderPlaced
                """.formatted(broker.bootstrapServers());
    }
}
