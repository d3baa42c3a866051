package dev.sluice.projection;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A row in one array, because a fold over many keys is bound by how often it waits for memory: the length of the key as a
 * varint, the key in UTF-8, and the value as it is stored (change number, cells). Not changed once made.
 */
final class RowImage {
    private RowImage() {}

    static byte[] of(String key, byte[] value) {
        return of(key.getBytes(StandardCharsets.UTF_8), value);
    }

    static byte[] of(byte[] key, byte[] value) {
        int head = key.length < 0x80 ? 1 : 2;
        byte[] image = new byte[head + key.length + value.length];
        image[0] = (byte) (head == 1 ? key.length : key.length | 0x80);
        if (head == 2) {
            image[1] = (byte) (key.length >>> 7);
        }
        System.arraycopy(key, 0, image, head, key.length);
        System.arraycopy(value, 0, image, head + key.length, value.length);
        return image;
    }

    /** Where the value begins. */
    static int valueAt(byte[] image) {
        return keyAt(image) + keyBytes(image);
    }

    private static int keyAt(byte[] image) {
        return image[0] >= 0 ? 1 : 2;
    }

    /** A key has at most {@link RowKey#MAX_BYTES}: its length takes one byte or two. */
    private static int keyBytes(byte[] image) {
        return image[0] >= 0 ? image[0] : image[0] & 0x7f | image[1] << 7;
    }

    static String key(byte[] image) {
        return new String(image, keyAt(image), keyBytes(image), StandardCharsets.UTF_8);
    }

    /** Whether it is the row of a key. */
    static boolean isOf(byte[] image, String key) {
        int at = keyAt(image);
        int length = keyBytes(image);
        if (length < key.length()) {
            return false;
        }
        for (int i = 0; i < key.length(); i++) {
            char next = key.charAt(i);
            if (next >= 0x80) {
                return compareKey(image, key.getBytes(StandardCharsets.UTF_8)) == 0;
            }
            if (image[at + i] != next) {
                return false;
            }
        }
        return length == key.length();
    }

    /** By the bytes of their keys. */
    static int compareKeys(byte[] left, byte[] right) {
        int leftAt = keyAt(left);
        int rightAt = keyAt(right);
        return Arrays.compareUnsigned(left, leftAt, leftAt + keyBytes(left), right, rightAt, rightAt + keyBytes(right));
    }

    /** By the bytes of its key and a key in UTF-8. */
    static int compareKey(byte[] image, byte[] key) {
        int at = keyAt(image);
        return Arrays.compareUnsigned(image, at, at + keyBytes(image), key, 0, key.length);
    }

    /** The stored form. */
    static byte[] value(byte[] image) {
        return Arrays.copyOfRange(image, valueAt(image), image.length);
    }

    /** The key in UTF-8. */
    static byte[] utf8Key(byte[] image) {
        int at = keyAt(image);
        return Arrays.copyOfRange(image, at, at + keyBytes(image));
    }
}
