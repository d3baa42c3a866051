package dev.sluice.server.gateway;

import dev.sluice.log.EventPage;
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
    private static final int LARGE_BYTES = 256 << 10;

    private final String mediaType;
    private final int limit;
    private final Workers workers;
    private final Call call;
    private final Buffer out = Buffer.buffer();
    private int count;
    /** Of what was reserved, the part that is not used yet. */
    private long reserved;

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
        reserve(bytes);
        return workers.run(bytes, () -> {
            events.forEach(this::write);
            return null;
        });
    }

    /** A page that begins with large events reserves all it may need, so that of many at once the first ones get through. */
    private void reserve(long bytes) {
        if (bytes > reserved) {
            long more = bytes >= LARGE_BYTES ? Math.max(bytes, MAX_BYTES + EventPage.MAX_BYTES) : bytes;
            call.reserve(more);
            reserved += more;
        }
        reserved -= bytes;
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
