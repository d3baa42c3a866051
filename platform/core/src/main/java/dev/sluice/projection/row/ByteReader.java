package dev.sluice.projection.row;

import dev.sluice.log.Failure;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Reads what {@link ByteWriter} wrote; CORRUPT where the bytes end too early. */
public final class ByteReader {
    private final byte[] bytes;
    private int at;

    public ByteReader(byte[] bytes) {
        this(bytes, 0);
    }

    ByteReader(byte[] bytes, int from) {
        this.bytes = bytes;
        at = from;
    }

    public int u8() {
        if (at == bytes.length) {
            throw tooShort();
        }
        return bytes[at++] & 0xff;
    }

    /** The next byte, once more. */
    int peek() {
        int next = u8();
        at--;
        return next;
    }

    /** The array that it reads. */
    byte[] bytes() {
        return bytes;
    }

    /** Where in the array it stands. */
    int at() {
        return at;
    }

    private Failure tooShort() {
        return Failure.of(
                Failure.Kind.CORRUPT,
                "found " + bytes.length + " bytes of a stored row or view, expected more of them");
    }

    int u32() {
        return u8() << 24 | u8() << 16 | u8() << 8 | u8();
    }

    public long u64() {
        return (long) u32() << 32 | u32() & 0xffffffffL;
    }

    public long varint() {
        byte[] from = bytes;
        long value = 0;
        int i = at;
        for (int shift = 0; i < from.length; shift += 7) {
            byte next = from[i++];
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                at = i;
                return value;
            }
        }
        throw tooShort();
    }

    long zigzag() {
        long value = varint();
        return value >>> 1 ^ -(value & 1);
    }

    public String text() {
        int length = size();
        at += length;
        return new String(bytes, at - length, length, StandardCharsets.UTF_8);
    }

    byte[] sized() {
        int length = size();
        at += length;
        return Arrays.copyOfRange(bytes, at - length, at);
    }

    /** Passes over what {@link #sized} would read. */
    void skipSized() {
        int length = size();
        at += length;
    }

    private int size() {
        long length = varint();
        if (length < 0 || length > bytes.length - at) {
            throw Failure.of(Failure.Kind.CORRUPT, "found a length of " + length + ", expected at most what is left");
        }
        return (int) length;
    }
}
