package dev.sluice.log;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An event in its {@link Block}.
 *
 * <pre>
 * u8     flags: 1 content type is not application/json · 2 has an origin · 4 has attributes · 8 of a platform stream
 * varint length of the data · varint version
 * varint recorded time − that of the block · varint zigzag(time − recorded time)
 * text   stream · text type · text id · text source · text content type (flag 1)
 * text   topic · varint partition · varint offset                              (flag 2)
 * varint count of attributes, each: text name, u8 kind (0 text, 1 zigzag varint, 2 false, 3 true), value   (flag 4)
 * the data, up to the end
 * </pre>
 */
final class StoredEvent implements RecordedEvent {
    static final int OTHER_CONTENT_TYPE = 1;
    static final int ORIGIN = 2;
    static final int ATTRIBUTES = 4;
    static final int PLATFORM = 8;

    static final byte TEXT = 0;
    static final byte NUMBER = 1;
    static final byte FALSE = 2;
    static final byte TRUE = 3;

    private final Block block;
    private final long offset;
    private final long version;
    private final long recordedMicros;
    private final long timeMicros;
    private final int texts;
    private final int dataStart;
    private final int end;
    private final byte flags;
    private @Nullable String stream;

    StoredEvent(Block block, long offset, int start, int end) {
        byte[] bytes = block.bytes();
        this.block = block;
        this.offset = offset;
        this.end = end;
        this.flags = bytes[start];
        int at = start + 1;
        this.dataStart = end - (int) Bytes.getVar(bytes, at);
        at = Bytes.endOfVar(bytes, at);
        this.version = Bytes.getVar(bytes, at);
        at = Bytes.endOfVar(bytes, at);
        this.recordedMicros = block.recordedMicros() + Bytes.getVar(bytes, at);
        at = Bytes.endOfVar(bytes, at);
        this.timeMicros = recordedMicros + Bytes.unzigzag(Bytes.getVar(bytes, at));
        this.texts = Bytes.endOfVar(bytes, at);
    }

    @Override
    public int shard() {
        return block.shard();
    }

    @Override
    public long offset() {
        return offset;
    }

    @Override
    public String stream() {
        String known = stream;
        if (known == null) {
            known = block.text(texts);
            stream = known;
        }
        return known;
    }

    /** Whether the event belongs to a stream of the platform, without decoding its name. */
    boolean isPlatform() {
        return (flags & PLATFORM) != 0;
    }

    @Override
    public long version() {
        return version;
    }

    @Override
    public long recordedMicros() {
        return recordedMicros;
    }

    @Override
    public String type() {
        return block.commonText(textAt(1));
    }

    @Override
    public String id() {
        return block.text(textAt(2));
    }

    @Override
    public String source() {
        return block.commonText(textAt(3));
    }

    @Override
    public String contentType() {
        return (flags & OTHER_CONTENT_TYPE) == 0 ? Event.JSON : block.commonText(textAt(4));
    }

    @Override
    public long timeMicros() {
        return timeMicros;
    }

    @Override
    public @Nullable Origin origin() {
        if ((flags & ORIGIN) == 0) {
            return null;
        }
        int at = originAt();
        int partitionAt = block.endOfText(at);
        int offsetAt = Bytes.endOfVar(block.bytes(), partitionAt);
        return new Origin(
                block.commonText(at),
                (int) Bytes.getVar(block.bytes(), partitionAt),
                Bytes.getVar(block.bytes(), offsetAt));
    }

    @Override
    public Map<String, Object> attributes() {
        if ((flags & ATTRIBUTES) == 0) {
            return Map.of();
        }
        byte[] bytes = block.bytes();
        int at = attributesAt();
        int count = (int) Bytes.getVar(bytes, at);
        at = Bytes.endOfVar(bytes, at);
        var attributes = new LinkedHashMap<String, Object>(count * 2);
        for (int i = 0; i < count; i++) {
            String name = block.commonText(at);
            at = block.endOfText(at);
            byte kind = bytes[at++];
            if (kind == TEXT) {
                attributes.put(name, block.text(at));
                at = block.endOfText(at);
            } else if (kind == NUMBER) {
                attributes.put(name, Bytes.unzigzag(Bytes.getVar(bytes, at)));
                at = Bytes.endOfVar(bytes, at);
            } else {
                attributes.put(name, kind == TRUE);
            }
        }
        return Collections.unmodifiableMap(attributes);
    }

    @Override
    public byte[] dataArray() {
        return block.bytes();
    }

    @Override
    public int dataStart() {
        return dataStart;
    }

    @Override
    public int dataLength() {
        return end - dataStart;
    }

    private int originAt() {
        return textAt((flags & OTHER_CONTENT_TYPE) == 0 ? 4 : 5);
    }

    private int attributesAt() {
        int at = originAt();
        if ((flags & ORIGIN) != 0) {
            at = block.endOfText(at);
            at = Bytes.endOfVar(block.bytes(), at);
            at = Bytes.endOfVar(block.bytes(), at);
        }
        return at;
    }

    private int textAt(int number) {
        int at = texts;
        for (int i = 0; i < number; i++) {
            at = block.endOfText(at);
        }
        return at;
    }

    @Override
    public String toString() {
        return position() + " " + stream() + "/" + version + " " + type();
    }
}
