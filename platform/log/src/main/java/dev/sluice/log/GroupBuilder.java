package dev.sluice.log;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * Gathers what the writes of one group were accepted with: framed blocks, rows, index entries. Belongs to the writer thread. It
 * holds the accepted state of the shard, which runs ahead of the committed one.
 */
final class GroupBuilder implements AutoCloseable {
    static final char ROW = 'r';

    private final Store store;
    private final Index index;
    private final Watermarks watermarks;
    private final BlockWriter blocks;
    private final WriteBatch batch = new WriteBatch(1 << 20);
    private final byte[] logKey = new byte[8];
    /** Groups whose rows the store does not have; empty with the embedded commit log. */
    private final Deque<PendingGroup> unapplied = new ArrayDeque<>();

    private long lastOffset;
    private long recordedMicros;
    private PendingGroup group = new PendingGroup(0, 1);

    /**
     * @param last the last block of the log, null when the log is empty
     */
    GroupBuilder(int shard, Store store, Index index, Watermarks watermarks, @Nullable Block last) {
        this.store = store;
        this.index = index;
        this.watermarks = watermarks;
        this.blocks = new BlockWriter(shard, last == null ? 0 : last.nextChain());
        if (last != null) {
            lastOffset = last.last();
            recordedMicros = last.event(last.count() - 1).recordedMicros();
        }
    }

    /** Begins a group; its recorded time never falls behind that of the group before. */
    void begin(long nowMicros) {
        recordedMicros = Math.max(recordedMicros, nowMicros);
        group = new PendingGroup(group.number + 1, lastOffset + 1);
        group.recordedMicros = recordedMicros;
        batch.clear();
        while (!unapplied.isEmpty() && unapplied.peekFirst().isApplied) {
            unapplied.removeFirst();
        }
    }

    /** Of the group that is being built; one more than that of the group before. */
    long number() {
        return group.number;
    }

    /** The first group whose rows may not be in the store. */
    long firstUnstored() {
        PendingGroup first = unapplied.peekFirst();
        return first == null ? group.number : first.number;
    }

    PendingGroup group() {
        return group;
    }

    WriteBatch batch() {
        return batch;
    }

    /** Offset of the last accepted event. */
    long lastOffset() {
        return lastOffset;
    }

    long recordedMicros() {
        return recordedMicros;
    }

    void append(StreamState stream, Event event, long version, int bound) {
        if (!blocks.fits(bound)) {
            finishBlock();
        }
        lastOffset++;
        blocks.add(lastOffset, version, recordedMicros, stream.name(), event, bound);
        index.add(stream, event.type(), lastOffset, version);
    }

    void put(Store.Family family, byte[] key, byte[] value) {
        try {
            batch.put(store.family(family), key, value);
        } catch (RocksDBException failed) {
            throw Store.failure("gather a group", failed);
        }
        group.bytes += key.length + value.length;
        group.isFilled = true;
    }

    private void delete(Store.Family family, byte[] key) {
        try {
            batch.delete(store.family(family), key);
        } catch (RocksDBException failed) {
            throw Store.failure("gather a group", failed);
        }
        group.bytes += key.length;
        group.isFilled = true;
    }

    void deleteRange(Store.Family family, byte[] from, byte[] to) {
        try {
            batch.deleteRange(store.family(family), from, to);
        } catch (RocksDBException failed) {
            throw Store.failure("gather a group", failed);
        }
        group.isFilled = true;
    }

    /** Sets a row of the side state, or removes it. */
    void row(String key, byte @Nullable [] value) {
        group.rows.put(key, value);
        byte[] stored = rowKey(key);
        if (value != null) {
            put(Store.Family.META, stored, value);
        } else {
            delete(Store.Family.META, stored);
        }
    }

    /** A row of the side state as the writes so far have left it. */
    byte @Nullable [] row(String key) {
        if (group.rows.containsKey(key)) {
            return group.rows.get(key);
        }
        for (var earlier = unapplied.descendingIterator(); earlier.hasNext(); ) {
            var rows = earlier.next().rows;
            if (rows.containsKey(key)) {
                return rows.get(key);
            }
        }
        return store.get(Store.Family.META, rowKey(key));
    }

    static byte[] rowKey(String key) {
        return (ROW + key).getBytes(StandardCharsets.UTF_8);
    }

    void watermark(String key, SourceBatch.Watermark watermark) {
        watermarks.accept(key, watermark);
        group.watermarks.put(key, watermark);
        put(Store.Family.META, key.getBytes(StandardCharsets.UTF_8), Watermarks.encode(watermark));
    }

    /** The finished group. */
    PendingGroup finish() {
        if (!blocks.isEmpty()) {
            finishBlock();
        }
        group.lastOffset = lastOffset;
        return group;
    }

    /** The group's rows will be in the store only after its commit. */
    void deferred(PendingGroup accepted) {
        unapplied.addLast(accepted);
    }

    private void finishBlock() {
        Block block = blocks.finish();
        group.blocks.add(block);
        Bytes.putLong(logKey, 0, block.first());
        put(Store.Family.LOG, logKey, block.bytes());
    }

    @Override
    public void close() {
        batch.close();
    }
}
