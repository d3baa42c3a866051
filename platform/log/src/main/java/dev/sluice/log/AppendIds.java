package dev.sluice.log;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksIterator;

/**
 * The append ids of one shard, and the ids of commands, with the answers they got, for a retention; belongs to the writer thread.
 *
 * <p>Rows of the family {@code idem}: day u32 of the bucket, append id → the answer. A bucket takes the ids of one retention, so
 * that at most two are alive and a lookup costs two gets at most (buckets of a day would cost one for every day); a bucket is
 * dropped as a whole when its youngest id has outlived the retention. The ids used last lie in memory as well, all those that are not
 * committed among them.
 */
final class AppendIds {
    static final int MAX_CHARS = 255;

    private static final int WINDOW = 16_384;
    private static final long DAY_MICROS = 86_400_000_000L;

    /**
     * @param group of the write that was answered
     */
    private record Known(Remembered answer, long group) {}

    private final Store store;
    private final int retentionDays;
    private final Map<String, Known> window = new LinkedHashMap<>();
    /** The days of the buckets that hold ids, in order. */
    private final TreeMap<Integer, Boolean> buckets = new TreeMap<>();

    AppendIds(Store store, int retentionDays) {
        this.store = store;
        this.retentionDays = retentionDays;
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
    Remembered find(String id, long nowMicros) {
        Known recent = window.get(id);
        Remembered known = recent == null ? null : recent.answer;
        for (Integer day : buckets.descendingKeySet()) {
            if (known != null) {
                break;
            }
            byte[] row = store.get(Store.Family.IDEM, key(day, id));
            known = row == null ? null : Remembered.decode(row);
        }
        return known == null || known.recordedMicros() + retentionDays * DAY_MICROS < nowMicros ? null : known;
    }

    /** Puts an answer into the group that is being built, and drops what has outlived the retention. */
    void add(String id, Remembered answer, GroupBuilder group) {
        int today = (int) (answer.recordedMicros() / DAY_MICROS);
        if (buckets.isEmpty() || buckets.lastKey() + retentionDays <= today) {
            buckets.put(today, true);
        }
        while (buckets.size() > 1 && youngerThanFirst() + retentionDays < today) {
            int day = buckets.firstKey();
            group.deleteRange(Store.Family.IDEM, prefix(day), prefix(day + 1));
            buckets.remove(day);
        }
        group.put(Store.Family.IDEM, key(buckets.lastKey(), id), answer.encode());
        window.remove(id);
        window.put(id, new Known(answer, group.number()));
        var eldest = window.entrySet().iterator();
        while (window.size() > WINDOW && eldest.next().getValue().group < group.firstUnstored()) {
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
}
