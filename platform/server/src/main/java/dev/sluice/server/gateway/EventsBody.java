package dev.sluice.server.gateway;

import dev.sluice.log.RecordedEvent;
import dev.sluice.shard.CloudEventsJson;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.List;

/**
 * The body of a page of events, written piece by piece. A page ends at its limit of events or with the piece that brings it to
 * {@link #MAX_BYTES}; a piece is bounded by what the log gives at a time.
 */
final class EventsBody {
    static final List<String> MEDIA_TYPES = List.of(MediaTypes.CLOUDEVENTS, MediaTypes.NDJSON, MediaTypes.JSON);
    private static final int MAX_BYTES = 8 << 20;
    private static final int MAX_READ = 128;

    private final String mediaType;
    private final int limit;
    private final Workers workers;
    private final Call call;
    private final Buffer out = Buffer.buffer();
    private int count;

    /** @param call whose answer it becomes */
    EventsBody(String mediaType, int limit, Workers workers, Call call) {
        this.mediaType = mediaType;
        this.limit = limit;
        this.workers = workers;
        this.call = call;
    }

    boolean isEmpty() {
        return count == 0;
    }

    boolean isFull() {
        return count >= limit || out.length() >= MAX_BYTES;
    }

    /** How many events to read next. */
    int room() {
        return Math.min(limit - count, MAX_READ);
    }

    /** OVERLOADED. */
    Future<Void> add(List<RecordedEvent> events) {
        long bytes = events.stream().mapToLong(RecordedEvent::dataLength).sum();
        call.reserve(bytes);
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
