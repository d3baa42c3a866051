package dev.sluice.log;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The record keys of one source partition that wait behind a dead letter: a row of the shard's synced side state, which moves in
 * the same write as letters, source offset and releases. So no record can slip past one that waits, whatever crashes, and
 * nothing is rebuilt at start.
 */
final class ParkedKeys {
    /** Of one partition; the row is written whole, and these are about 100 KiB. */
    static final int MAX_KEYS = 1_000;

    private static final byte FORMAT = 1;

    private final String row;
    private final String name;
    private final Map<String, Place> places;
    private boolean isChanged;

    private ParkedKeys(String row, String name, Map<String, Place> places) {
        this.row = row;
        this.name = name;
        this.places = places;
    }

    /**
     * Where a key stands.
     *
     * @param head offset of the dead letter that the others wait behind; while they are released, of the last that was
     * @param lastParked offset of the last dead letter that waits, 0 for none
     * @param isReleasing the head is resolved, those behind it follow
     */
    record Place(long head, long lastParked, boolean isReleasing) {
        static Place headedBy(long offset) {
            return new Place(offset, 0, false);
        }

        Place until(long parked) {
            return new Place(head, parked, isReleasing);
        }
    }

    static ParkedKeys of(String source, String topic, int partition, ShardTransaction transaction) {
        String row = "parked\0" + source + '\0' + topic + '\0' + partition;
        byte[] stored = transaction.get(row);
        return new ParkedKeys(
                row,
                topic + "-" + partition + " of source " + source,
                stored == null ? new LinkedHashMap<>() : decode(stored));
    }

    @Nullable
    Place get(String key) {
        return places.get(key);
    }

    /** OVERLOADED when too many keys wait: the partition pauses until an operator has resolved some. */
    void put(String key, Place place) {
        if (places.put(key, place) == null && places.size() > MAX_KEYS) {
            throw Failure.of(
                    Failure.Kind.OVERLOADED,
                    "found " + MAX_KEYS + " record keys that wait behind dead letters in " + name
                            + ", expected fewer before it is read on: retry or discard some dead letters");
        }
        isChanged = true;
    }

    void remove(String key) {
        isChanged |= places.remove(key) != null;
    }

    /** Keys whose release was interrupted, each with its head. */
    Map<String, Long> releasing() {
        var releasing = new LinkedHashMap<String, Long>();
        places.forEach((key, place) -> {
            if (place.isReleasing()) {
                releasing.put(key, place.head());
            }
        });
        return releasing;
    }

    void store(ShardTransaction transaction) {
        if (isChanged) {
            transaction.put(row, encode());
            isChanged = false;
        }
    }

    private byte[] encode() {
        var bytes = new ByteArrayOutputStream(16 + 64 * places.size());
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(FORMAT);
            out.writeInt(places.size());
            for (Map.Entry<String, Place> each : places.entrySet()) {
                out.writeUTF(each.getKey());
                out.writeLong(each.getValue().head());
                out.writeLong(each.getValue().lastParked());
                out.writeBoolean(each.getValue().isReleasing());
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    private static Map<String, Place> decode(byte[] stored) {
        try (var in = new DataInputStream(new ByteArrayInputStream(stored))) {
            byte format = in.readByte();
            if (format != FORMAT) {
                throw Failure.of(
                        Failure.Kind.NEWER_FORMAT, "found parked keys of format " + format + ", expected " + FORMAT);
            }
            int count = in.readInt();
            var places = new LinkedHashMap<String, Place>();
            for (int i = 0; i < count; i++) {
                places.put(in.readUTF(), new Place(in.readLong(), in.readLong(), in.readBoolean()));
            }
            return places;
        } catch (IOException torn) {
            throw Failure.of(Failure.Kind.CORRUPT, "found a torn row of parked keys, expected a whole one");
        }
    }
}
