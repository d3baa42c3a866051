package dev.sluice.projection.row;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A row as it stands in memory, somewhere in an array: the length of the key as a varint, the key in UTF-8, the length of the stored
 * form as a varint, the stored form (change number, cells). Whoever looks for a row finds all of it in one place of memory, which
 * is what a fold over many keys waits for.
 */
public final class RowImage {
    private RowImage() {}

    /** One row in an array of its own. */
    public static byte[] of(String key, byte[] stored) {
        return new ByteWriter(key.length() + stored.length + 8)
                .text(key)
                .sized(stored)
                .toBytes();
    }

    /** Bytes from {@code at} to its end. */
    static int length(byte[] bytes, int at) {
        int storedAt = storedAt(bytes, at);
        return storedAt - at + storedBytes(bytes, at);
    }

    private static int keyAt(byte[] bytes, int at) {
        return bytes[at] >= 0 ? at + 1 : at + 2;
    }

    /** A key has at most {@code RowKey.MAX_BYTES}: its length takes one byte or two. */
    private static int keyBytes(byte[] bytes, int at) {
        return bytes[at] >= 0 ? bytes[at] : bytes[at] & 0x7f | bytes[at + 1] << 7;
    }

    /** Where the key ends and the length of the stored form begins. */
    static int sizeAt(byte[] bytes, int at) {
        return keyAt(bytes, at) + keyBytes(bytes, at);
    }

    /** Where the stored form begins. */
    static int storedAt(byte[] bytes, int at) {
        int sizeAt = sizeAt(bytes, at);
        while (bytes[sizeAt] < 0) {
            sizeAt++;
        }
        return sizeAt + 1;
    }

    static int storedBytes(byte[] bytes, int at) {
        return (int) new ByteReader(bytes, sizeAt(bytes, at)).varint();
    }

    static String key(byte[] bytes, int at) {
        return new String(bytes, keyAt(bytes, at), keyBytes(bytes, at), StandardCharsets.UTF_8);
    }

    /** The key in UTF-8. */
    public static byte[] utf8Key(byte[] bytes, int at) {
        int keyAt = keyAt(bytes, at);
        return Arrays.copyOfRange(bytes, keyAt, keyAt + keyBytes(bytes, at));
    }

    /** The stored form. */
    public static byte[] stored(byte[] bytes, int at) {
        int storedAt = storedAt(bytes, at);
        return Arrays.copyOfRange(bytes, storedAt, storedAt + storedBytes(bytes, at));
    }

    /** Whether it is the row of a key. */
    static boolean isOf(byte[] bytes, int at, String key) {
        int keyAt = keyAt(bytes, at);
        int keyBytes = keyBytes(bytes, at);
        if (keyBytes < key.length()) {
            return false;
        }
        for (int i = 0; i < key.length(); i++) {
            char next = key.charAt(i);
            if (next >= 0x80) {
                return compareKey(bytes, at, key.getBytes(StandardCharsets.UTF_8)) == 0;
            }
            if (bytes[keyAt + i] != next) {
                return false;
            }
        }
        return keyBytes == key.length();
    }

    /** By the bytes of their keys. */
    static int compareKeys(byte[] left, int leftAt, byte[] right, int rightAt) {
        int leftKey = keyAt(left, leftAt);
        int rightKey = keyAt(right, rightAt);
        return Arrays.compareUnsigned(
                left, leftKey, leftKey + keyBytes(left, leftAt), right, rightKey, rightKey + keyBytes(right, rightAt));
    }

    /** How many first bytes two keys have in common. */
    static int commonBytes(byte[] left, int leftAt, byte[] right, int rightAt) {
        int leftKey = keyAt(left, leftAt);
        int rightKey = keyAt(right, rightAt);
        int most = Math.min(keyBytes(left, leftAt), keyBytes(right, rightAt));
        int differs = Arrays.mismatch(left, leftKey, leftKey + most, right, rightKey, rightKey + most);
        return differs < 0 ? most : differs;
    }

    /** Some bytes of its key as a number, 0 for those behind its end. */
    static long keyNumber(byte[] bytes, int at, int from, int count) {
        int keyAt = keyAt(bytes, at);
        int end = keyBytes(bytes, at);
        long number = 0;
        for (int i = from; i < from + count; i++) {
            number = number << Byte.SIZE | (i < end ? bytes[keyAt + i] & 0xff : 0);
        }
        return number;
    }

    /** By the bytes of its key and a key in UTF-8. */
    static int compareKey(byte[] bytes, int at, byte[] key) {
        int keyAt = keyAt(bytes, at);
        return Arrays.compareUnsigned(bytes, keyAt, keyAt + keyBytes(bytes, at), key, 0, key.length);
    }
}
