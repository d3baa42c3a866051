package dev.sluice.log;

import java.nio.charset.StandardCharsets;

/**
 * The rows of the family {@code idx}, all derived from the log. A stream, a type, a category is known by the offset of its
 * first event, so that ids need no hash and no dictionary and come out the same whenever the index is built.
 *
 * <pre>
 * 00                                   → offset up to which the log is indexed
 * 01 stream u64, version u64           → varint first offset − stream, varint delta to each next offset
 * 02 type u64, offset u64              → varint delta from offset to each next offset
 * 03 category u64, offset u64          → as 02
 * 07 stream name · 08 category · 09 type → id u64
 * </pre>
 *
 * A list of offsets (a chunk) has at most {@value #MAX_CHUNK} and the offsets of one run only.
 */
final class IndexKeys {
    static final byte INDEXED = 0;
    static final byte STREAM = 1;
    static final byte TYPE = 2;
    static final byte CATEGORY = 3;
    static final byte STREAM_NAME = 7;
    static final byte CATEGORY_NAME = 8;
    static final byte TYPE_NAME = 9;
    static final int MAX_CHUNK = 1024;

    private IndexKeys() {}

    static byte[] indexed() {
        return new byte[] {INDEXED};
    }

    static byte[] chunk(byte kind, long id, long ordinal) {
        byte[] key = new byte[17];
        key[0] = kind;
        Bytes.putLong(key, 1, id);
        Bytes.putLong(key, 9, ordinal);
        return key;
    }

    static byte[] name(byte kind, String name) {
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        byte[] key = new byte[1 + utf8.length];
        key[0] = kind;
        System.arraycopy(utf8, 0, key, 1, utf8.length);
        return key;
    }

    /** Offsets of a chunk, ascending. */
    static long[] offsets(byte[] key, byte[] value) {
        long offset = Bytes.getLong(key, key[0] == STREAM ? 1 : 9);
        int at = 0;
        int count = key[0] == STREAM ? 0 : 1;
        for (byte b : value) {
            count += b >= 0 ? 1 : 0;
        }
        long[] offsets = new long[count];
        int i = 0;
        if (key[0] != STREAM) {
            offsets[i++] = offset;
        }
        while (i < count) {
            offset += Bytes.getVar(value, at);
            at = Bytes.endOfVar(value, at);
            offsets[i++] = offset;
        }
        return offsets;
    }
}
