package dev.sluice.ingest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.ingest.DeadLetters.DeadLetter;
import dev.sluice.ingest.DeadLetters.Filter;
import dev.sluice.ingest.DeadLetters.Page;
import dev.sluice.ingest.DeadLetters.State;
import dev.sluice.log.Cursor;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.StreamInfo;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One request for dead letters: goes over streams and their events until the page is full, all is read or it has looked at enough. */
final class LetterScan {
    static final Place START = new Place("", 0);

    private static final int STREAMS_A_READ = 100;
    private static final int EVENTS_A_READ = 250;
    private static final int MAX_SCAN = 10_000;
    private static final long MAX_PAGE_BYTES = 4 << 20;

    private final EventLog log;
    private final Resolutions resolutions;
    private final DeadLetters.Projections projections;
    private final Filter filter;
    private final @Nullable Cursor upTo;
    private final String prefix;
    private final List<DeadLetter> letters = new ArrayList<>();
    private int limit;
    private int scanned;
    private long bytes;

    LetterScan(
            EventLog log,
            Resolutions resolutions,
            DeadLetters.Projections projections,
            Filter filter,
            @Nullable Cursor upTo) {
        this.log = log;
        this.resolutions = resolutions;
        this.projections = projections;
        this.filter = filter;
        this.upTo = upTo;
        this.prefix = prefix(filter.consumer());
    }

    private static String prefix(@Nullable String consumer) {
        if (consumer == null) {
            return LetterStream.PREFIX;
        }
        if (consumer.startsWith(DeadLetters.SOURCE)) {
            return LetterStream.PREFIX + consumer.substring(DeadLetters.SOURCE.length()) + "-";
        }
        if (consumer.startsWith(DeadLetters.SAGA)) {
            return LetterStream.SAGA + consumer.substring(DeadLetters.SAGA.length()) + "@";
        }
        return consumer.startsWith(DeadLetters.PROJECTION)
                ? LetterStream.PREFIX + "projection-" + consumer.substring(DeadLetters.PROJECTION.length())
                : LetterStream.PREFIX + consumer;
    }

    /** The last event that a page looked at; version 0: none of the stream after {@code stream} yet. */
    record Place(String stream, long version) {
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

    Future<Page> page(int most, Place from) {
        limit = most;
        LetterStream stream = from.version == 0 ? null : LetterStream.of(from.stream);
        return stream == null
                ? streamsAfter(from.stream)
                : stream(stream, log.shardOf(from.stream), from.version).compose(page -> andThen(page, from.stream));
    }

    private Future<Page> andThen(@Nullable Page page, String stream) {
        return page == null ? streamsAfter(stream) : Future.succeededFuture(page);
    }

    private Future<Page> streamsAfter(String name) {
        return log.streams(prefix, name, STREAMS_A_READ).compose(streams -> each(streams, 0));
    }

    private Future<Page> each(List<StreamInfo> streams, int index) {
        if (streams.isEmpty()) {
            return Future.succeededFuture(new Page(letters, null));
        }
        if (index == streams.size()) {
            return streamsAfter(streams.get(index - 1).stream());
        }
        StreamInfo found = streams.get(index);
        LetterStream stream = LetterStream.of(found.stream());
        return stream == null
                ? each(streams, index + 1)
                : stream(stream, found.lastPosition().shard(), 0)
                        .compose(page -> page == null ? each(streams, index + 1) : Future.succeededFuture(page));
    }

    /** The page when it ends in this stream, null when the stream is read to its end. */
    private Future<@Nullable Page> stream(LetterStream stream, int shard, long afterVersion) {
        return resolutions.of(stream, shard).compose(known -> {
            boolean isOpenOnly = filter.state() == State.OPEN;
            long from = isOpenOnly ? Math.max(afterVersion, known.floorVersion()) : afterVersion;
            return read(stream, known, from, isOpenOnly && from == known.floorVersion());
        });
    }

    /** @param isFloor all letters so far are resolved */
    private Future<@Nullable Page> read(
            LetterStream stream, Resolutions.Known known, long afterVersion, boolean isFloor) {
        return log.readStream(stream.name(), afterVersion + 1, EventQuery.Direction.FORWARD, EVENTS_A_READ)
                .compose(events -> {
                    RecordedEvent floor = null;
                    boolean isStillFloor = isFloor;
                    Page page = null;
                    for (int i = 0; i < events.size() && page == null; i++) {
                        RecordedEvent event = events.get(i);
                        isStillFloor &= known.isResolved(event.offset());
                        floor = isStillFloor ? event : floor;
                        page = take(stream, known, event);
                    }
                    if (floor != null) {
                        resolutions.raise(stream, floor.offset(), floor.version());
                    }
                    return page != null || events.isEmpty()
                            ? Future.succeededFuture(page)
                            : read(stream, known, events.get(events.size() - 1).version(), isStillFloor);
                });
    }

    private @Nullable Page take(LetterStream stream, Resolutions.Known known, RecordedEvent event) {
        boolean isLater = upTo != null && event.offset() > upTo.offset(event.shard());
        if (!isLater && isWanted(known, event)) {
            DeadLetter letter = letter(event, stream, known, projections);
            if (matches(letter)) {
                letters.add(letter);
                bytes += event.dataLength();
            }
        }
        scanned++;
        return letters.size() == limit || scanned == MAX_SCAN || bytes >= MAX_PAGE_BYTES
                ? new Page(letters, new Place(stream.name(), event.version()).encode())
                : null;
    }

    /** Spares the reading of what is resolved. */
    private boolean isWanted(Resolutions.Known known, RecordedEvent event) {
        return filter.state() != State.OPEN || !known.isResolved(event.offset());
    }

    private boolean matches(DeadLetter letter) {
        return (filter.state() == State.ALL || letter.isOpen() == (filter.state() == State.OPEN))
                && (filter.consumer() == null || filter.consumer().equals(letter.consumer()))
                && (filter.reason() == null || filter.reason().equals(letter.reason()));
    }

    static DeadLetter letter(
            RecordedEvent event, LetterStream stream, Resolutions.Known known, DeadLetters.Projections projections) {
        JsonNode data = RefusedRecord.data(event);
        JsonNode generation = data.path("generation");
        String projection = stream.projection();
        boolean isPast =
                projection != null && generation.isInt() && !projections.isCurrent(projection, generation.intValue());
        return new DeadLetter(
                event.position().toString(),
                data.path("consumer").asText(""),
                data.path("reason").asText(""),
                data.path("detail").asText(""),
                data.path("attempts").asInt(1),
                !isPast && !known.isResolved(event.offset()),
                event);
    }
}
