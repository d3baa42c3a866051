package dev.sluice.bench;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Publishes orders at a steady rate, each when it is due: a late one is sent at once, its due time stands. */
final class Publisher implements AutoCloseable {
    /** Told of every order before it is sent. */
    interface Due {
        void due(int stream, byte[] order, long dueNanos);
    }

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final OrderData data;

    /** To a topic, with the stream's number as key. */
    Publisher(String bootstrapServers, String topic, OrderData data) {
        this.topic = topic;
        this.data = data;
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrapServers, "acks", "all", "linger.ms", "0"),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /** Blocks for {@code count} orders at {@code ratePerSecond} and until they have arrived. */
    void publish(long count, int ratePerSecond, Due due) {
        long start = System.nanoTime();
        for (long i = 0; i < count; i++) {
            long dueNanos = start + i * 1_000_000_000L / ratePerSecond;
            for (long wait; (wait = dueNanos - System.nanoTime()) > 0; ) {
                LockSupport.parkNanos(wait);
            }
            publish(data.nextStream(), dueNanos, due);
        }
        producer.flush();
    }

    /** An order for each stream, as fast as it goes. */
    void publishEach(Due due) {
        for (int stream = 0; stream < data.streamCount(); stream++) {
            publish(stream, System.nanoTime(), due);
        }
        producer.flush();
    }

    private void publish(int stream, long dueNanos, Due due) {
        byte[] order = data.nextOrder();
        due.due(stream, order, dueNanos);
        producer.send(new ProducerRecord<>(topic, String.valueOf(stream).getBytes(StandardCharsets.US_ASCII), order));
    }

    @Override
    public void close() {
        producer.close();
    }
}
