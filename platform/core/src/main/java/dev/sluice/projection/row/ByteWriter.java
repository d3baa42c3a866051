package dev.sluice.projection.row;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes the stored form of rows and keys: big-endian integers, varints (LEB128), UTF-8 with its length. For one thread. */
public final class ByteWriter {
    private static final int MAX_KEPT_BYTES = 128 << 10;

    private byte[] bytes;
    private int size;

    public ByteWriter() {
        this(256);
    }

    ByteWriter(int expectedBytes) {
        bytes = new byte[expectedBytes];
    }

    ByteWriter clear() {
        size = 0;
        return this;
    }

    /** This one without what was written or, when that was much, one that takes less memory. */
    public ByteWriter emptied() {
        return bytes.length > MAX_KEPT_BYTES ? new ByteWriter() : clear();
    }

    public ByteWriter u8(int value) {
        room(1);
        bytes[size++] = (byte) value;
        return this;
    }

    ByteWriter u32(int value) {
        return u8(value >>> 24).u8(value >>> 16).u8(value >>> 8).u8(value);
    }

    public ByteWriter u64(long value) {
        return u32((int) (value >>> 32)).u32((int) value);
    }

    public ByteWriter varint(long value) {
        room(10);
        byte[] into = bytes;
        int at = size;
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            into[at++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        into[at++] = (byte) rest;
        size = at;
        return this;
    }

    /** A signed number, small when it is near zero. */
    ByteWriter zigzag(long value) {
        return varint(value << 1 ^ value >> 63);
    }

    public ByteWriter text(String text) {
        return sized(text.getBytes(StandardCharsets.UTF_8));
    }

    ByteWriter sized(byte[] value) {
        return varint(value.length).raw(value);
    }

    public ByteWriter raw(byte[] value) {
        return raw(value, 0, value.length);
    }

    ByteWriter raw(byte[] from, int start, int end) {
        room(end - start);
        System.arraycopy(from, start, bytes, size, end - start);
        size += end - start;
        return this;
    }

    /** The array that holds what was written, until more is. */
    byte[] bytes() {
        return bytes;
    }

    public int size() {
        return size;
    }

    public byte[] toBytes() {
        return Arrays.copyOf(bytes, size);
    }

    void copyTo(byte[] target, int at) {
        System.arraycopy(bytes, 0, target, at, size);
    }

    private void room(int more) {
        if (size + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
        }
    }
}
