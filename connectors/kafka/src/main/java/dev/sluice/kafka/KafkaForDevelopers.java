package dev.sluice.kafka;

import dev.sluice.spi.DeveloperKafka;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.kafka.admin.KafkaAdminClient;
import io.vertx.kafka.admin.NewTopic;
import io.vertx.kafka.client.producer.KafkaProducer;
import io.vertx.kafka.client.producer.KafkaProducerRecord;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.errors.TopicExistsException;

/** {@link DevBroker} and the Vert.x Kafka client behind the port that {@code dev} and {@code demo} know. */
public final class KafkaForDevelopers implements DeveloperKafka {
    @Override
    public Broker start(Path dataFolder, int port) {
        return DevBroker.start(dataFolder, port);
    }

    @Override
    public Publisher connect(Vertx vertx, String bootstrapServers) {
        return new VertxPublisher(vertx, bootstrapServers);
    }

    private static final class VertxPublisher implements Publisher {
        private final KafkaAdminClient admin;
        private final KafkaProducer<byte[], byte[]> producer;

        VertxPublisher(Vertx vertx, String bootstrapServers) {
            admin = KafkaAdminClient.create(vertx, Map.of("bootstrap.servers", bootstrapServers));
            producer = KafkaProducer.create(
                    vertx,
                    Map.of("bootstrap.servers", bootstrapServers, "acks", "all", "linger.ms", "5"),
                    byte[].class,
                    byte[].class);
        }

        @Override
        public Future<Void> createTopic(String topic, int partitions) {
            return admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1)))
                    .recover(failure -> failure instanceof TopicExistsException
                            ? Future.succeededFuture()
                            : Future.failedFuture(failure));
        }

        @Override
        public Future<Void> publish(String topic, String key, Map<String, String> headers, byte[] value) {
            var message =
                    KafkaProducerRecord.create(topic, key.getBytes(java.nio.charset.StandardCharsets.UTF_8), value);
            headers.forEach((name, text) -> message.addHeader(name, Buffer.buffer(text)));
            return producer.send(message).mapEmpty();
        }

        @Override
        public Future<Void> close() {
            return Future.join(producer.close(), admin.close()).mapEmpty();
        }
    }
}
