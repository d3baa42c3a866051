package dev.sluice.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.rocksdb.RocksDBException;

/**
 * Ingest as the plain program does it: poll, one WriteBatch with two puts an event and the source offsets, one sync per poll.
 * Each record's JSON is read once, because Sluice refuses what is not JSON. With the fold, the rows (count, sum, last by key)
 * that a poll has changed go into the same batch, out of a cache that holds them all.
 */
final class TwoPutIngest {
    /** A row of the fold: count, sum of amounts, the last order's id. */
    private static final class OrderRow {
        private final byte[] bytes = new byte[32];

        void add(Order order) {
            Bytes.putLong(bytes, 0, Bytes.getLong(bytes, 0) + 1);
            Bytes.putLong(bytes, 8, Bytes.getLong(bytes, 8) + order.amount);
            byte[] id = order.id.getBytes(StandardCharsets.ISO_8859_1);
            System.arraycopy(id, 0, bytes, 16, Math.min(id.length, 16));
        }
    }

    /** What the fold needs of an order. */
    private static final class Order {
        private static final JsonFactory JSON = new JsonFactory();
        private long amount;
        private String id = "";

        void read(byte[] json) throws IOException {
            try (var parser = JSON.createParser(json)) {
                JsonToken token;
                while ((token = parser.nextToken()) != null) {
                    if (token == JsonToken.FIELD_NAME) {
                        String field = parser.currentName();
                        parser.nextToken();
                        if (field.equals("orderId")) {
                            id = parser.getText();
                        } else if (field.equals("amount")) {
                            amount = parser.getLongValue();
                        }
                    }
                }
            }
        }
    }

    private final PlainRocks rocks;
    private final boolean isFolding;
    private final Order order = new Order();
    private final Map<Long, int[]> versions = new HashMap<>();
    private final Map<Long, OrderRow> rows = new HashMap<>();
    private final Set<Long> changed = new HashSet<>();

    private TwoPutIngest(PlainRocks rocks, boolean isFolding) {
        this.rocks = rocks;
        this.isFolding = isFolding;
    }

    /** Reads the topic once; the time runs from the first poll that brought something to the last sync. */
    static Run run(Topic topic, Path folder, boolean isFolding) throws IOException, RocksDBException {
        try (var rocks = new PlainRocks(folder);
                var consumer = topic.consumer()) {
            var program = new TwoPutIngest(rocks, isFolding);
            ConsumerRecords<byte[], byte[]> poll;
            do {
                poll = consumer.poll(Duration.ofMillis(200));
            } while (poll.isEmpty());
            double cpuBefore = Machine.cpuSeconds();
            long start = System.nanoTime();
            long count = 0;
            while (true) {
                program.accept(poll);
                count += poll.count();
                if (count >= topic.records()) {
                    return new Run(count, System.nanoTime() - start, Machine.cpuSeconds() - cpuBefore, null);
                }
                poll = consumer.poll(Duration.ofMillis(200));
            }
        }
    }

    private void accept(ConsumerRecords<byte[], byte[]> poll) throws IOException, RocksDBException {
        for (var record : poll) {
            accept(record);
        }
        for (Long key : changed) {
            rocks.row(key, Objects.requireNonNull(rows.get(key)).bytes);
        }
        changed.clear();
        for (var partition : poll.partitions()) {
            var records = poll.records(partition);
            rocks.sourceOffset(
                    partition.toString(), records.get(records.size() - 1).offset() + 1);
        }
        rocks.commit();
    }

    private void accept(ConsumerRecord<byte[], byte[]> record) throws IOException, RocksDBException {
        Long key = Bytes.hash(record.key());
        order.read(record.value());
        rocks.event(key, ++versions.computeIfAbsent(key, fresh -> new int[1])[0], record.value());
        if (isFolding) {
            rows.computeIfAbsent(key, fresh -> new OrderRow()).add(order);
            changed.add(key);
        }
    }
}
