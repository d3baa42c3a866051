package dev.sluice.projection.row;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * {@link RowImage Rows} one behind the other in few large arrays, so that the collector has nothing to look through however many they
 * are. A place is the number of an array and an offset in it. What is not wanted any more stays until the whole is given up. One
 * thread writes, under the lock of its readers.
 */
final class RowArena {
    private static final int OFFSET_BITS = 16;
    private static final int CHUNK_BYTES = 1 << OFFSET_BITS;
    private static final int FIRST_CHUNK_BYTES = 4 << 10;
    private static final int LINE_BYTES = 64;
    private static final int PADDING = 16;
    private static final int OFFSET_MASK = CHUNK_BYTES - 1;

    private final List<byte[]> chunks = new ArrayList<>();
    private byte[] last = {};
    private final ByteWriter head = new ByteWriter(64);
    private int used;
    private long bytes;
    private long garbage;

    /** The array that a place is in. */
    byte[] bytes(int place) {
        return chunks.get(chunk(place));
    }

    /** Reads the first bytes of a row, where most rows have most of theirs. */
    int fetch(int place) {
        byte[] bytes = bytes(place);
        int at = at(place);
        return bytes[at] + bytes[Math.min(bytes.length - 1, at + LINE_BYTES)];
    }

    /** The arrays so far. */
    byte[][] chunks() {
        return chunks.toArray(new byte[0][]);
    }

    /** Which array a place is in. */
    static int chunk(int place) {
        return place >>> OFFSET_BITS;
    }

    /** Where in its array a place is. */
    static int at(int place) {
        return place & OFFSET_MASK;
    }

    /** Puts a row behind the others; its place. */
    int add(byte[] utf8Key, ByteWriter stored) {
        head.clear().sized(utf8Key).varint(stored.size());
        int place = room(head.size() + stored.size());
        head.copyTo(last, at(place));
        stored.copyTo(last, at(place) + head.size());
        return place;
    }

    /** Gives a row another stored form, where it stands when there is room; its place. */
    int change(int place, ByteWriter stored) {
        byte[] bytes = bytes(place);
        int at = at(place);
        int keyBytes = RowImage.sizeAt(bytes, at) - at;
        int taken = taken(RowImage.length(bytes, at));
        head.clear().varint(stored.size());
        int length = keyBytes + head.size() + stored.size();
        int next = place;
        if (length > taken) {
            garbage += taken;
            next = room(length);
            System.arraycopy(bytes, at, last, at(next), keyBytes);
        }
        byte[] into = bytes(next);
        int sizeAt = at(next) + keyBytes;
        head.copyTo(into, sizeAt);
        stored.copyTo(into, sizeAt + head.size());
        return next;
    }

    /** What a row takes at least: most changes of its length then find room where it stands. */
    private static int taken(int length) {
        return length + PADDING - 1 & -PADDING;
    }

    /** Whether much of it is not wanted any more. */
    boolean isWasteful() {
        return garbage > Math.max(CHUNK_BYTES, bytes / 2);
    }

    /** Puts a row of another arena behind the others; its place. */
    int add(RowArena from, int place) {
        byte[] source = from.bytes(place);
        int at = at(place);
        int length = RowImage.length(source, at);
        int next = room(length);
        System.arraycopy(source, at, last, at(next), length);
        return next;
    }

    private int room(int length) {
        int taken = taken(length);
        if (taken > last.length - used) {
            begin(taken);
        }
        int place = chunks.size() - 1 << OFFSET_BITS | used;
        used += taken;
        return place;
    }

    private void begin(int length) {
        int next = Math.min(CHUNK_BYTES, Math.max(FIRST_CHUNK_BYTES, (int) Math.min(bytes, CHUNK_BYTES)));
        last = new byte[Math.max(length, next)];
        used = 0;
        chunks.add(last);
        bytes += last.length;
    }

    /** A copy of a row, in an array of its own. */
    byte[] copy(int place) {
        byte[] source = bytes(place);
        int at = at(place);
        return Arrays.copyOfRange(source, at, at + RowImage.length(source, at));
    }

    /** The memory it takes. */
    long bytes() {
        return bytes;
    }
}
