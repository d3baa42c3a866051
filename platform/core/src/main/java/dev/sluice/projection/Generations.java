package dev.sluice.projection;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the events of a projection's stream amount to: which generations there are and what each is for. Immutable; the fold of
 * {@code $projection.<name>}, so that a restart finds what an operator has done.
 *
 * @param version of the stream
 * @param newest the highest number given to a generation, 0 when there was none
 * @param live the one that readers see, null when the projection is not there
 * @param building the one that is folded beside it
 * @param kept the one that {@code live} has taken the place of; its rows stay where they stood
 * @param given the text of the newest definition, whatever became of its generation
 * @param pauseReason empty when there was none
 */
record Generations(
        String name,
        long version,
        int newest,
        @Nullable Generation live,
        @Nullable Generation building,
        @Nullable Generation kept,
        @Nullable String given,
        boolean isPaused,
        String pauseReason) {
    static final String DEFINED = "ProjectionDefined";
    static final String DELETED = "ProjectionDeleted";
    static final String PAUSED = "ProjectionPaused";
    static final String RESUMED = "ProjectionResumed";
    static final String SWITCHED = "GenerationSwitched";
    static final String REVIVED = "GenerationRevived";
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * One generation.
     *
     * @param isHeld it goes live only when it is told to
     * @param since the cursor at which it went live, behind which it alerts; null when it has not yet
     */
    record Generation(
            int number,
            String text,
            boolean isHeld,
            @Nullable String since) {
        Generation live(String cursor) {
            return new Generation(number, text, isHeld, cursor);
        }

        @Nullable
        Cursor liveSince(int shards) {
            return since == null ? null : Cursor.parse(since, shards);
        }
    }

    static Generations none(String name) {
        return new Generations(name, 0, 0, null, null, null, null, false, "");
    }

    /** The definitions of its generations, and the newest that was given. */
    List<String> texts() {
        return Stream.concat(
                        Stream.of(live, building, kept).filter(Objects::nonNull).map(Generation::text),
                        Stream.ofNullable(given))
                .toList();
    }

    Generations after(RecordedEvent event) {
        JsonNode data = data(event);
        int generation = data.path("generation").asInt();
        var next =
                switch (event.type()) {
                    case DEFINED -> defined(generation, data);
                    case DELETED -> new Generations(name, version, newest, null, null, null, null, false, "");
                    case PAUSED -> paused(true, data.path("reason").asText(""));
                    case RESUMED -> paused(false, "");
                    case SWITCHED -> switched(generation, data.path("cursor").asText());
                    case REVIVED -> revived(generation);
                    default -> this;
                };
        return next.at(event.version());
    }

    private static JsonNode data(RecordedEvent event) {
        try {
            return JSON.readTree(event.dataArray(), event.dataStart(), event.dataLength());
        } catch (IOException malformed) {
            throw Failure.of(
                    Failure.Kind.CORRUPT,
                    "found an event at " + event.position() + " that is no definition: " + malformed.getMessage());
        }
    }

    private Generations defined(int generation, JsonNode data) {
        String text = data.path("definition").asText();
        var next = new Generation(generation, text, data.path("hold").asBoolean(), null);
        return live == null
                ? with(generation, next.live(data.path("cursor").asText()), null, null, text)
                : with(generation, live, next, kept, text);
    }

    /** Without effect for a generation that has been given up meanwhile. */
    private Generations switched(int generation, String cursor) {
        return building == null || building.number() != generation
                ? this
                : with(newest, building.live(cursor), null, live, given);
    }

    private Generations revived(int generation) {
        return kept == null || kept.number() != generation
                ? this
                : with(newest, live, new Generation(generation, kept.text(), false, null), null, given);
    }

    private Generations with(
            int newestNow,
            @Nullable Generation liveNow,
            @Nullable Generation buildingNow,
            @Nullable Generation keptNow,
            @Nullable String givenNow) {
        return new Generations(
                name, version, newestNow, liveNow, buildingNow, keptNow, givenNow, isPaused, pauseReason);
    }

    private Generations paused(boolean isPausedNow, String reason) {
        return new Generations(name, version, newest, live, building, kept, given, isPausedNow, reason);
    }

    private Generations at(long newVersion) {
        return new Generations(name, newVersion, newest, live, building, kept, given, isPaused, pauseReason);
    }
}
