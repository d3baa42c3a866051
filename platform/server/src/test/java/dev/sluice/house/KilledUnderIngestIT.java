package dev.sluice.house;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.kafka.DevBroker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The server, and the broker too, die at random moments under ingest: the log is the topic, the view is the fold of the log. */
class KilledUnderIngestIT {
    private static final int PARTITIONS = 4;
    private static final int EVENTS_OF_A_LIFE = 3_000;

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0} shards, broker killed: {1}")
    @CsvSource({"1, false", "3, true"})
    void theLogIsTheTopicAndTheViewItsFold(int shards, boolean isBrokerKilled) throws Exception {
        try (var killer = new Killer("ingest, shards " + shards + ", broker killed " + isBrokerKilled);
                var broker = DevBroker.start(folder.resolve("kafka"), 0);
                var server = new ServerProcess(folder, shards, Audit.PROJECTION, sources(broker))) {
            broker.createTopic("orders", PARTITIONS);
            var api = new Api(server);
            server.start();
            server.awaitReady();
            try (var follower = new Follower(api, server, "order")) {
                publishThroughKills(broker, isBrokerKilled, server, killer, follower::count);
                var topic = topic(broker);
                follower.awaitCount(topic.size());
                var log = api.events("order");

                System.out.println(topic.size() + " records, " + log.events().size() + " events");
                audit(topic, log.events());
                Audit.followed(log.events(), follower.seen());
                Audit.folded(log.events(), api.rows("by-customer", log.cursor()));
            }
            assertThat(api.deadLetters().findValues("reason")).isEmpty();
            server.blockedLines().forEach(System.out::println);
            assertThat(server.errorLines()).isEmpty();
        }
    }

    private static void publishThroughKills(
            DevBroker broker, boolean isBrokerKilled, ServerProcess server, Killer killer, IntSupplier progress) {
        try (var publisher =
                new Publisher(broker.bootstrapServers(), killer.random().nextLong())) {
            publisher.start();
            for (int i = 0; i < Killer.kills(); i++) {
                if (isBrokerKilled && i % 3 == 1) {
                    broker.kill();
                    killer.killOnce(server, progress, 1);
                    broker.restart();
                } else {
                    killer.killOnce(server, progress, EVENTS_OF_A_LIFE);
                }
            }
            server.awaitReady();
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

    /** A record of the topic with the id its event must have. */
    private record Published(int partition, long offset, String key, JsonNode value) {
        String id() {
            return "orders/" + partition + "/" + offset;
        }
    }

    private static void audit(List<Published> topic, List<SeenEvent> events) {
        Audit.ordered(events);
        var byId = events.stream().collect(Collectors.toMap(SeenEvent::id, event -> event));
        for (var published : topic) {
            var event = byId.remove(published.id());
            assertThat(event).as("event of %s", published.id()).isNotNull();
            assertThat(event.stream()).isEqualTo("order-" + published.key());
            assertThat(event.type()).isEqualTo("OrderPlaced");
            assertThat(event.data()).isEqualTo(published.value());
        }
        assertThat(byId).as("events that no record stands behind").isEmpty();

        var inTopic = ids(topic.stream().collect(Collectors.groupingBy(each -> "order-" + each.key())));
        var inLog = events.stream()
                .sorted(Comparator.comparing(SeenEvent::version))
                .collect(Collectors.groupingBy(
                        SeenEvent::stream, Collectors.mapping(SeenEvent::id, Collectors.toList())));
        assertThat(inLog).as("order of each key").isEqualTo(inTopic);
    }

    private static Map<String, List<String>> ids(Map<String, List<Published>> byStream) {
        return byStream.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, each -> each.getValue().stream()
                .map(Published::id)
                .toList()));
    }

    /** Everything that the topic holds, in the order of its partitions: what the log must be. */
    private static List<Published> topic(DevBroker broker) throws Exception {
        var settings = Map.<String, Object>of(
                "bootstrap.servers", broker.bootstrapServers(), "isolation.level", "read_committed");
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            var partitions = consumer.partitionsFor("orders").stream()
                    .map(each -> new TopicPartition("orders", each.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            var records = new ArrayList<Published>();
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    records.add(new Published(
                            record.partition(),
                            record.offset(),
                            record.key(),
                            SeenEvent.JSON.readTree(record.value())));
                }
            }
            return records;
        }
    }
}
