package dev.sluice.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * States kept aside, one a stream, in the row {@code snapshot/STREAM} of its shard: format byte, version of the definition (i32), version
 * of the stream (i64), JSON. Never needed: without one the state is folded from the first event.
 */
final class Snapshots<S> {
    private static final byte FORMAT = 1;
    private static final int HEAD_BYTES = 1 + Integer.BYTES + Long.BYTES;

    private final int everyEvents;
    private final Class<S> state;
    private final int definition;
    private final ObjectReader reader;
    private final ObjectWriter writer;

    /** @param definition the version of the aggregate's definition */
    Snapshots(int everyEvents, Class<S> state, int definition) {
        this.everyEvents = everyEvents;
        this.state = state;
        this.definition = definition;
        this.reader = Mapping.EVENTS.readerFor(state);
        this.writer = Mapping.EVENTS.writerFor(state);
    }

    Snapshots<S> ofVersion(int version) {
        return new Snapshots<>(everyEvents, state, version);
    }

    static String key(String stream) {
        return "snapshot/" + stream;
    }

    boolean isDue(long version, long snapshotVersion) {
        return version - snapshotVersion >= everyEvents;
    }

    byte[] write(S value, long version) {
        try {
            byte[] json = writer.writeValueAsBytes(value);
            return ByteBuffer.allocate(HEAD_BYTES + json.length)
                    .put(FORMAT)
                    .putInt(definition)
                    .putLong(version)
                    .put(json)
                    .array();
        } catch (JsonProcessingException refused) {
            throw new UncheckedIOException("found a state that cannot be written as a snapshot", refused);
        }
    }

    /** Null for one of another definition. */
    @Nullable
    Held<S> read(byte[] row) {
        var head = ByteBuffer.wrap(row);
        if (head.get() != FORMAT || head.getInt() != definition) {
            return null;
        }
        long version = head.getLong();
        try {
            return new Held<>(reader.readValue(row, HEAD_BYTES, row.length - HEAD_BYTES), version, version);
        } catch (IOException other) {
            throw new UncheckedIOException(
                    "found a snapshot that cannot be read: was the state changed without raising the version?", other);
        }
    }
}
