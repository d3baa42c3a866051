package dev.sluice.server.gateway;

import dev.sluice.log.RecordedEvent;
import dev.sluice.shard.CloudEventsJson;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.List;

/**
 * The body of a page of events, written piece by piece. A page ends at its limit of events or at {@link #MAX_BYTES}; what is
 * read at a time is few enough that the largest events fit into memory.
 */
final class EventsBody {
    static final List<String> MEDIA_TYPES = List.of(MediaTypes.CLOUDEVENTS, MediaTypes.NDJSON, MediaTypes.JSON);
    private static final int MAX_BYTES = 8 << 20;
    private static final int FIRST_READ = 32;
    private static final int MAX_READ = 128;

    private final String mediaType;
    private final int limit;
    private final Workers workers;
    private final Buffer out = Buffer.buffer();
    private int count;

    EventsBody(String mediaType, int limit, Workers workers) {
        this.mediaType = mediaType;
        this.limit = limit;
        this.workers = workers;
    }

    boolean isEmpty() {
        return count == 0;
    }

    boolean isFull() {
        return count >= limit || out.length() >= MAX_BYTES;
    }

    /** How many events to read next. */
    int room() {
        if (count == 0) {
            return Math.min(limit, FIRST_READ);
        }
        int average = Math.max(1, out.length() / count);
        return Math.max(1, Math.min(Math.min(limit - count, MAX_READ), (MAX_BYTES - out.length()) / average));
    }

    Future<Void> add(List<RecordedEvent> events) {
        long bytes = events.stream().mapToLong(RecordedEvent::dataLength).sum();
        return workers.run(bytes, () -> {
            events.forEach(this::write);
            return null;
        });
    }

    private void write(RecordedEvent event) {
        byte[] json = CloudEventsJson.write(event, null);
        if (isLines()) {
            out.appendBytes(json).appendByte((byte) '\n');
        } else {
            out.appendByte((byte) (count == 0 ? '[' : ',')).appendBytes(json);
        }
        count++;
    }

    Answer answer() {
        if (!isLines()) {
            out.appendString(count == 0 ? "[]" : "]");
        }
        return Answer.of(200, mediaType, out);
    }

    private boolean isLines() {
        return mediaType.equals(MediaTypes.NDJSON);
    }
}
