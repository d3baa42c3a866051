package dev.sluice.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.ingest.DeadLetters;
import dev.sluice.ingest.Resolver;
import dev.sluice.ingest.SourceConfig;
import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.RecordedEvent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of refused records between a real broker and a real log. */
class KafkaDeadLettersTest {
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
                Map.of("bootstrap.servers", broker.bootstrapServers(), "acks", "all"),
                new StringSerializer(),
                new ByteArraySerializer());
    }

    @AfterAll
    static void stopTheBroker() {
        producer.close(Duration.ZERO);
        broker.close();
    }

    @Test
    void mirrorsEveryLetterUntouchedThoughTheBrokerIsAway() throws Exception {
        broker.createTopic("mirrored", 1);
        broker.createTopic("mirrored.dlq", 1);
        var config = SourceConfig.of("m", "mirrored");
        send("mirrored", "k", "{", 1_234L, "trace", "t-1");
        send("mirrored", null, "{\"n\":1}", 1_235L);

        try (var pipeline = pipeline(config)) {
            soon().until(() -> open(pipeline).size() == 2);
            broker.kill();
            pipeline.mirror();
            soon().until(() ->
                    pipeline.meters.get("deadletter.mirror.lag").gauge().value() == 2);
            broker.restart();

            soon().until(() -> mirrored("mirrored.dlq").size() >= 2);
            soon().until(() ->
                    pipeline.meters.get("deadletter.mirror.lag").gauge().value() == 0);
        }
        int before = mirrored("mirrored.dlq").size();
        try (var pipeline = pipeline(config)) {
            pipeline.mirror();
            send("mirrored", "k", "]", 1_236L);
            soon().until(() -> mirrored("mirrored.dlq").size() > before);

            var records = mirrored("mirrored.dlq");
            assertThat(records).hasSize(before + 1);
            var first = records.get(0);
            assertThat(first.key()).isEqualTo("k");
            assertThat(first.value()).asString(StandardCharsets.UTF_8).isEqualTo("{");
            assertThat(first.timestamp()).isEqualTo(1_234L);
            assertThat(headers(first))
                    .containsEntry("trace", "t-1")
                    .containsEntry("__connect.errors.topic", "mirrored")
                    .containsEntry("__connect.errors.partition", "0")
                    .containsEntry("__connect.errors.offset", "0")
                    .containsEntry("dlq-reason", "bad-json")
                    .containsEntry("dlq-attempts", "1")
                    .containsEntry("dlq-id", open(pipeline).get(0).id())
                    .containsKey("__connect.errors.exception.message")
                    .doesNotContainKey("dlq-truncated");
            assertThat(records)
                    .extracting(ConsumerRecord::key)
                    .contains(null, "k")
                    .endsWith("k");
        }
    }

    @Test
    void parksTheRecordsOfAKeyAndReleasesThemInOrder() throws Exception {
        broker.createTopic("parked", 1);
        send("parked", "k", "{\"old\":\"k\",\"n\":1}", 1L);
        send("parked", "k", "{\"new\":\"k\",\"old\":\"k\",\"n\":2}", 2L);
        send("parked", "other", "{\"new\":\"other\",\"n\":3}", 3L);
        String head;

        try (var pipeline = pipeline(parking("${data.new}"))) {
            soon().until(() -> pipeline.log.version("other") == 1);
            var open = open(pipeline);
            assertThat(open).extracting(DeadLetters.DeadLetter::reason).containsExactly("no-stream", "parked-behind");
            assertThat(pipeline.count("dead-lettered")).isEqualTo(2);
            head = open.get(0).id();
        }
        try (var pipeline = pipeline(parking("${data.old}"))) {
            send("parked", "k", "{\"old\":\"k\",\"n\":4}", 4L);
            soon().until(() -> open(pipeline).size() == 3);

            var done = pipeline.resolver.resolve(head, Resolver.Verb.RETRY).await(30, TimeUnit.SECONDS);
            send("parked", "k", "{\"old\":\"k\",\"n\":5}", 5L);

            assertThat(done.released()).isEqualTo(2);
            soon().until(() -> pipeline.log.version("k") == 4);
            assertThat(pipeline.log.readStream("k", 1, Direction.FORWARD, 10))
                    .extracting(RecordedEvent::origin)
                    .extracting(origin -> origin.offset())
                    .containsExactly(0L, 1L, 3L, 4L);
            assertThat(open(pipeline)).isEmpty();
        }
    }

    private static SourceConfig parking(String stream) {
        return SourceConfig.parse(
                "parking",
                Map.of(
                        "topics", List.of("parked"),
                        "stream", List.of(stream),
                        "ordering", List.of("park"),
                        "deadLetterTopic", List.of("none")));
    }

    private static List<DeadLetters.DeadLetter> open(Pipeline pipeline) throws Exception {
        var filter = new DeadLetters.Filter(null, null, DeadLetters.State.OPEN);
        return pipeline.letters
                .list(filter, 100, null)
                .await(30, TimeUnit.SECONDS)
                .letters();
    }

    private static List<ConsumerRecord<String, byte[]>> mirrored(String topic) {
        var settings = Map.<String, Object>of("bootstrap.servers", broker.bootstrapServers());
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            var partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            var records = new ArrayList<ConsumerRecord<String, byte[]>>();
            while (consumer.position(partition) < end) {
                records.addAll(consumer.poll(Duration.ofSeconds(1)).records(partition));
            }
            return records;
        }
    }

    private static Map<String, String> headers(ConsumerRecord<?, ?> message) {
        var headers = new LinkedHashMap<String, String>();
        message.headers()
                .forEach(header -> headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8)));
        return headers;
    }

    private static void send(String topic, @Nullable String key, String value, long timestamp, String... headers)
            throws Exception {
        var message = new ProducerRecord<>(topic, null, timestamp, key, value.getBytes(StandardCharsets.UTF_8));
        for (int i = 0; i < headers.length; i += 2) {
            message.headers().add(headers[i], headers[i + 1].getBytes(StandardCharsets.UTF_8));
        }
        producer.send(message).get(60, TimeUnit.SECONDS);
    }

    private Pipeline pipeline(SourceConfig config) throws Exception {
        return new Pipeline(folder.resolve("log"), 1, broker.bootstrapServers(), config);
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(50));
    }
}
