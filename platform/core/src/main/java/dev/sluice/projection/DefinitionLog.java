package dev.sluice.projection;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.RecordedEvent;
import io.micrometer.core.instrument.Clock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The definitions as events: the streams {@code $projection.<name>}. Blocking. */
final class DefinitionLog {
    private static final String PREFIX = "$projection.";
    private static final String DEFINED = "ProjectionDefined";
    private static final String DELETED = "ProjectionDeleted";
    private static final String SOURCE = "sluice://projection";
    private static final int STREAMS_A_READ = 500;
    private static final long ANSWER_WITHIN_SECONDS = 30;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Log log;
    private final Clock clock;

    /** The newest word about a name; {@code text} null: it was deleted. {@code version} of its stream. */
    record Latest(String name, int generation, @Nullable String text, long version) {}

    DefinitionLog(Log log, Clock clock) {
        this.log = log;
        this.clock = clock;
    }

    /** Every name that was ever defined. */
    List<Latest> all() {
        var all = new ArrayList<Latest>();
        String after = "";
        while (true) {
            var streams = log.streams(PREFIX, after, STREAMS_A_READ);
            if (streams.isEmpty()) {
                return all;
            }
            for (var stream : streams) {
                all.add(latest(stream.stream().substring(PREFIX.length())));
                after = stream.stream();
            }
        }
    }

    /** Generation 0 when a name was never defined. */
    Latest latest(String name) {
        var events = log.readStream(PREFIX + name, 0, Direction.BACKWARD, 1);
        return events.isEmpty() ? new Latest(name, 0, null, 0) : latest(name, events.get(0));
    }

    private static Latest latest(String name, RecordedEvent event) {
        try {
            JsonNode data = JSON.readTree(event.dataArray(), event.dataStart(), event.dataLength());
            var text = event.type().equals(DEFINED) ? data.path("definition").asText() : null;
            return new Latest(name, data.path("generation").asInt(), text, event.version());
        } catch (IOException malformed) {
            throw Failure.of(
                    Failure.Kind.CORRUPT,
                    "found an event at " + event.position() + " that is no definition: " + malformed.getMessage());
        }
    }

    /** Appends a definition after what is known of its name. */
    void define(Latest before, int generation, String text) {
        append(before, DEFINED, Map.of("generation", generation, "definition", text));
    }

    void delete(Latest before) {
        append(before, DELETED, Map.of("generation", before.generation()));
    }

    private void append(Latest before, String type, Map<String, Object> data) {
        try {
            var event = new Event(
                    UUID.randomUUID().toString(),
                    type,
                    SOURCE,
                    TimeUnit.MILLISECONDS.toMicros(clock.wallTime()),
                    Event.JSON,
                    Map.of(),
                    null,
                    JSON.writeValueAsBytes(data));
            log.append(Append.to(PREFIX + before.name(), Expected.version(before.version()), List.of(event)))
                    .toCompletableFuture()
                    .get(ANSWER_WITHIN_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException refused) {
            throw refused.getCause() instanceof Failure failure
                    ? failure
                    : Failure.of(Failure.Kind.INTERNAL, "the definition could not be stored: " + refused.getCause());
        } catch (TimeoutException late) {
            throw Failure.of(
                    Failure.Kind.OUTCOME_UNKNOWN,
                    "the definition was not stored within " + ANSWER_WITHIN_SECONDS + " s, and may be later");
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw Failure.of(Failure.Kind.OUTCOME_UNKNOWN, "stopped while the definition was being stored");
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
