package dev.sluice.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.ingest.DeadLetters;
import dev.sluice.ingest.SourceConfig;
import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.Origin;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Selection;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.core.format.EventFormat;
import io.cloudevents.core.message.Encoding;
import io.cloudevents.jackson.JsonFormat;
import io.cloudevents.kafka.CloudEventSerializer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From a topic of a real broker into a real log. */
class KafkaIngestTest {
    private static final Selection ALL = new Selection.All();

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private static Path shared;

    private static DevBroker broker;
    private static KafkaProducer<String, byte[]> producer;

    @TempDir
    private Path folder;

    @BeforeAll
    static void startTheBroker() {
        broker = DevBroker.start(shared, 0);
        producer = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        broker.bootstrapServers(),
                        "acks",
                        "all",
                        "enable.idempotence",
                        true,
                        "max.request.size",
                        8 << 20),
                new StringSerializer(),
                new ByteArraySerializer());
    }

    @AfterAll
    static void stopTheBroker() {
        producer.close(Duration.ZERO);
        broker.close();
    }

    @Test
    void takesCloudEventsAsTheirOwnLibraryWritesThem() throws Exception {
        broker.createTopic("cloudevents", 1);
        CloudEvent event = CloudEventBuilder.v1()
                .withId("e-1")
                .withSource(URI.create("/shop"))
                .withType("OrderPlaced")
                .withTime(OffsetDateTime.parse("2026-01-31T12:00:00.25Z"))
                .withSubject("order 1")
                .withDataSchema(URI.create("https://example.org/order"))
                .withExtension("stream", "order-1")
                .withExtension("correlationid", "c-1")
                .withExtension("tags", "region:eu")
                .withData("application/json", "{\"total\":129.90}".getBytes(StandardCharsets.UTF_8))
                .build();
        sendCloudEvent(event, Map.of());
        sendCloudEvent(
                CloudEventBuilder.from(event).withId("e-2").build(),
                Map.of(
                        CloudEventSerializer.ENCODING_CONFIG,
                        Encoding.STRUCTURED,
                        CloudEventSerializer.EVENT_FORMAT_CONFIG,
                        (EventFormat) new JsonFormat()));

        try (var pipeline = pipeline(1, SourceConfig.of("ce", "cloudevents"))) {
            soon().until(() -> pipeline.log.version("order-1") == 2);

            var stored = pipeline.log.readStream("order-1", 1, Direction.FORWARD, 10);
            assertThat(stored).extracting(RecordedEvent::id).containsExactly("e-1", "e-2");
            assertThat(stored).allSatisfy(each -> {
                assertThat(each.type()).isEqualTo("OrderPlaced");
                assertThat(each.source()).isEqualTo("/shop");
                assertThat(each.timeMicros()).isEqualTo(1_769_860_800_250_000L);
                assertThat(each.contentType()).isEqualTo("application/json");
                assertThat(each.attributes())
                        .containsOnly(
                                Map.entry("subject", "order 1"),
                                Map.entry("dataschema", "https://example.org/order"),
                                Map.entry("correlationid", "c-1"),
                                Map.entry("tags", "region:eu"));
                assertThat(each.data()).asString(StandardCharsets.UTF_8).isEqualTo("{\"total\":129.90}");
            });
            assertThat(stored.get(1).origin()).isEqualTo(new Origin("cloudevents", 0, 1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void oneBadRecordNeverStopsTheRest(int shards) throws Exception {
        String topic = "poison-" + shards;
        broker.createTopic(topic, 1, Map.of("max.message.bytes", String.valueOf(8 << 20)));
        send(topic, "a", "{\"n\":1}");
        send(topic, "a", "{\"n\":");
        send(topic, null, "{\"n\":2}");
        send(topic, "a", "\"" + "x".repeat(2 << 20) + "\"");
        send(topic, "$all", "{\"n\":3}");
        send(topic, "a", null);
        send(topic, "b", "{}", "ce_specversion", "1.0", "ce_type", "T");
        send(
                topic,
                "a",
                "1",
                "ce_specversion",
                "1.0",
                "ce_id",
                "1",
                "ce_type",
                "T",
                "ce_source",
                "s",
                "ce_expectedversion",
                "7");
        send(topic, "a", "{\"n\":4}");

        var config = SourceConfig.parse(
                "poison", Map.of("topics", List.of(topic), "stream", List.of("${key}"), "type", List.of("Counted")));
        try (var pipeline = pipeline(shards, config)) {
            soon().until(() -> pipeline.log.version("a") == 2);
            soon().until(() -> letters(pipeline, null, null).size() == 6);

            assertThat(pipeline.log.readStream("a", 1, Direction.FORWARD, 10))
                    .extracting(each -> new String(each.data(), StandardCharsets.UTF_8))
                    .containsExactly("{\"n\":1}", "{\"n\":4}");
            var letters = letters(pipeline, "source:poison", null);
            assertThat(letters)
                    .extracting(DeadLetters.DeadLetter::reason)
                    .containsExactlyInAnyOrder(
                            "bad-json",
                            "no-stream",
                            "too-large",
                            "platform-stream",
                            "bad-cloudevent",
                            "wrong-expected-version");
            assertThat(letters)
                    .extracting(each -> each.event().stream())
                    .allMatch(name -> name.startsWith("$dlq.poison-0"));
            assertThat(letters(pipeline, null, "too-large")).hasSize(1);
            assertThat(letters(pipeline, "source:other", null)).isEmpty();
            soon().until(() -> pipeline.count("ignored") == 1);
            assertThat(pipeline.count("appended")).isEqualTo(2);
            assertThat(pipeline.count("dead-lettered")).isEqualTo(6);
            soon().until(() -> pipeline.source.status().problem() == null);
        }
    }

    @Test
    void givesEveryShardTheWatermarkSoon() throws Exception {
        broker.createTopic("watermark", 1);
        send("watermark", "k", "1");

        try (var pipeline = pipeline(3, SourceConfig.of("w", "watermark"))) {
            soon().until(() -> pipeline.log.version("watermark-k") == 1);
            soon().until(() -> nexts(pipeline, "w", "watermark").equals(List.of(1L, 1L, 1L)));
            send("watermark", "k", "2");

            soon().until(() -> nexts(pipeline, "w", "watermark").equals(List.of(2L, 2L, 2L)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void takesEveryRecordOnceAndInOrderWhateverStopsInBetween(int shards) throws Exception {
        String topic = "audit-" + shards;
        int partitions = 4;
        int records = 20_000;
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        broker.createTopic(topic, partitions);
        var config = SourceConfig.of("audit", topic);
        var sent = new ArrayList<java.util.concurrent.Future<?>>();

        var pipeline = pipeline(shards, config);
        for (int number = 0; number < records; number++) {
            String key = "k" + random.nextInt(500);
            sent.add(producer.send(new ProducerRecord<>(topic, key, utf8("{\"n\":" + number + "}"))));
            if (number == records / 4 || number == records / 2) {
                awaitSome(pipeline, number / 2);
                pipeline.close();
                pipeline = pipeline(shards, config);
            }
            if (number == records * 3 / 4) {
                broker.kill();
                broker.restart();
            }
        }
        for (var each : sent) {
            each.get(60, TimeUnit.SECONDS);
        }

        try (var last = pipeline) {
            soon().until(() -> events(last) >= records);
            audit(last.all(ALL), records);
            soon().until(() -> last.source.status().lag() == 0);
            assertThat(letters(last, null, null)).isEmpty();
        }
    }

    private static void awaitSome(Pipeline pipeline, int count) {
        soon().until(() -> events(pipeline) >= count);
    }

    private static long events(Pipeline pipeline) {
        long events = 0;
        for (int shard = 0; shard < pipeline.log.shards(); shard++) {
            events += pipeline.log.shard(shard).head();
        }
        return events;
    }

    private static void audit(List<RecordedEvent> events, int records) {
        var origins = new HashSet<Origin>();
        var numbers = new HashSet<String>();
        var lastOffset = new HashMap<String, Long>();
        var lastVersion = new HashMap<String, Long>();
        for (RecordedEvent event : events) {
            assertThat(origins.add(event.origin()))
                    .as("once: %s", event.origin())
                    .isTrue();
            numbers.add(new String(event.data(), StandardCharsets.UTF_8));
            Long before = lastOffset.put(event.stream(), event.origin().offset());
            assertThat(before == null || before < event.origin().offset())
                    .as("order of %s", event.stream())
                    .isTrue();
            assertThat(lastVersion.merge(event.stream(), 1L, Long::sum)).isEqualTo(event.version());
        }
        assertThat(numbers).hasSize(records);
        assertThat(events).hasSize(records);
    }

    private static List<Long> nexts(Pipeline pipeline, String source, String topic) throws Exception {
        return pipeline.events
                .watermarks(source, topic, 0)
                .map(stored -> stored.stream()
                        .map(each -> each == null ? -1L : each.next())
                        .collect(Collectors.toList()))
                .await(30, TimeUnit.SECONDS);
    }

    private static List<DeadLetters.DeadLetter> letters(
            Pipeline pipeline, @Nullable String consumer, @Nullable String reason) throws Exception {
        var all = new ArrayList<DeadLetters.DeadLetter>();
        String cursor = null;
        do {
            var page = pipeline.letters
                    .list(new DeadLetters.Filter(consumer, reason, DeadLetters.State.OPEN), 2, cursor)
                    .await(30, TimeUnit.SECONDS);
            assertThat(page.letters()).hasSizeLessThanOrEqualTo(2);
            all.addAll(page.letters());
            cursor = page.cursor();
        } while (cursor != null);
        return all;
    }

    private Pipeline pipeline(int shards, SourceConfig config) throws Exception {
        return new Pipeline(folder.resolve("log"), shards, broker.bootstrapServers(), config);
    }

    private static void sendCloudEvent(CloudEvent event, Map<String, Object> encoding) throws Exception {
        var serializer = new CloudEventSerializer();
        serializer.configure(encoding, false);
        Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers());
        try (var own = new KafkaProducer<>(settings, new StringSerializer(), serializer)) {
            own.send(new ProducerRecord<>("cloudevents", "k", event)).get(60, TimeUnit.SECONDS);
        }
    }

    private static void send(String topic, @Nullable String key, @Nullable String value, String... headers)
            throws Exception {
        var message = new ProducerRecord<>(topic, key, value == null ? null : utf8(value));
        for (int i = 0; i < headers.length; i += 2) {
            message.headers().add(headers[i], utf8(headers[i + 1]));
        }
        producer.send(message).get(60, TimeUnit.SECONDS);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(20));
    }
}
