package dev.sluice.bench;

import dev.sluice.log.RowStore;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * What a spill of changed rows writes to the store of views, with the change index and without it: the same store, the same form
 * of keys, every row changed once between two spills. An event of the run is a row.
 */
final class IndexWrites {
    private static final int SPILLS = 20;
    /** A million events between two spills, in batches of 4,000. */
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
        store.ingest(file -> {
            for (byte[] key : keys) {
                random.nextBytes(value);
                file.add(row(key), value);
            }
            if (isIndexed) {
                inOrder(keys, changes).forEach(file::addDelete);
                Arrays.setAll(changes, row -> firstChange + random.nextInt(COMMITS));
                inOrder(keys, changes).forEach(change -> file.add(change, NOTHING));
            }
        });
    }

    /** The entries of the change index. */
    private static List<byte[]> inOrder(byte[][] keys, long[] changes) {
        return IntStream.range(0, keys.length)
                .filter(row -> changes[row] > 0)
                .mapToObj(row -> change(changes[row], keys[row]))
                .sorted(Arrays::compareUnsigned)
                .toList();
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
