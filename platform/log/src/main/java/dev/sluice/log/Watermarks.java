package dev.sluice.log;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksIterator;

/**
 * How far each source partition has been taken: rows {@code w source 00 topic 00 partition} of the family {@code meta}, all of
 * them held in memory.
 */
final class Watermarks {
    static final char PREFIX = 'w';

    private static final byte FORMAT = 1;

    private final Map<String, SourceBatch.Watermark> accepted = new HashMap<>();
    private final Map<String, SourceBatch.Watermark> committed = new ConcurrentHashMap<>();

    static String key(String source, String topic, int partition) {
        return PREFIX + source + '\0' + topic + '\0' + partition;
    }

    void load(Store store) {
        try (RocksIterator rows = store.iterator(Store.Family.META)) {
            for (rows.seek(new byte[] {PREFIX}); rows.isValid() && rows.key()[0] == PREFIX; rows.next()) {
                String key = new String(rows.key(), StandardCharsets.UTF_8);
                SourceBatch.Watermark watermark = decode(rows.value());
                accepted.put(key, watermark);
                committed.put(key, watermark);
            }
            Store.check(rows);
        }
    }

    /** On the writer thread: what the writes so far have accepted. */
    SourceBatch.@Nullable Watermark accepted(String key) {
        return accepted.get(key);
    }

    void accept(String key, SourceBatch.Watermark watermark) {
        accepted.put(key, watermark);
    }

    SourceBatch.@Nullable Watermark committed(String key) {
        return committed.get(key);
    }

    void commit(Map<String, SourceBatch.Watermark> watermarks) {
        committed.putAll(watermarks);
    }

    static byte[] encode(SourceBatch.Watermark watermark) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(FORMAT);
            out.writeLong(watermark.next());
            out.writeUTF(watermark.clusterId());
            out.writeUTF(watermark.topicId());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    private static SourceBatch.Watermark decode(byte[] value) {
        try (var in = new DataInputStream(new ByteArrayInputStream(value))) {
            byte format = in.readByte();
            if (format != FORMAT) {
                throw Failure.of(
                        Failure.Kind.NEWER_FORMAT,
                        "found a source watermark of format " + format + ", expected " + FORMAT);
            }
            long next = in.readLong();
            return new SourceBatch.Watermark(in.readUTF(), in.readUTF(), next);
        } catch (IOException torn) {
            throw Failure.of(Failure.Kind.CORRUPT, "found a torn source watermark, expected a whole one");
        }
    }
}
