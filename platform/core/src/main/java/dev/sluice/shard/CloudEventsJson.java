package dev.sluice.shard;

import dev.sluice.log.Event;
import dev.sluice.log.RecordedEvent;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** CloudEvents 1.0 JSON format (cloudevents/spec v1.0.2, formats/json-format.md), read and written by streaming. */
public final class CloudEventsJson {
    private CloudEventsJson() {}

    /** An event read from outside with the extension attributes that are ours taken out. */
    public record Incoming(
            Event event, @Nullable String stream, @Nullable String expectedVersion) {}

    /** Where an event lacks them: what to fill in. {@code type} null: an event without one is INVALID_EVENT. */
    public record Defaults(@Nullable String type, String source, long timeMicros) {}

    /** One structured event; INVALID_EVENT says what is wrong. A missing id is given (UUID). */
    public static Incoming parse(byte[] json, Defaults defaults) {
        throw new UnsupportedOperationException();
    }

    /** A batch; an empty one is INVALID_EVENT. */
    public static List<Incoming> parseBatch(byte[] json, Defaults defaults) {
        throw new UnsupportedOperationException();
    }

    /** The structured form of an event, with {@code stream streamversion position recordedtime}, and {@code cursor} when given. */
    public static byte[] write(RecordedEvent event, @Nullable String cursor) {
        throw new UnsupportedOperationException();
    }

    /** A JSON array of events. */
    public static byte[] writeBatch(List<RecordedEvent> events) {
        throw new UnsupportedOperationException();
    }
}
