package dev.sluice.shard;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing array of JSON in UTF-8 into which ready bytes go without being parsed; members of the object that is open. */
final class JsonBytes {
    private byte[] bytes;
    private int length;

    JsonBytes(int capacity) {
        bytes = new byte[capacity];
    }

    void raw(char ascii) {
        grow(1);
        bytes[length++] = (byte) ascii;
    }

    void raw(String ascii) {
        byte[] more = ascii.getBytes(StandardCharsets.US_ASCII);
        raw(more, 0, more.length);
    }

    void raw(byte[] json, int start, int count) {
        grow(count);
        System.arraycopy(json, start, bytes, length, count);
        length += count;
    }

    /** {@code ,"name":} — every object begins with a member of its own. */
    void name(String name) {
        raw(',');
        string(name);
        raw(':');
    }

    void member(String name, String value) {
        name(name);
        string(value);
    }

    void member(String name, long value) {
        memberRaw(name, Long.toString(value));
    }

    void memberRaw(String name, String json) {
        name(name);
        raw(json);
    }

    private void string(String value) {
        raw('"');
        byte[] quoted = JsonStringEncoder.getInstance().quoteAsUTF8(value);
        raw(quoted, 0, quoted.length);
        raw('"');
    }

    private void grow(int count) {
        if (length + count > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + count));
        }
    }

    byte[] toBytes() {
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    }
}
