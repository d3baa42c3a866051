package dev.sluice.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.log.Failure;
import dev.sluice.spi.Source;
import dev.sluice.watch.ExpectsErrors;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The source against a real broker and a sink in memory. */
class KafkaSourceTest {
    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private static Path folder;

    private static DevBroker broker;
    private static KafkaProducer<String, String> producer;
    private static Admin admin;

    private final MemorySink sink = new MemorySink();
    private final List<Source> sources = new ArrayList<>();

    @BeforeAll
    static void startTheBroker() {
        broker = DevBroker.start(folder.resolve("kafka"), 0);
        Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers(), "linger.ms", 1);
        producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
        admin = Admin.create(settings);
    }

    @AfterAll
    static void stopTheBroker() {
        producer.close(Duration.ZERO);
        admin.close(Duration.ZERO);
        broker.close();
    }

    @AfterEach
    void closeTheSources() {
        sink.release();
        sources.forEach(Source::close);
    }

    @Test
    void isFoundByServiceLoader() {
        assertThat(ServiceLoader.load(Source.Factory.class)
                        .findFirst()
                        .orElseThrow()
                        .kind())
                .isEqualTo("kafka");
    }

    @Test
    void readsAllPartitionsInOrderAndSaysSo(TestInfo test) throws Exception {
        String topic = topic(test, 3);
        send(topic, 0, 0, 500);
        send(topic, 1, 0, 300);

        var source = start(topic);

        soon().until(() ->
                sink.values(topic, 0).size() == 500 && sink.values(topic, 1).size() == 300);
        assertThat(sink.values(topic, 0)).isEqualTo(numbers(0, 500));
        assertThat(sink.values(topic, 1)).isEqualTo(numbers(0, 300));
        soon().until(() -> source.status().lag() == 0 && source.status().connected());
        assertThat(source.status().problem()).isNull();
        assertThat(source.status().topics()).containsExactly(topic);
    }

    @Test
    void readsOnFromWhereTheSinkStands(TestInfo test) throws Exception {
        String topic = topic(test, 1);
        send(topic, 0, 0, 100);
        start(topic);
        soon().until(() -> sink.values(topic, 0).size() == 100);
        sources.remove(0).close();
        send(topic, 0, 100, 50);

        start(topic);

        soon().until(() -> sink.values(topic, 0).size() == 150);
        assertThat(sink.values(topic, 0)).isEqualTo(numbers(0, 150));
    }

    @Test
    void beginsAtTheEndAndSaysWhereThatIsBeforeAnythingComes(TestInfo test) throws Exception {
        String topic = topic(test, 2);
        send(topic, 0, 0, 100);
        sink.beginAtEnd();

        start(topic);
        soon().until(() -> sink.next(topic, 0) == 100 && sink.next(topic, 1) == 0);
        send(topic, 0, 100, 3);

        soon().until(() -> sink.values(topic, 0).size() == 3);
        assertThat(sink.values(topic, 0)).isEqualTo(numbers(100, 3));
    }

    @Test
    void saysHowFarBehindItIsWhileItIsRefused(TestInfo test) throws Exception {
        String topic = topic(test, 1);
        send(topic, 0, 0, 100);
        sink.refuse(Failure.of(Failure.Kind.RATE_LIMITED, "later").with("retryAfterMillis", 50), Integer.MAX_VALUE);

        var source = start(topic);

        soon().until(() -> source.status().lag() == 100);
        soon().during(Duration.ofMillis(300)).until(() -> source.status().lag() == 100);
        sink.refuse(Failure.of(Failure.Kind.RATE_LIMITED, "no more"), 0);
        soon().until(() -> source.status().lag() == 0 && sink.values(topic, 0).size() == 100);
    }

    @Test
    void pausesAPartitionWhileItsPollIsAtTheSink(TestInfo test) throws Exception {
        String topic = topic(test, 2);
        sink.hold();
        send(topic, 0, 0, 10);
        start(topic);
        soon().until(() -> sink.heldPolls() == 1);

        send(topic, 0, 10, 10);
        send(topic, 1, 0, 10);
        soon().until(() -> sink.heldPolls() == 2);
        assertThat(sink.polls()).isEqualTo(2);
        sink.release();

        soon().until(() ->
                sink.values(topic, 0).size() == 20 && sink.values(topic, 1).size() == 10);
        assertThat(sink.values(topic, 0)).isEqualTo(numbers(0, 20));
        assertThat(sink.mostInFlight()).isEqualTo(2);
    }

    @Test
    void triesAgainWhatMaySucceedLater(TestInfo test) throws Exception {
        String topic = topic(test, 1);
        sink.refuse(Failure.of(Failure.Kind.OVERLOADED, "queue full"), 3);
        send(topic, 0, 0, 100);

        var source = start(topic);

        soon().until(() -> "queue full".equals(source.status().problem()));
        soon().until(() -> sink.values(topic, 0).size() == 100);
        assertThat(sink.values(topic, 0)).isEqualTo(numbers(0, 100));
        soon().until(() -> source.status().problem() == null);
    }

    @Test
    @ExpectsErrors("source_halted")
    void haltsOnWhatNeverSucceeds(TestInfo test) throws Exception {
        String topic = topic(test, 1);
        sink.refuse(Failure.of(Failure.Kind.SOURCE_GAP, "a gap"), 1);
        send(topic, 0, 0, 10);

        var source = start(topic);

        soon().until(() -> "a gap".equals(source.status().problem()));
        assertThat(sink.values(topic, 0)).isEmpty();
    }

    @Test
    void movesTheWatermarkOverRecordsThatAreNotThere(TestInfo test) throws Exception {
        String topic = topic(test, 1);
        Map<String, Object> settings =
                Map.of("bootstrap.servers", broker.bootstrapServers(), "transactional.id", topic);
        try (var transactional = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            transactional.initTransactions();
            transactional.beginTransaction();
            transactional.send(new ProducerRecord<>(topic, 0, "k", "committed"));
            transactional.commitTransaction();
            transactional.beginTransaction();
            transactional.send(new ProducerRecord<>(topic, 0, "k", "aborted"));
            transactional.flush();
            transactional.abortTransaction();
        }

        start(topic);

        soon().until(() -> sink.next(topic, 0) == 4);
        assertThat(sink.values(topic, 0)).containsExactly("committed");
    }

    @Test
    void findsNewPartitionsAndNewTopics(TestInfo test) throws Exception {
        String topic = topic(test, 1);
        var source = create(List.of(), topic + ".*", false);
        source.start(sink);
        send(topic, 0, 0, 1);
        soon().until(() -> sink.values(topic, 0).size() == 1);

        admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(2))).all().get(30, TimeUnit.SECONDS);
        broker.createTopic(topic + "-other", 1);
        soon().untilAsserted(() -> send(topic, 1, 0, 1));
        send(topic + "-other", 0, 0, 1);

        soon().until(() -> !sink.values(topic, 1).isEmpty()
                && !sink.values(topic + "-other", 0).isEmpty());
        soon().until(() -> source.status().topics().equals(List.of(topic, topic + "-other")));
    }

    @Test
    void waitsForATopicThatIsNotThere(TestInfo test) throws Exception {
        String topic = name(test);
        var source = start(topic);
        soon().until(() -> ("found no topic " + topic + ", expected it in the cluster")
                .equals(source.status().problem()));
        assertThat(source.status().connected()).isTrue();

        broker.createTopic(topic, 1);
        send(topic, 0, 0, 1);

        soon().until(() -> !sink.values(topic, 0).isEmpty());
        soon().until(() -> source.status().problem() == null);
    }

    @Test
    @ExpectsErrors("source_halted")
    void haltsWhenAnotherTopicStandsBehindTheName(TestInfo test) throws Exception {
        String topic = topic(test, 1);
        send(topic, 0, 0, 10);
        var source = start(topic);
        soon().until(() -> sink.values(topic, 0).size() == 10);

        admin.deleteTopics(List.of(topic)).all().get(30, TimeUnit.SECONDS);
        soon().ignoreExceptions().until(() -> {
            broker.createTopic(topic, 1);
            return send(topic, 0, 0, 1) == 0;
        });

        soon().until(() -> String.valueOf(source.status().problem()).contains("found topic"));
        assertThat(sink.values(topic, 0)).hasSize(10);
    }

    @Test
    @ExpectsErrors("source_halted")
    void haltsWhenWhatItStoodAtIsGone(TestInfo test) throws Exception {
        String topic = topic(test, 1);
        readThenLose(topic);

        var source = start(topic);

        soon().until(() -> String.valueOf(source.status().problem()).contains("beginning at offset 15, expected 10"));
        assertThat(sink.values(topic, 0)).isEqualTo(numbers(0, 10));
    }

    @Test
    void readsOnBehindALossThatIsAccepted(TestInfo test) throws Exception {
        String topic = topic(test, 1);
        readThenLose(topic);
        sink.acceptLoss();

        var source = create(List.of(topic), null, true);
        source.start(sink);

        soon().until(() -> sink.next(topic, 0) == 20);
        assertThat(sink.values(topic, 0)).hasSize(15).endsWith("9", "15", "16", "17", "18", "19");
        soon().until(() -> source.status().problem() == null);
    }

    @Test
    @ExpectsErrors("source_halted")
    void haltsWhenTheBrokerHasLostRecords(TestInfo test) throws Exception {
        String topic = topic(test, 1);
        send(topic, 0, 0, 10);
        start(topic);
        soon().until(() -> sink.values(topic, 0).size() == 10);
        sources.remove(0).close();
        sink.setNext(sink.identity(topic, 0), 500);

        var source = start(topic);

        soon().until(() -> String.valueOf(source.status().problem()).contains("at offset 10, expected at least 500"));
    }

    @Test
    void startsWithoutABrokerAndOutlivesIt() throws Exception {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        var source = create("127.0.0.1:" + port, List.of("orders"), null, false);
        source.start(sink);
        soon().until(() -> String.valueOf(source.status().problem()).startsWith("no broker answers"));
        assertThat(source.status().connected()).isFalse();

        try (var late = DevBroker.start(folder.resolve("late"), port)) {
            late.createTopic("orders", 1);
            sendTo(late, "orders", 0, 100);
            soon().until(() -> sink.values("orders", 0).size() == 100);
            soon().until(() -> source.status().connected());

            late.kill();
            soon().until(() -> !source.status().connected());
            late.restart();
            sendTo(late, "orders", 100, 100);

            soon().until(() -> sink.values("orders", 0).size() == 200);
            assertThat(sink.values("orders", 0)).isEqualTo(numbers(0, 200));
            soon().until(() -> source.status().connected() && source.status().problem() == null);
        }
    }

    /** Ten records read, ten more written, of which only the last five are left. */
    private void readThenLose(String topic) throws Exception {
        send(topic, 0, 0, 10);
        start(topic);
        soon().until(() -> sink.values(topic, 0).size() == 10);
        sources.remove(0).close();
        send(topic, 0, 10, 10);
        admin.deleteRecords(Map.of(new TopicPartition(topic, 0), RecordsToDelete.beforeOffset(15)))
                .all()
                .get(30, TimeUnit.SECONDS);
    }

    private Source start(String topic) {
        var source = create(List.of(topic), null, false);
        source.start(sink);
        return source;
    }

    private Source create(List<String> topics, String pattern, boolean isLossAccepted) {
        return create(broker.bootstrapServers(), topics, pattern, isLossAccepted);
    }

    private Source create(String servers, List<String> topics, String pattern, boolean isLossAccepted) {
        var source = new KafkaSourceFactory()
                .create("test", topics, pattern, Map.of("bootstrapServers", servers), "sluice-test", isLossAccepted);
        sources.add(source);
        return source;
    }

    private static String topic(TestInfo test, int partitions) {
        String topic = name(test);
        broker.createTopic(topic, partitions);
        return topic;
    }

    private static String name(TestInfo test) {
        return test.getTestMethod().orElseThrow().getName();
    }

    /** Sends consecutive numbers and answers the offset of the last. */
    private static long send(String topic, int partition, int first, int count) throws Exception {
        return send(producer, topic, partition, first, count);
    }

    private static void sendTo(DevBroker other, String topic, int first, int count) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", other.bootstrapServers());
        try (var own = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            send(own, topic, 0, first, count);
        }
    }

    private static long send(KafkaProducer<String, String> by, String topic, int partition, int first, int count)
            throws Exception {
        long last = -1;
        var sent = new ArrayList<java.util.concurrent.Future<org.apache.kafka.clients.producer.RecordMetadata>>();
        for (int number = first; number < first + count; number++) {
            sent.add(by.send(new ProducerRecord<>(topic, partition, "k" + number % 7, String.valueOf(number))));
        }
        for (var each : sent) {
            last = each.get(60, TimeUnit.SECONDS).offset();
        }
        return last;
    }

    private static List<String> numbers(int first, int count) {
        return IntStream.range(first, first + count).mapToObj(String::valueOf).toList();
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(20));
    }
}
