package dev.sluice.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.log.Failure;
import dev.sluice.spi.DeveloperKafka;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevBrokerTest {
    @TempDir
    private Path folder;

    @Test
    void servesTheSameDataOnTheSamePortAfterItWasKilled() throws Exception {
        try (var broker = DevBroker.start(folder, 0)) {
            broker.createTopic("orders", 3);
            broker.createTopic("orders", 3);
            String servers = broker.bootstrapServers();
            assertThat(send(servers)).isZero();

            broker.kill();
            assertThat(broker.isRunning()).isFalse();
            broker.restart();

            assertThat(broker.bootstrapServers()).isEqualTo(servers);
            assertThat(send(servers)).isEqualTo(1);
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
                assertThat(admin.describeTopics(java.util.List.of("orders"))
                                .allTopicNames()
                                .get(30, TimeUnit.SECONDS)
                                .get("orders")
                                .partitions())
                        .hasSize(3);
            }
            int port = Integer.parseInt(servers.substring(servers.indexOf(':') + 1));
            assertThatThrownBy(() -> DevBroker.start(folder.resolve("other"), port))
                    .isInstanceOf(Failure.class)
                    .hasMessageContaining("found port " + port);
        }
    }

    @Test
    void publishesOverThePortThatTheServerKnows() throws Exception {
        DeveloperKafka kafka =
                ServiceLoader.load(DeveloperKafka.class).findFirst().orElseThrow();
        Vertx vertx = Vertx.vertx();
        try (var broker = kafka.start(folder, 0)) {
            var publisher = kafka.connect(vertx, broker.bootstrapServers());

            publisher
                    .createTopic("orders", 1)
                    .compose(made -> publisher.createTopic("orders", 1))
                    .compose(made -> publisher.publish("orders", "k", Map.of("type", "OrderPlaced"), new byte[] {1}))
                    .compose(sent -> publisher.close())
                    .await(60, TimeUnit.SECONDS);

            assertThat(send(broker.bootstrapServers())).isEqualTo(1);
        } finally {
            vertx.close().await(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void keepsTheBrokersJarsAwayFromOurClassPath() {
        assertThatThrownBy(() -> Class.forName("kafka.server.KafkaRaftServer"))
                .isInstanceOf(ClassNotFoundException.class);
    }

    private static long send(String servers) throws Exception {
        try (var producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", servers), new StringSerializer(), new StringSerializer())) {
            return producer.send(new ProducerRecord<>("orders", 0, "k", "v"))
                    .get(30, TimeUnit.SECONDS)
                    .offset();
        }
    }
}
