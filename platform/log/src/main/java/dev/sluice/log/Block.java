package dev.sluice.log;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Consecutive events as they lie in the family {@code log}: at most 16 KiB, or one larger event. Immutable.
 *
 * <pre>
 *  0 u8  format, 1
 *  1 u8  reserved, 0
 *  2 u16 count of events
 *  4 u32 CRC32C of everything from byte 8 to the end
 *  8 u64 chain: a mix of the chain and the CRC of the block before (0 for the first)
 * 16 u64 offset of the first event
 * 24 u64 recorded time of the first event, µs
 * 32 u32 × count  where each event ends, counted from the end of this table
 * .. events, see {@link StoredEvent}
 * </pre>
 *
 * <p>A text is a varint n: n even, n/2 bytes of UTF-8 follow; n odd, the text is the one that begins n/2 bytes after the table.
 */
final class Block {
    static final byte FORMAT = 1;
    static final int HEADER_BYTES = 32;
    static final int TARGET_BYTES = 16 << 10;
    static final int MAX_COUNT = 0xffff;

    private static final int CRC_AT = 4;
    private static final int CRC_FROM = 8;
    private static final int SHARED_TEXTS = 8;

    private final int shard;
    private final byte[] bytes;
    private final long first;
    private final int count;
    private final int payload;
    private final @Nullable Text[] texts = new Text[SHARED_TEXTS];

    /** A text of the block that several events share; entries are replaced at will, each is immutable. */
    private record Text(int at, String value) {}

    Block(int shard, byte[] bytes) {
        this.shard = shard;
        this.bytes = bytes;
        this.first = Bytes.getLong(bytes, 16);
        this.count = (bytes[2] & 0xff) << 8 | bytes[3] & 0xff;
        this.payload = HEADER_BYTES + 4 * count;
    }

    /** A block read from disk under the key {@code offset}; CORRUPT when it is not what was written. */
    static Block checked(int shard, long offset, byte[] bytes) {
        if (bytes.length >= 1 && bytes[0] != FORMAT) {
            throw Failure.of(
                    Failure.Kind.NEWER_FORMAT,
                    "found a block of format " + bytes[0] + " at " + shard + ":" + offset + ", expected " + FORMAT
                            + ": run the version of Sluice that wrote it");
        }
        if (bytes.length <= HEADER_BYTES || crc(bytes) != Bytes.getInt(bytes, CRC_AT)) {
            throw corrupt(shard, offset, "a wrong checksum");
        }
        var block = new Block(shard, bytes);
        if (block.first != offset) {
            throw corrupt(shard, offset, "the block of offset " + block.first);
        }
        return block;
    }

    private static Failure corrupt(int shard, long offset, String found) {
        return Failure.of(
                Failure.Kind.CORRUPT,
                "found " + found + " in the block at " + shard + ":" + offset
                        + ", expected the block as it was written: restore the shard from a backup");
    }

    /** Fills in the header and answers the block. The events lie in place already. */
    static Block seal(int shard, byte[] bytes, int count, long chain, long first, long recordedMicros) {
        bytes[0] = FORMAT;
        bytes[2] = (byte) (count >>> 8);
        bytes[3] = (byte) count;
        Bytes.putLong(bytes, 8, chain);
        Bytes.putLong(bytes, 16, first);
        Bytes.putLong(bytes, 24, recordedMicros);
        Bytes.putInt(bytes, CRC_AT, crc(bytes));
        return new Block(shard, bytes);
    }

    private static int crc(byte[] bytes) {
        var crc = new CRC32C();
        crc.update(bytes, CRC_FROM, bytes.length - CRC_FROM);
        return (int) crc.getValue();
    }

    int shard() {
        return shard;
    }

    byte[] bytes() {
        return bytes;
    }

    long first() {
        return first;
    }

    long last() {
        return first + count - 1;
    }

    int count() {
        return count;
    }

    /** What the next block must carry as its chain. Finds lost, changed and exchanged blocks; it is no seal against forgers. */
    long nextChain() {
        long mixed = (chain() + 0x9e3779b97f4a7c15L) * 0xbf58476d1ce4e5b9L ^ Bytes.getInt(bytes, CRC_AT);
        mixed = (mixed ^ mixed >>> 30) * 0x94d049bb133111ebL;
        return mixed ^ mixed >>> 31;
    }

    boolean isFollowedBy(Block next) {
        return next.first == last() + 1 && next.chain() == nextChain();
    }

    long chain() {
        return Bytes.getLong(bytes, 8);
    }

    /** Recorded time of the first event. */
    long recordedMicros() {
        return Bytes.getLong(bytes, 24);
    }

    /** The event at an index from 0. */
    StoredEvent event(int index) {
        int start = index == 0 ? 0 : Bytes.getInt(bytes, HEADER_BYTES + 4 * (index - 1));
        int end = Bytes.getInt(bytes, HEADER_BYTES + 4 * index);
        return new StoredEvent(this, first + index, payload + start, payload + end);
    }

    /** The text that begins at a place in {@link #bytes()}. */
    String text(int at) {
        long length = Bytes.getVar(bytes, at);
        return (length & 1) == 0 ? decode(at, length) : shared(payload + (int) (length >>> 1));
    }

    /** As {@link #text}, for what many events have in common. */
    String commonText(int at) {
        long length = Bytes.getVar(bytes, at);
        return shared((length & 1) == 0 ? at : payload + (int) (length >>> 1));
    }

    /** Where the text that begins at a place ends. */
    int endOfText(int at) {
        long length = Bytes.getVar(bytes, at);
        int end = Bytes.endOfVar(bytes, at);
        return (length & 1) == 0 ? end + (int) (length >>> 1) : end;
    }

    private String shared(int at) {
        int slot = at * 0x9e3779b1 >>> 29;
        Text known = texts[slot];
        if (known == null || known.at != at) {
            known = new Text(at, decode(at, Bytes.getVar(bytes, at)));
            texts[slot] = known;
        }
        return known.value;
    }

    private String decode(int at, long length) {
        return new String(bytes, Bytes.endOfVar(bytes, at), (int) (length >>> 1), StandardCharsets.UTF_8);
    }
}
