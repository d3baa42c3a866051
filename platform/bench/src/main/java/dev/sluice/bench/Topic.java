package dev.sluice.bench;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * A loaded topic: plain JSON orders, the record key is the key of the order's stream.
 *
 * @param records over all partitions
 */
record Topic(String bootstrapServers, String name, int partitions, long records) {
    /** Publishes {@code records} orders; the topic exists and is empty. */
    static Topic load(String bootstrapServers, String name, int partitions, long records, OrderData data) {
        Map<String, Object> settings = Map.of(
                "bootstrap.servers", bootstrapServers,
                "acks", "all",
                "linger.ms", "20",
                "batch.size", "131072",
                "buffer.memory", "67108864",
                "key.serializer", ByteArraySerializer.class,
                "value.serializer", ByteArraySerializer.class);
        byte[][] keys = new byte[data.streamCount()][];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = String.valueOf(i).getBytes(StandardCharsets.US_ASCII);
        }
        var refused = new AtomicReference<@Nullable Exception>();
        try (var producer = new KafkaProducer<byte[], byte[]>(settings)) {
            for (long i = 0; i < records && refused.get() == null; i++) {
                producer.send(
                        new ProducerRecord<>(name, keys[data.nextStream()], data.nextOrder()), (metadata, failure) -> {
                            if (failure != null) {
                                refused.compareAndSet(null, failure);
                            }
                        });
            }
        }
        if (refused.get() != null) {
            throw new IllegalStateException("loading topic " + name + " failed", refused.get());
        }
        return new Topic(bootstrapServers, name, partitions, records);
    }

    /** This topic read only up to about {@code limit} records. */
    Topic first(long limit) {
        return new Topic(bootstrapServers, name, partitions, Math.min(limit, records));
    }

    /** A consumer at the beginning of every partition, with the settings that measured best for reading a backlog. */
    KafkaConsumer<byte[], byte[]> consumer() {
        var consumer = new KafkaConsumer<byte[], byte[]>(Map.of(
                "bootstrap.servers", bootstrapServers,
                "enable.auto.commit", "false",
                "max.poll.records", "4000",
                "fetch.max.bytes", "16777216",
                "max.partition.fetch.bytes", "4194304",
                "fetch.max.wait.ms", "20",
                "receive.buffer.bytes", "1048576",
                "isolation.level", "read_committed",
                "key.deserializer", ByteArrayDeserializer.class,
                "value.deserializer", ByteArrayDeserializer.class));
        List<TopicPartition> all = new ArrayList<>();
        for (int partition = 0; partition < partitions; partition++) {
            all.add(new TopicPartition(name, partition));
        }
        consumer.assign(all);
        consumer.seekToBeginning(all);
        return consumer;
    }
}
