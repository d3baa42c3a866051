package dev.sluice.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.bus.Addresses;
import dev.sluice.bus.Call;
import dev.sluice.bus.EventBusMesh;
import dev.sluice.bus.Mesh;
import dev.sluice.log.Failure;
import dev.sluice.participant.CommandTopic;
import dev.sluice.participant.CommandTopicConfig;
import dev.sluice.spi.ParticipantCommand;
import dev.sluice.spi.ParticipantReply;
import dev.sluice.spi.Source;
import dev.sluice.testing.ExampleParticipant;
import dev.sluice.testing.ParticipantContract;
import io.cloudevents.kafka.CloudEventDeserializer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Commands and replies between the mesh and a participant behind a real broker. */
class KafkaCommandsTest {
    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private static Path folder;

    private static DevBroker broker;

    private final Vertx vertx = Vertx.vertx();
    private final Mesh mesh = EventBusMesh.on(vertx);
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final String topic = "commands-" + UUID.randomUUID();
    private final ExampleParticipant example = new ExampleParticipant();
    private @Nullable Thread participant;
    private volatile boolean isEnding;
    private CommandTopic commands;

    @BeforeAll
    static void startTheBroker() {
        broker = DevBroker.start(folder, 0);
    }

    @AfterAll
    static void stopTheBroker() {
        broker.close();
    }

    @AfterEach
    void close() throws Exception {
        if (participant != null) {
            isEnding = true;
            participant.join();
        }
        vertx.close().await(30, TimeUnit.SECONDS);
    }

    @TestFactory
    Stream<DynamicTest> carriesAContractThatIsKept() throws Exception {
        createTopics(3);
        participate();
        deploy();
        return ParticipantContract.of(this::ask, command -> example.net(command.commandId()))
                .does("", "Ship", key -> "{\"orderId\":\"" + key + "\"}")
                .undoneBy("", "CancelShipment", key -> "{\"orderId\":\"" + key + "\"}")
                .tests();
    }

    @Test
    void readsNoReplyFromBeforeItBegan() throws Exception {
        createTopics(1);
        try (var producer = producer()) {
            producer.send(reply("id-1", "Stale", new byte[0])).get(30, TimeUnit.SECONDS);
        }
        participate();
        deploy();

        assertThat(ask(command("id-1")).type()).isEqualTo("Done");
        assertThat(replies("dropped")).isZero();
        assertThat(replies("answered")).isOne();
    }

