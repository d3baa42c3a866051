package dev.sluice.ingest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.StreamInfo;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the dead letters of all consumers: the events of the streams {@code $dlq.<source>-<partition>} and
 * {@code $dlq.projection-<name>}, stream by stream in name order, each from its oldest.
 */
public final class DeadLetters {
    private static final String PREFIX = "$dlq.";
    private static final String SOURCE = "source:";
    private static final String PROJECTION = "projection:";
    private static final int STREAMS_A_READ = 100;
    private static final int EVENTS_A_READ = 250;
    private static final int MAX_SCAN = 10_000;
    private static final long MAX_PAGE_BYTES = 4 << 20;
    private static final ObjectMapper JSON = new ObjectMapper();

    private DeadLetters() {}

    /**
     * One dead letter.
     *
     * @param id of the dead letter: its position in the log
     * @param consumer {@code source:<name>} or {@code projection:<name>}
     * @param event as it lies in the log; its data says the rest
     */
    public record DeadLetter(String id, String consumer, String reason, String detail, RecordedEvent event) {}

    /** A page; {@code cursor} null: there are no more. A page may be short of its limit and still not be the last. */
    public record Page(List<DeadLetter> letters, @Nullable String cursor) {}

    /**
     * A page of dead letters.
     *
     * @param consumer {@code source:<name>} or {@code projection:<name>}, null for all
     * @param reason null for all
     * @param cursor of the page before, null for the first; another is INVALID_CURSOR
     */
    public static Future<Page> list(
            EventLog log, @Nullable String consumer, @Nullable String reason, int limit, @Nullable String cursor) {
        Place from;
        try {
            from = cursor == null ? new Place("", 0) : Place.parse(cursor);
        } catch (Failure invalid) {
            return Future.failedFuture(invalid);
        }
        var scan = new Scan(log, consumer, reason, limit, prefix(consumer));
        return from.version == 0
                ? scan.streamsAfter(from.stream)
                : scan.stream(from.stream, from.version + 1, () -> scan.streamsAfter(from.stream));
    }

    private static String prefix(@Nullable String consumer) {
        if (consumer == null) {
            return PREFIX;
        }
        if (consumer.startsWith(SOURCE)) {
            return PREFIX + consumer.substring(SOURCE.length()) + "-";
        }
        return consumer.startsWith(PROJECTION)
                ? PREFIX + "projection-" + consumer.substring(PROJECTION.length())
                : PREFIX + consumer;
    }

    /** The last event that a page looked at; version 0: none of the stream after {@code stream} yet. */
    private record Place(String stream, long version) {
        String encode() {
            return Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString((version + " " + stream).getBytes(StandardCharsets.UTF_8));
        }

        static Place parse(String cursor) {
            try {
                String text = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
                int space = text.indexOf(' ');
                return new Place(text.substring(space + 1), Long.parseLong(text.substring(0, Math.max(0, space))));
            } catch (IllegalArgumentException malformed) {
                throw Failure.of(
                        Failure.Kind.INVALID_CURSOR,
                        "found a cursor that cannot be read, expected one that a page of dead letters has given");
            }
        }
    }

    /** One request: goes over streams and their events until the page is full, all is read or it has looked at enough. */
    private static final class Scan {
        private final EventLog log;
        private final @Nullable String consumer;
        private final @Nullable String reason;
        private final int limit;
        private final String prefix;
        private final List<DeadLetter> letters = new ArrayList<>();
        private int scanned;
        private long bytes;

        Scan(EventLog log, @Nullable String consumer, @Nullable String reason, int limit, String prefix) {
            this.log = log;
            this.consumer = consumer;
            this.reason = reason;
            this.limit = limit;
            this.prefix = prefix;
        }

        Future<Page> streamsAfter(String name) {
            return log.streams(prefix, name, STREAMS_A_READ).compose(streams -> each(streams, 0));
        }

        private Future<Page> each(List<StreamInfo> streams, int index) {
            if (streams.isEmpty()) {
                return Future.succeededFuture(new Page(letters, null));
            }
            if (index == streams.size()) {
                return streamsAfter(streams.get(index - 1).stream());
            }
            return stream(streams.get(index).stream(), 1, () -> each(streams, index + 1));
        }

        Future<Page> stream(String name, long fromVersion, java.util.function.Supplier<Future<Page>> then) {
            return log.readStream(name, fromVersion, EventQuery.Direction.FORWARD, EVENTS_A_READ)
                    .compose(events -> {
                        for (RecordedEvent event : events) {
                            take(event);
                            scanned++;
                            if (letters.size() == limit || scanned == MAX_SCAN || bytes >= MAX_PAGE_BYTES) {
                                return Future.succeededFuture(
                                        new Page(letters, new Place(name, event.version()).encode()));
                            }
                        }
                        return events.isEmpty()
                                ? then.get()
                                : stream(name, events.get(events.size() - 1).version() + 1, then);
                    });
        }

        private void take(RecordedEvent event) {
            JsonNode data;
            try {
                data = JSON.readTree(event.dataArray(), event.dataStart(), event.dataLength());
            } catch (IOException unreadable) {
                data = JSON.createObjectNode();
            }
            var letter = new DeadLetter(
                    event.position().toString(),
                    data.path("consumer").asText(""),
                    data.path("reason").asText(""),
                    data.path("detail").asText(""),
                    event);
            if ((consumer == null || consumer.equals(letter.consumer))
                    && (reason == null || reason.equals(letter.reason))) {
                letters.add(letter);
                bytes += event.dataLength();
            }
        }
    }
}
