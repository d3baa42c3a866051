package dev.sluice.log;

import org.jspecify.annotations.Nullable;

/**
 * What a {@link Write} sees of its shard: committed state, what its group has accepted before it, and what it did itself.
 * Valid only during {@link Write#run} on the writer thread.
 */
public interface ShardTransaction {
    int shard();

    /** The recorded time of events appended by this write, µs since 1970 UTC. */
    long nowMicros();

    /** The version of a stream; 0 when it has no event. */
    long version(String stream);

    /** Appends one event and answers its offset; its version is {@code version(stream)} afterwards. EVENT_TOO_LARGE, INVALID_STREAM. */
    long append(String stream, Event event);

    /** Offset of the last event so far, this write's included. */
    long lastOffset();

    /** A row of the shard's synced side state, null when absent; do not change the array. */
    byte @Nullable [] get(String key);

    /** Sets a row of the synced side state together with this write's events. */
    void put(String key, byte[] value);

    /** Removes a row of the synced side state together with this write's events; nothing happens when it is absent. */
    void delete(String key);

    /** What {@link #remember} was given under an id, null when that is unknown or older than the retention of append ids. */
    @Nullable
    Remembered remembered(String id);

    /**
     * Keeps an answer for the retention of append ids, together with this write's events; one id a write. Append ids never begin with a
     * control character: an id that does is nobody's append.
     */
    void remember(String id, Remembered answer);
}
