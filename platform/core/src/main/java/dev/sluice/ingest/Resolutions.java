package dev.sluice.ingest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.log.Event;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Failure;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.LongStream;

/**
 * Which dead letters are resolved: the streams {@code $dlq-resolved.<suffix>} as far as they were read, each read on when it is
 * asked for and never before.
 *
 * <p>Of a stream of letters it keeps the offsets of the resolved ones, but only those above a floor, below which all are: what is
 * looked at from the beginning raises the floor over what is resolved there. Above {@link #MAX_KEPT} offsets in all, the other
 * streams are forgotten and read again when they are asked for.
 */
final class Resolutions {
    static final String RETRIED = "DeadLetterRetried";
    static final String DISCARDED = "DeadLetterDiscarded";
    /** Most positions of one event. */
    static final int MAX_POSITIONS = 1_000;

    private static final int EVENTS_A_READ = 250;
    private static final long MAX_KEPT = 4 << 20;
    private static final JsonFactory JSON = new JsonFactory();

    private final EventLog log;
    private final Map<String, Known> known = new ConcurrentHashMap<>();

    Resolutions(EventLog log) {
        this.log = log;
    }

    /**
     * What is known of one stream of letters. Immutable.
     *
     * @param version of the resolved stream that was read up to
     * @param floor offset of the letter up to which all are resolved, 0 for none; {@code floorVersion} is its version
     * @param offsets of resolved letters above the floor, ascending
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
    record Known(long version, long floor, long floorVersion, long[] offsets) {
        static final Known NOTHING = new Known(0, 0, 0, new long[0]);

        boolean isResolved(long offset) {
            return offset <= floor || Arrays.binarySearch(offsets, offset) >= 0;
        }

        /** How many letters are resolved. */
        long count() {
            return floorVersion + offsets.length;
        }

        private Known and(long readVersion, LongStream more) {
            long[] merged = LongStream.concat(Arrays.stream(offsets), more)
                    .filter(offset -> offset > floor)
                    .sorted()
                    .distinct()
                    .toArray();
            return new Known(readVersion, floor, floorVersion, merged);
        }

        private Known from(long offset, long letterVersion) {
            if (letterVersion <= floorVersion) {
                return this;
            }
            long[] above = Arrays.stream(offsets).filter(each -> each > offset).toArray();
            return new Known(version, offset, letterVersion, above);
        }
    }

    /** An event that names resolved letters. */
    static Event event(boolean isDiscarded, List<Position> letters) {
        var bytes = new ByteArrayOutputStream(64);
        try (var out = JSON.createGenerator(bytes)) {
            out.writeStartObject();
            out.writeArrayFieldStart("positions");
            for (Position letter : letters) {
                out.writeString(letter.toString());
            }
            out.writeEndArray();
            out.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return new Event(
                UUID.randomUUID().toString(),
                isDiscarded ? DISCARDED : RETRIED,
                "sluice://dead-letters",
                0,
                Event.JSON,
                Map.of(),
                null,
                bytes.toByteArray());
    }

    /** What is resolved of a stream of letters now. */
    Future<Known> of(LetterStream letters, int shard) {
        Known before = known.getOrDefault(letters.name(), Known.NOTHING);
        return read(letters, letters.resolvedStream(shard, log.shards()), before, before.version, LongStream.builder());
    }

    private Future<Known> read(
            LetterStream letters, String stream, Known before, long version, LongStream.Builder found) {
        return log.readStream(stream, version + 1, EventQuery.Direction.FORWARD, EVENTS_A_READ)
                .compose(events -> {
                    if (events.isEmpty()) {
                        return Future.succeededFuture(
                                version == before.version ? before : keep(letters, before.and(version, found.build())));
                    }
                    events.forEach(event -> positions(event, found));
                    long last = events.get(events.size() - 1).version();
                    return read(letters, stream, before, last, found);
                });
    }

    private static void positions(RecordedEvent event, LongStream.Builder found) {
        for (JsonNode position : RefusedRecord.data(event).path("positions")) {
            try {
                found.add(Position.parse(position.asText()).offset());
            } catch (Failure malformed) {
                throw Failure.of(
                        Failure.Kind.CORRUPT,
                        "found " + position + " among the positions of " + event.position() + ", expected positions");
            }
        }
    }

    private Known keep(LetterStream letters, Known now) {
        long kept =
                known.values().stream().mapToLong(each -> each.offsets.length).sum();
        if (kept + now.offsets.length > MAX_KEPT) {
            known.keySet().removeIf(name -> !name.equals(letters.name()));
        }
        return known.merge(letters.name(), now, (a, b) -> b.version >= a.version ? b : a);
    }

    /** All letters up to one are resolved. */
    void raise(LetterStream letters, long offset, long version) {
        known.computeIfPresent(letters.name(), (name, now) -> now.from(offset, version));
    }
}
