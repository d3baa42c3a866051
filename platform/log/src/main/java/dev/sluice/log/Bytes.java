package dev.sluice.log;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Big-endian integers and varints (LEB128, seven bits a byte, lowest first) in byte arrays. */
final class Bytes {
    static final int MAX_VAR = 10;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    private Bytes() {}

    static long getLong(byte[] from, int at) {
        return (long) LONG.get(from, at);
    }

    static void putLong(byte[] to, int at, long value) {
        LONG.set(to, at, value);
    }

    static int getInt(byte[] from, int at) {
        return (int) INT.get(from, at);
    }

    static void putInt(byte[] to, int at, int value) {
        INT.set(to, at, value);
    }

    /** A key of one big-endian number. */
    static byte[] key(long value) {
        byte[] key = new byte[8];
        putLong(key, 0, value);
        return key;
    }

    /** Writes a varint and answers where it ends. */
    static int putVar(byte[] to, int at, long value) {
        int i = at;
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            to[i++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        to[i++] = (byte) rest;
        return i;
    }

    static long getVar(byte[] from, int at) {
        byte one = from[at];
        if (one >= 0) {
            return one;
        }
        long value = one & 0x7f;
        int i = at + 1;
        for (int shift = 7; ; shift += 7) {
            byte next = from[i++];
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
    }

    /** Where the varint that begins at {@code at} ends. */
    static int endOfVar(byte[] from, int at) {
        int i = at;
        while (from[i++] < 0) {}
        return i;
    }

    static long zigzag(long value) {
        return value << 1 ^ value >> 63;
    }

    static long unzigzag(long value) {
        return value >>> 1 ^ -(value & 1);
    }

    static boolean startsWith(byte[] bytes, byte[] prefix) {
        int differ = Arrays.mismatch(bytes, prefix);
        return differ < 0 || differ == prefix.length;
    }
}