    @Test
    void findsNewPartitionsOfTheReplyTopic() throws Exception {
        createTopics(1);
        deploy();
        try (var admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.createPartitions(Map.of(topic + ".replies", NewPartitions.increaseTo(2)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
        }
        try (var producer = producer()) {
            var stray = new ProducerRecord<byte[], byte[]>(topic + ".replies", 1, null, new byte[0]);
            soon().untilAsserted(() -> producer.send(stray).get(30, TimeUnit.SECONDS));
        }

        soon().until(() -> replies("dropped") >= 1);
    }

    @Test
    void goesOnWhenTheBrokerHasBeenAway() throws Exception {
        createTopics(2);
        participate();
        deploy();
        ask(command("id-1"));

        broker.kill();
        soon().until(() -> commands.problem() != null);
        var refused = failure(command("id-2"));
        broker.restart();
        soon().until(() -> commands.problem() == null);

        assertThat(refused.kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
        soon().ignoreExceptions().until(() -> ask(command("id-2")).type().equals("Done"));
        assertThat(example.net("id-2")).isOne();
    }

    @Test
    void defersWhenTheCommandTopicIsNotThere() throws Exception {
        broker.createTopic(topic + ".replies", 1);
        deploy(Map.of("max.block.ms", "500"));

        var failure = failure(command("id-1"));

        assertThat(failure.kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
        assertThat(failure).hasMessageContaining(topic);
    }

    @Test
    void writesWhatOthersReadAsACloudEvent() throws Exception {
        createTopics(1);
        deploy();
        var asked = mesh.<ParticipantReply>request(Addresses.commandTopic(topic), command("id-1"), within(60_000));

        try (var consumer = new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        broker.bootstrapServers(),
                        "group.id",
                        topic,
                        "auto.offset.reset",
                        "earliest"),
                new ByteArrayDeserializer(),
                new CloudEventDeserializer())) {
            consumer.subscribe(List.of(topic));
            var records = consumer.poll(Duration.ofSeconds(60));

            var event = records.iterator().next().value();
            assertThat(event.getId()).isEqualTo("id-1");
            assertThat(event.getType()).isEqualTo("Ship");
            assertThat(event.getSource()).hasToString("/sagas/order-fulfilment");
            assertThat(event.getExtension("commandid")).isEqualTo("id-1");
            assertThat(event.getExtension("replyto")).isEqualTo(topic + ".replies");
            assertThat(event.getData().toBytes()).asString(UTF_8).isEqualTo("{}");
        }
        assertThat(asked.isComplete()).isFalse();
    }

    private void createTopics(int partitions) {
        broker.createTopic(topic, partitions);
        broker.createTopic(topic + ".replies", partitions);
    }

    private void deploy() throws Exception {
        deploy(Map.of());
    }

    private void deploy(Map<String, String> settings) throws Exception {
        var connection = new java.util.HashMap<>(settings);
        connection.put("bootstrapServers", broker.bootstrapServers());
        var config = CommandTopicConfig.of(topic);
        var factory = new KafkaSourceFactory();
        Source replies =
                factory.create("replies", List.of(config.replyTopic()), null, connection, "group-" + topic, true);
        commands = new CommandTopic(config, mesh, factory.writer(connection), replies, meters);
        vertx.deployVerticle(commands).await(30, TimeUnit.SECONDS);
        soon().until(() -> commands.problem() == null);
    }

    /** Answers what comes on the topic, on a thread of its own. */
    private void participate() {
        participant = new Thread(
                () -> {
                    var settings = Map.<String, Object>of(
                            "bootstrap.servers",
                            broker.bootstrapServers(),
                            "group.id",
                            topic,
                            "auto.offset.reset",
                            "earliest");
                    try (var producer = producer();
                            var consumer = new KafkaConsumer<>(
                                    settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
                        consumer.subscribe(List.of(topic));
                        while (!isEnding) {
                            for (var each : consumer.poll(Duration.ofMillis(100))) {
                                producer.send(answer(each));
                            }
                        }
                    }
                },
                "participant");
        participant.start();
    }

    private ProducerRecord<byte[], byte[]> answer(ConsumerRecord<byte[], byte[]> asked) {
        var reply = example.ask(new ParticipantCommand(
                "",
                header(asked, "ce_type"),
                header(asked, "ce_commandid"),
                header(asked, "ce_undoes"),
                header(asked, "ce_source"),
                header(asked, "ce_correlationid"),
                asked.value()));
        assertThat(header(asked, "ce_replyto")).isEqualTo(topic + ".replies");
        var answer = reply(header(asked, "ce_commandid"), reply.type(), reply.data());
        if (reply.isRejection()) {
            answer.headers().add("ce_rejected", reply.type().getBytes(UTF_8));
        }
        return answer;
    }

    private ProducerRecord<byte[], byte[]> reply(String commandId, String type, byte[] data) {
        var reply = new ProducerRecord<byte[], byte[]>(topic + ".replies", null, data);
        reply.headers().add("ce_commandid", commandId.getBytes(UTF_8)).add("ce_type", type.getBytes(UTF_8));
        return reply;
    }

    private static KafkaProducer<byte[], byte[]> producer() {
        return new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "acks", "all", "linger.ms", 0),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    private static @Nullable String header(ConsumerRecord<?, ?> from, String name) {
        Header header = from.headers().lastHeader(name);
        return header == null ? null : new String(header.value(), UTF_8);
    }

    private static ParticipantCommand command(String id) {
        return new ParticipantCommand("", "Ship", id, null, "order-fulfilment/o1", "c-1", "{}".getBytes(UTF_8));
    }

    private ParticipantReply ask(ParticipantCommand command) throws Exception {
        return mesh.<ParticipantReply>request(Addresses.commandTopic(topic), command, within(10_000))
                .await(30, TimeUnit.SECONDS);
    }

    private Failure failure(ParticipantCommand command) throws Exception {
        Throwable failed = mesh.<ParticipantReply>request(Addresses.commandTopic(topic), command, within(30_000))
                .<Throwable>map(reply -> new AssertionError("answered " + reply))
                .recover(io.vertx.core.Future::succeededFuture)
                .await(60, TimeUnit.SECONDS);
        assertThat(failed).isInstanceOf(Failure.class);
        return (Failure) failed;
    }

    private static Call within(long millis) {
        return Call.PLAIN.attempt(1, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private double replies(String result) {
        return meters.get("participant.replies").tag("result", result).counter().count();
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(20));
    }
}
