package dev.sluice.projection;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The keys of the view store: {@code 00} store, {@code 01} views, {@code 02} rows, {@code 03} change index. */
final class StoreKeys {
    static final byte[] STORE = {0, 0};
    static final byte[] CLEAN = {0, 1};
    static final byte[] FIRST = {};
    static final byte[] END = {4};
    private static final int VIEW = 1;
    private static final int ROW = 2;
    private static final int CHANGE = 3;
    private static final int CHANGE_KEY_AT = 1 + 4 + 8;

    private StoreKeys() {}

    static byte[] view(int viewId) {
        return start(VIEW, viewId, 0).array();
    }

    /** The first key behind every view. */
    static byte[] viewsFrom() {
        return new byte[] {VIEW};
    }

    static byte[] viewsTo() {
        return new byte[] {ROW};
    }

    static byte[] row(int viewId, String key) {
        return row(viewId, key.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] row(int viewId, byte[] key) {
        return start(ROW, viewId, key.length).put(key).array();
    }

    /** The first key behind the rows of a view. */
    static byte[] rowsTo(int viewId) {
        return start(ROW, viewId + 1, 0).array();
    }

    static byte[] change(int viewId, long change, byte[] key) {
        return start(CHANGE, viewId, 8 + key.length).putLong(change).put(key).array();
    }

    /** The first key behind the change index of a view. */
    static byte[] changesTo(int viewId) {
        return start(CHANGE, viewId + 1, 0).array();
    }

    static String keyOfRow(byte[] stored) {
        return new String(stored, 5, stored.length - 5, StandardCharsets.UTF_8);
    }

    static long numberOfChange(byte[] stored) {
        return ByteBuffer.wrap(stored).getLong(5);
    }

    static String keyOfChange(byte[] stored) {
        return new String(stored, CHANGE_KEY_AT, stored.length - CHANGE_KEY_AT, StandardCharsets.UTF_8);
    }

    private static ByteBuffer start(int kind, int viewId, int more) {
        return ByteBuffer.allocate(5 + more).put((byte) kind).putInt(viewId);
    }
}
