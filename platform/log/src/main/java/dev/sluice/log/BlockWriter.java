package dev.sluice.log;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Frames events into {@link Block}s. Belongs to the writer thread; its buffers are used again and again.
 *
 * <p>Texts that events of a block share (type, source, names of attributes) are written once: a small direct-mapped table
 * remembers where each lies.
 */
final class BlockWriter {
    private static final int KNOWN_TEXTS = 32;
    private static final int FIXED_BOUND = 8 * Bytes.MAX_VAR;

    private final int shard;
    private final @Nullable String[] known = new String[KNOWN_TEXTS];
    private final int[] knownAt = new int[KNOWN_TEXTS];
    private byte[] buffer = new byte[2 * Block.TARGET_BYTES];
    private int[] ends = new int[256];
    private int at;
    private int count;
    private long first;
    private long recordedMicros;
    private long chain;

    BlockWriter(int shard, long chain) {
        this.shard = shard;
        this.chain = chain;
    }

    /** Bytes an event may take at most. */
    static int bound(String stream, Event event) {
        long chars = (long) stream.length()
                + event.id().length()
                + event.type().length()
                + event.source().length()
                + event.contentType().length();
        long fixed = FIXED_BOUND;
        Origin origin = event.origin();
        if (origin != null) {
            chars += origin.topic().length();
            fixed += 3 * Bytes.MAX_VAR;
        }
        for (Map.Entry<String, Object> attribute : event.attributes().entrySet()) {
            chars += attribute.getKey().length();
            chars += attribute.getValue() instanceof String text ? text.length() : 0;
            fixed += 3 * Bytes.MAX_VAR;
        }
        return Math.toIntExact(3 * chars + fixed + event.data().length);
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Whether an event of so many bytes at most belongs into the block that is being filled. */
    boolean fits(int bound) {
        return count == 0
                || count < Block.MAX_COUNT && Block.HEADER_BYTES + 4 * (count + 1) + at + bound <= Block.TARGET_BYTES;
    }

    void add(long offset, long version, long eventRecordedMicros, String stream, Event event, int bound) {
        if (count == 0) {
            first = offset;
            recordedMicros = eventRecordedMicros;
            Arrays.fill(known, null);
        }
        if (at + bound > buffer.length) {
            buffer = Arrays.copyOf(buffer, Math.max(at + bound, 2 * buffer.length));
        }
        if (count == ends.length) {
            ends = Arrays.copyOf(ends, 2 * count);
        }
        frame(version, eventRecordedMicros, stream, event);
        ends[count++] = at;
    }

    private void frame(long version, long eventRecordedMicros, String stream, Event event) {
        boolean otherContentType = !event.contentType().equals(Event.JSON);
        Origin origin = event.origin();
        Map<String, Object> attributes = event.attributes();
        buffer[at++] = (byte) ((otherContentType ? StoredEvent.OTHER_CONTENT_TYPE : 0)
                | (origin != null ? StoredEvent.ORIGIN : 0)
                | (attributes.isEmpty() ? 0 : StoredEvent.ATTRIBUTES)
                | (StreamName.isPlatform(stream) ? StoredEvent.PLATFORM : 0));
        number(event.data().length);
        number(version);
        number(eventRecordedMicros - recordedMicros);
        number(Bytes.zigzag(event.timeMicros() - eventRecordedMicros));
        common(stream);
        common(event.type());
        text(event.id());
        common(event.source());
        if (otherContentType) {
            common(event.contentType());
        }
        if (origin != null) {
            common(origin.topic());
            number(origin.partition());
            number(origin.offset());
        }
        if (!attributes.isEmpty()) {
            attributes(attributes);
        }
        System.arraycopy(event.data(), 0, buffer, at, event.data().length);
        at += event.data().length;
    }

    private void attributes(Map<String, Object> attributes) {
        number(attributes.size());
        for (Map.Entry<String, Object> attribute : attributes.entrySet()) {
            common(attribute.getKey());
            Object value = attribute.getValue();
            if (value instanceof String text) {
                buffer[at++] = StoredEvent.TEXT;
                text(text);
            } else if (value instanceof Long number) {
                buffer[at++] = StoredEvent.NUMBER;
                number(Bytes.zigzag(number));
            } else {
                buffer[at++] = value.equals(Boolean.TRUE) ? StoredEvent.TRUE : StoredEvent.FALSE;
            }
        }
    }

    /** The finished block; the writer is empty afterwards. */
    Block finish() {
        int payload = Block.HEADER_BYTES + 4 * count;
        byte[] bytes = new byte[payload + at];
        for (int i = 0; i < count; i++) {
            Bytes.putInt(bytes, Block.HEADER_BYTES + 4 * i, ends[i]);
        }
        System.arraycopy(buffer, 0, bytes, payload, at);
        Block block = Block.seal(shard, bytes, count, chain, first, recordedMicros);
        chain = block.nextChain();
        count = 0;
        at = 0;
        if (buffer.length > 16 * Block.TARGET_BYTES) {
            buffer = new byte[2 * Block.TARGET_BYTES];
        }
        return block;
    }

    private void number(long value) {
        at = Bytes.putVar(buffer, at, value);
    }

    private void common(String text) {
        int slot = text.hashCode() & KNOWN_TEXTS - 1;
        if (text.equals(known[slot])) {
            number((long) knownAt[slot] << 1 | 1);
            return;
        }
        known[slot] = text;
        knownAt[slot] = at;
        text(text);
    }

    private void text(String text) {
        int start = at;
        int length = text.length();
        int to = Bytes.putVar(buffer, at, (long) length << 1);
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                at = start;
                unicode(text);
                return;
            }
            buffer[to++] = (byte) c;
        }
        at = to;
    }

    private void unicode(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        number((long) utf8.length << 1);
        System.arraycopy(utf8, 0, buffer, at, utf8.length);
        at += utf8.length;
    }
}
