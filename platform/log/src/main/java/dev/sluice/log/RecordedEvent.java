package dev.sluice.log;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An event as it lies in the log: a view over the bytes of its block, decoded when asked. Immutable, safe to share; it keeps
 * its whole block (at most 16 KiB or one larger event) in memory while it is referenced.
 */
public interface RecordedEvent {
    int shard();

    long offset();

    String stream();

    /** The place in its stream; the first event has version 1. */
    long version();

    /** When the shard took it, µs since 1970 UTC; never falls within a shard. */
    long recordedMicros();

    String id();

    String type();

    String source();

    long timeMicros();

    String contentType();

    /** As {@link Event#attributes()}, in the order they were given. */
    Map<String, Object> attributes();

    @Nullable
    Origin origin();

    /** The array that holds the data; do not change it. */
    byte[] dataArray();

    int dataStart();

    int dataLength();

    /** A copy of the data. */
    default byte[] data() {
        return java.util.Arrays.copyOfRange(dataArray(), dataStart(), dataStart() + dataLength());
    }

    default Position position() {
        return new Position(shard(), offset());
    }

    default String category() {
        return StreamName.category(stream());
    }

    default boolean isJson() {
        return Event.isJson(contentType());
    }
}
