package dev.sluice.bench;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Big-endian longs in byte arrays, and the hash of keys that the plain programs use. */
final class Bytes {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private Bytes() {}

    static void putLong(byte[] bytes, int start, long value) {
        LONG.set(bytes, start, value);
    }

    static long getLong(byte[] bytes, int start) {
        return (long) LONG.get(bytes, start);
    }

    /** FNV-1a, folded. */
    static long hash(byte[] key) {
        long hash = 0xcbf29ce484222325L;
        for (byte b : key) {
            hash ^= b;
            hash *= 0x100000001b3L;
        }
        return hash ^ hash >>> 32;
    }
}
