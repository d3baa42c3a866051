package dev.sluice.log;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksIterator;

/**
 * The append ids of one shard and the answers they got, for a retention; belongs to the writer thread.
 *
 * <p>Rows of the family {@code idem}: day u32 of the bucket, append id → the answer. A bucket takes the ids of one retention, so
 * that at most two are alive and a lookup costs two gets at most (buckets of a day would cost one for every day); a bucket is
 * dropped as a whole when its youngest id has outlived the retention. The ids used last lie in memory as well, all those that are not
 * committed among them.
 */
final class AppendIds {
    static final int MAX_CHARS = 255;

    private static final byte FORMAT = 1;
    private static final int WINDOW = 16_384;
    private static final long DAY_MICROS = 86_400_000_000L;

    /** The answer an append id got. */
    record Answer(long digest, long first, int count, long recordedMicros, List<Appended.StreamVersions> streams) {}

    private final Store store;
    private final int retentionDays;
    private final LongSupplier appliedHead;
    private final Map<String, Answer> window = new LinkedHashMap<>();
    /** The days of the buckets that hold ids, in order. */
    private final TreeMap<Integer, Boolean> buckets = new TreeMap<>();

    AppendIds(Store store, int retentionDays, LongSupplier appliedHead) {
        this.store = store;
        this.retentionDays = retentionDays;
        this.appliedHead = appliedHead;
    }

    /** Finds the buckets that are there. */
    void load() {
        try (RocksIterator rows = store.iterator(Store.Family.IDEM)) {
            rows.seekToFirst();
            while (rows.isValid()) {
                int day = Bytes.getInt(rows.key(), 0);
                buckets.put(day, true);
                rows.seek(prefix(day + 1));
            }
            Store.check(rows);
        }
    }

    /** What an append id was answered, null when it is unknown or older than the retention. */
    @Nullable
    Answer find(String id, long nowMicros) {
        Answer known = window.get(id);
        for (Integer day : buckets.descendingKeySet()) {
            if (known != null) {
                break;
            }
            byte[] row = store.get(Store.Family.IDEM, key(day, id));
            known = row == null ? null : decode(row);
        }
        return known == null || known.recordedMicros + retentionDays * DAY_MICROS < nowMicros ? null : known;
    }

    /** Puts an answer into the group that is being built, and drops what has outlived the retention. */
    void add(String id, Answer answer, GroupBuilder group) {
        int today = (int) (answer.recordedMicros / DAY_MICROS);
        if (buckets.isEmpty() || buckets.lastKey() + retentionDays <= today) {
            buckets.put(today, true);
        }
        while (buckets.size() > 1 && youngerThanFirst() + retentionDays < today) {
            int day = buckets.firstKey();
            group.deleteRange(Store.Family.IDEM, prefix(day), prefix(day + 1));
            buckets.remove(day);
        }
        group.put(Store.Family.IDEM, key(buckets.lastKey(), id), encode(answer));
        window.remove(id);
        window.put(id, answer);
        var eldest = window.entrySet().iterator();
        while (window.size() > WINDOW && eldest.next().getValue().first <= appliedHead.getAsLong()) {
            eldest.remove();
        }
    }

    /** The ids of the first bucket are younger than this day. */
    private int youngerThanFirst() {
        Integer second = buckets.higherKey(buckets.firstKey());
        return second == null ? Integer.MAX_VALUE - retentionDays : second;
    }

    private static byte[] prefix(int day) {
        byte[] prefix = new byte[4];
        Bytes.putInt(prefix, 0, day);
        return prefix;
    }

    private static byte[] key(int day, String id) {
        byte[] utf8 = id.getBytes(StandardCharsets.UTF_8);
        byte[] key = new byte[4 + utf8.length];
        Bytes.putInt(key, 0, day);
        System.arraycopy(utf8, 0, key, 4, utf8.length);
        return key;
    }

    private static byte[] encode(Answer answer) {
        var bytes = new ByteArrayOutputStream(96);
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(FORMAT);
            out.writeLong(answer.digest);
            out.writeLong(answer.first);
            out.writeInt(answer.count);
            out.writeLong(answer.recordedMicros);
            out.writeInt(answer.streams.size());
            for (Appended.StreamVersions versions : answer.streams) {
                out.writeUTF(versions.stream());
                out.writeLong(versions.firstVersion());
                out.writeLong(versions.lastVersion());
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    private static Answer decode(byte[] row) {
        try (var in = new DataInputStream(new ByteArrayInputStream(row))) {
            byte format = in.readByte();
            if (format != FORMAT) {
                throw Failure.of(
                        Failure.Kind.NEWER_FORMAT, "found an append id of format " + format + ", expected " + FORMAT);
            }
            long digest = in.readLong();
            long first = in.readLong();
            int count = in.readInt();
            long recordedMicros = in.readLong();
            int streams = in.readInt();
            List<Appended.StreamVersions> versions = new ArrayList<>(streams);
            for (int i = 0; i < streams; i++) {
                versions.add(new Appended.StreamVersions(in.readUTF(), in.readLong(), in.readLong()));
            }
            return new Answer(digest, first, count, recordedMicros, List.copyOf(versions));
        } catch (IOException torn) {
            throw Failure.of(Failure.Kind.CORRUPT, "found a torn append id, expected a whole one");
        }
    }
}
