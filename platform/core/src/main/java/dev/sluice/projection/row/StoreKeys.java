package dev.sluice.projection.row;

import dev.sluice.log.Position;
import dev.sluice.log.RowStore;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The keys of the view store: {@code 00} store, {@code 01} views, {@code 02} rows, {@code 03} change index, {@code 04} carried
 * values by stream, {@code 05} keys by the time they are due, {@code 06} events held back, {@code 07} declared indexes, {@code 08} ends of dead
 * letters by event.
 */
public final class StoreKeys {
    public static final byte[] STORE = {0, 0};
    public static final byte[] CLEAN = {0, 1};
    public static final byte[] FIRST = {};
    public static final byte[] END = {9};
    private static final int VIEW = 1;
    private static final int ROW = 2;
    private static final int CHANGE = 3;
    private static final int CARRIED = 4;
    private static final int DUE = 5;
    private static final int HELD = 6;
    private static final int INDEX = 7;
    private static final int SETTLED = 8;
    private static final int NUMBERED_KEY_AT = 1 + 4 + 8;

    private StoreKeys() {}

    public static byte[] view(int viewId) {
        return start(VIEW, viewId, 0).array();
    }

    /** The first key behind every view. */
    public static byte[] viewsFrom() {
        return new byte[] {VIEW};
    }

    public static byte[] viewsTo() {
        return new byte[] {ROW};
    }

    public static byte[] row(int viewId, String key) {
        return row(viewId, key.getBytes(StandardCharsets.UTF_8));
    }

    public static byte[] row(int viewId, byte[] key) {
        return start(ROW, viewId, key.length).put(key).array();
    }

    /** The first key behind the rows of a view. */
    public static byte[] rowsTo(int viewId) {
        return start(ROW, viewId + 1, 0).array();
    }

    public static byte[] change(int viewId, long change, byte[] key) {
        return start(CHANGE, viewId, 8 + key.length).putLong(change).put(key).array();
    }

    /** The first key behind the change index of a view. */
    public static byte[] changesTo(int viewId) {
        return start(CHANGE, viewId + 1, 0).array();
    }

    public static String keyOfRow(byte[] stored) {
        return new String(stored, 5, stored.length - 5, StandardCharsets.UTF_8);
    }

    public static long numberOfChange(byte[] stored) {
        return ByteBuffer.wrap(stored).getLong(5);
    }

    public static String keyOfChange(byte[] stored) {
        return new String(stored, NUMBERED_KEY_AT, stored.length - NUMBERED_KEY_AT, StandardCharsets.UTF_8);
    }

    static byte[] carried(int viewId, String stream) {
        return carried(viewId, stream.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] carried(int viewId, byte[] stream) {
        return start(CARRIED, viewId, stream.length).put(stream).array();
    }

    static byte[] due(int viewId, long micros, String key) {
        byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
        return start(DUE, viewId, 8 + bytes.length).putLong(micros).put(bytes).array();
    }

    /** The first key behind what is due of a view. */
    static byte[] duesTo(int viewId) {
        return start(DUE, viewId + 1, 0).array();
    }

    static long timeOfDue(byte[] stored) {
        return numberOfChange(stored);
    }

    static String keyOfDue(byte[] stored) {
        return keyOfChange(stored);
    }

    public static byte[] held(int viewId, long number) {
        return start(HELD, viewId, 8).putLong(number).array();
    }

    /** The first key behind the events that a view holds back. */
    public static byte[] heldTo(int viewId) {
        return start(HELD, viewId + 1, 0).array();
    }

    /** @param entry of {@link Indexes} */
    public static byte[] index(int viewId, int index, byte[] entry) {
        return start(INDEX, viewId, 1 + entry.length)
                .put((byte) index)
                .put(entry)
                .array();
    }

    /** The first key behind one index of a view. */
    public static byte[] indexTo(int viewId, int index) {
        return start(INDEX, viewId, 1).put((byte) (index + 1)).array();
    }

    public static byte[] entryOfIndex(byte[] stored) {
        return Arrays.copyOfRange(stored, 6, stored.length);
    }

    public static byte[] settled(int viewId, Position event) {
        return start(SETTLED, viewId, 12)
                .putInt(event.shard())
                .putLong(event.offset())
                .array();
    }

    /** Deletes everything of a view. */
    public static void deleteAll(int viewId, RowStore.Batch batch) {
        batch.delete(view(viewId));
        for (int kind = ROW; kind <= SETTLED; kind++) {
            batch.deleteRange(
                    start(kind, viewId, 0).array(), start(kind, viewId + 1, 0).array());
        }
    }

    private static ByteBuffer start(int kind, int viewId, int more) {
        return ByteBuffer.allocate(5 + more).put((byte) kind).putInt(viewId);
    }
}
