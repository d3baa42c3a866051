package dev.sluice.server.live;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** One outbound frame in UTF-8, written member by member; ready bytes of rows and events go in without being parsed. */
final class JsonFrame {
    private static final int CAPACITY = 192;
    private static final int OP_AT = "{\"op\":\"".length();
    private static final int MAX_HEAD = 32;
    private static final String MORE = ",\"more\":true";

    private byte[] bytes;
    private int length;

    private JsonFrame(int capacity) {
        bytes = new byte[capacity];
    }

    /** Begins {@code {"op":"…"}. */
    static JsonFrame op(String op) {
        return new JsonFrame(CAPACITY).raw("{\"op\":\"").raw(op).raw("\"");
    }

    /** Begins with nothing: for a part that is put between others. */
    static JsonFrame part() {
        return new JsonFrame(CAPACITY);
    }

    /** What a frame that was begun with {@link #op} is. */
    static String opOf(byte[] frame) {
        String head = new String(frame, 0, Math.min(frame.length, MAX_HEAD), StandardCharsets.UTF_8);
        return head.substring(OP_AT, head.indexOf('"', OP_AT));
    }

    /** Whether the last part of a delta says that more follows. */
    static boolean hasMore(byte[] tail) {
        return new String(tail, StandardCharsets.UTF_8).startsWith(MORE);
    }

    /** More follows that belongs to this delta; the first member of the last part. */
    JsonFrame more() {
        return raw(MORE);
    }

    JsonFrame member(String name, String value) {
        return name(name).string(value);
    }

    JsonFrame member(String name, long value) {
        return name(name).raw(Long.toString(value));
    }

    private JsonFrame name(String name) {
        return raw(",\"").raw(name).raw("\":");
    }

    JsonFrame string(String value) {
        return raw("\"").raw(quoted(value)).raw("\"");
    }

    private static byte[] quoted(String value) {
        try {
            return JsonStringEncoder.getInstance().quoteAsUTF8(value);
        } catch (IllegalArgumentException halfOfACharacter) {
            byte[] replaced = value.getBytes(StandardCharsets.UTF_8);
            return JsonStringEncoder.getInstance().quoteAsUTF8(new String(replaced, StandardCharsets.UTF_8));
        }
    }

    JsonFrame raw(String ascii) {
        grow(ascii.length());
        for (int i = 0; i < ascii.length(); i++) {
            bytes[length++] = (byte) ascii.charAt(i);
        }
        return this;
    }

    JsonFrame raw(byte[] json) {
        return raw(json, json.length);
    }

    private JsonFrame raw(byte[] json, int count) {
        grow(count);
        System.arraycopy(json, 0, bytes, length, count);
        length += count;
        return this;
    }

    JsonFrame raw(JsonFrame part) {
        return raw(part.bytes, part.length);
    }

    int length() {
        return length;
    }

    void clear() {
        length = 0;
    }

    /** Closes the object. */
    byte[] end() {
        return raw("}").toBytes();
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, length);
    }

    private void grow(int count) {
        if (length + count > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + count));
        }
    }

    @Override
    public String toString() {
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
