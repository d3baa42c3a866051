package dev.sluice.server.live;

import dev.sluice.log.RecordedEvent;
import dev.sluice.shard.CloudEventsJson;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The JSON of the events that were sent last, so that many who follow the head have each event encoded once. An event never
 * changes, so what is found is right; what is not is encoded. Any thread.
 */
final class EventBytes {
    private static final int SLOTS = 2_048;
    private static final int MAX_BYTES = 2 << 10;

    private final AtomicReferenceArray<@Nullable Encoded> slots = new AtomicReferenceArray<>(SLOTS);

    private record Encoded(int shard, long offset, byte[] json) {}

    byte[] of(RecordedEvent event) {
        int slot = (int) ((event.offset() + 31L * event.shard()) & (SLOTS - 1));
        Encoded found = slots.get(slot);
        if (found != null && found.offset() == event.offset() && found.shard() == event.shard()) {
            return found.json();
        }
        byte[] json = CloudEventsJson.write(event, null);
        if (json.length <= MAX_BYTES) {
            slots.set(slot, new Encoded(event.shard(), event.offset(), json));
        }
        return json;
    }
}
