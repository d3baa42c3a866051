package dev.sluice.log;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileWriter;

/**
 * Changes that a {@link RowStore} takes in as one sorted file. Those of which there are many are {@link #add added} in the order of their
 * keys; before, others may be given in any order, which are merged in and hidden by an added one of the same key. For one thread.
 */
public final class RowFile {
    private final SstFileWriter file;
    private final TreeMap<byte[], byte @Nullable []> unordered = new TreeMap<>(Arrays::compareUnsigned);

    RowFile(SstFileWriter file) {
        this.file = file;
    }

    /** Puts a row whose key is behind all that were added. */
    public void put(byte[] key, byte[] value) {
        unordered.put(key, value);
    }

    /** Deletes a row whose key is behind all that were added. */
    public void delete(byte[] key) {
        unordered.put(key, null);
    }

    /** Puts a row with a key greater than those added before. */
    public void add(byte[] key, byte[] value) {
        merge(key);
        write(key, value);
    }

    /** Deletes a row with a key greater than those added before. */
    public void addDelete(byte[] key) {
        merge(key);
        write(key, null);
    }

    private void merge(byte[] upTo) {
        while (!unordered.isEmpty()) {
            int order = Arrays.compareUnsigned(unordered.firstKey(), upTo);
            if (order > 0) {
                return;
            }
            var first = unordered.pollFirstEntry();
            if (order < 0) {
                write(first);
            }
        }
    }

    private void write(Map.Entry<byte[], byte @Nullable []> change) {
        write(change.getKey(), change.getValue());
    }

    private void write(byte[] key, byte @Nullable [] value) {
        try {
            if (value == null) {
                file.delete(key);
            } else {
                file.put(key, value);
            }
        } catch (RocksDBException broken) {
            throw RowStore.broken("changed", broken);
        }
    }

    void finish() throws RocksDBException {
        unordered.entrySet().forEach(this::write);
        file.finish();
    }
}
