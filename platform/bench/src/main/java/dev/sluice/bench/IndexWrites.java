package dev.sluice.bench;

import dev.sluice.log.RowStore;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/**
 * What a spill of changed rows writes to the store of views, with the change index and without it: the same store, the same form
 * of keys, every row changed once between two flushes. An event of the run is a row.
 */
final class IndexWrites {
    private static final int SPILLS = 20;
    /** A million events between two flushes, in batches of 4,000. */
    private static final int COMMITS = 250;

    private static final int VALUE_BYTES = 48;
    private static final long STORE_BYTES = 64 << 20;
    private static final byte ROW = 2;
    private static final byte CHANGE = 3;
    private static final byte[] NOTHING = {};

    private final int rows;
    private final boolean isIndexed;
    private final Random random = new Random(7);

    private IndexWrites(int rows, boolean isIndexed) {
        this.rows = rows;
        this.isIndexed = isIndexed;
    }

    static Run run(Path folder, int rows, boolean isIndexed) {
        return new IndexWrites(rows, isIndexed).run(folder);
    }

    private Run run(Path folder) {
        byte[][] keys = new byte[rows][];
        for (int row = 0; row < rows; row++) {
            keys[row] = String.valueOf(row).getBytes(StandardCharsets.US_ASCII);
        }
        Arrays.sort(keys, Arrays::compareUnsigned);
        long[] changes = new long[rows];
        double cpuBefore = Machine.cpuSeconds();
        long start = System.nanoTime();
        try (var store = RowStore.open(folder, STORE_BYTES)) {
            for (int spill = 0; spill < SPILLS; spill++) {
                spill(store, keys, changes, 1 + (long) spill * COMMITS);
            }
        }
        return new Run((long) rows * SPILLS, System.nanoTime() - start, Machine.cpuSeconds() - cpuBefore, null);
    }

    private void spill(RowStore store, byte[][] keys, long[] changes, long firstChange) {
        byte[] value = new byte[VALUE_BYTES];
        try (var batch = new RowStore.Batch()) {
            for (int row = 0; row < rows; row++) {
                random.nextBytes(value);
                batch.put(row(keys[row]), value);
                if (isIndexed) {
                    if (changes[row] > 0) {
                        batch.deleteOnce(change(changes[row], keys[row]));
                    }
                    changes[row] = firstChange + random.nextInt(COMMITS);
                    batch.put(change(changes[row], keys[row]), NOTHING);
                }
            }
            store.write(batch);
        }
        store.flush();
    }

    private static byte[] row(byte[] key) {
        return start(ROW, key.length).put(key).array();
    }

    private static byte[] change(long number, byte[] key) {
        return start(CHANGE, Long.BYTES + key.length).putLong(number).put(key).array();
    }

    private static ByteBuffer start(byte kind, int more) {
        return ByteBuffer.allocate(1 + Integer.BYTES + more).put(kind).putInt(1);
    }
}
