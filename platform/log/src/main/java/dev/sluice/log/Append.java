package dev.sluice.log;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Events for one or more streams of one shard, appended together or not at all.
 *
 * @param appendId 1–255 characters, the first no control character; within its retention the same id with the same {@code digest} gets the same answer,
 *     with another digest APPEND_ID_REUSED; null for no identity
 * @param digest hash of what the client sent (bytes and preconditions); 0 without an append id
 * @param writes in order; a stream may be named once
 */
public record Append(@Nullable String appendId, long digest, List<StreamWrite> writes) {
    /** Events for one stream, in order; at least one. */
    public record StreamWrite(String stream, Expected expected, List<Event> events) {}

    public Append {
        if (writes.isEmpty()) {
            throw new IllegalArgumentException("append without writes");
        }
        writes = List.copyOf(writes);
    }

    /** One stream, no append id. */
    public static Append to(String stream, Expected expected, List<Event> events) {
        return new Append(null, 0, List.of(new StreamWrite(stream, expected, events)));
    }
}
