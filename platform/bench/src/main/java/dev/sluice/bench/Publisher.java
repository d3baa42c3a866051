package dev.sluice.bench;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Publishes orders to a topic at a steady rate, each when it is due: a late one is sent at once, its due time stands. */
final class Publisher implements AutoCloseable {
    /** Told of every order before it is sent. */
    interface Due {
        void due(int stream, byte[] order, long dueNanos);
    }

    private final String topic;
    private final OrderData data;
    private final KafkaProducer<byte[], byte[]> producer;

    Publisher(String bootstrapServers, String topic, OrderData data) {
        this.topic = topic;
        this.data = data;
        producer = new KafkaProducer<>(Map.of(
                "bootstrap.servers",
                bootstrapServers,
                "acks",
                "all",
                "linger.ms",
                "0",
                "key.serializer",
                ByteArraySerializer.class,
                "value.serializer",
                ByteArraySerializer.class));
    }

    /** Blocks for {@code count} orders at {@code ratePerSecond} and until the broker has them. */
    void publish(long count, int ratePerSecond, Due due) {
        long start = System.nanoTime();
        for (long i = 0; i < count; i++) {
            long dueNanos = start + i * 1_000_000_000L / ratePerSecond;
            for (long wait; (wait = dueNanos - System.nanoTime()) > 0; ) {
                LockSupport.parkNanos(wait);
            }
            int stream = data.nextStream();
            byte[] order = data.nextOrder();
            due.due(stream, order, dueNanos);
            producer.send(
                    new ProducerRecord<>(topic, String.valueOf(stream).getBytes(StandardCharsets.US_ASCII), order));
        }
        producer.flush();
    }

    @Override
    public void close() {
        producer.close();
    }
}
