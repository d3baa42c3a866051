package dev.sluice.projection;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.log.Append;
import dev.sluice.log.Cursor;
import dev.sluice.log.Event;
import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import io.micrometer.core.instrument.Clock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The definitions, and everything an operator does to them, as events: the streams {@code $projection.<name>}. Blocking. */
final class DefinitionLog {
    private static final String PREFIX = "$projection.";
    private static final String SOURCE = "sluice://projection";
    private static final String GENERATION = "generation";
    private static final int STREAMS_A_READ = 500;
    private static final int EVENTS_A_READ = 500;
    private static final long ANSWER_WITHIN_SECONDS = 30;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Log log;
    private final Clock clock;

    DefinitionLog(Log log, Clock clock) {
        this.log = log;
        this.clock = clock;
    }

    /** Every name that was ever defined. */
    List<Generations> all() {
        var all = new ArrayList<Generations>();
        String after = "";
        while (true) {
            var streams = log.streams(PREFIX, after, STREAMS_A_READ);
            if (streams.isEmpty()) {
                return all;
            }
            for (var stream : streams) {
                all.add(of(stream.stream().substring(PREFIX.length())));
                after = stream.stream();
            }
        }
    }

    Generations of(String name) {
        var generations = Generations.none(name);
        while (true) {
            var events = log.readStream(PREFIX + name, generations.version() + 1, Direction.FORWARD, EVENTS_A_READ);
            if (events.isEmpty()) {
                return generations;
            }
            for (var event : events) {
                generations = generations.after(event);
            }
        }
    }

    void define(Generations before, int generation, String text, boolean isHeld) {
        var data = new LinkedHashMap<String, Object>();
        data.put(GENERATION, generation);
        data.put("definition", text);
        if (isHeld) {
            data.put("hold", true);
        }
        if (before.live() == null) {
            data.put("cursor", head().encode());
        }
        append(before, Generations.DEFINED, data);
    }

    /** The end of the log now. */
    Cursor head() {
        return log.head();
    }

    void delete(Generations before) {
        append(before, Generations.DELETED, Map.of(GENERATION, before.newest()));
    }

    /** @param cursor up to where the generation before was the one that counts */
    void goLive(Generations before, int generation, Cursor cursor) {
        append(before, Generations.SWITCHED, Map.of(GENERATION, generation, "cursor", cursor.encode()));
    }

    void revive(Generations before, int generation) {
        append(before, Generations.REVIVED, Map.of(GENERATION, generation));
    }

    void pause(Generations before, @Nullable String reason) {
        append(before, Generations.PAUSED, reason == null ? Map.of() : Map.of("reason", reason));
    }

    void resume(Generations before) {
        append(before, Generations.RESUMED, Map.of());
    }

    private void append(Generations before, String type, Map<String, Object> data) {
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
