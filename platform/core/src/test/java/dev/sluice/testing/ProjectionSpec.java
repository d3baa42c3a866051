package dev.sluice.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.sluice.log.Event;
import dev.sluice.projection.Projection;
import dev.sluice.projection.Projections;
import dev.sluice.projection.TriedProjection;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A test of a projection, in YAML or in Java: given events, then its rows, by the code that folds in production. A then that does not hold is an
 * AssertionError that says what was found. Rows are expected whole, and an event that cannot be folded has to be expected before them.
 *
 * <pre>{@code
 * ProjectionSpec.of(CUSTOMERS)
 *         .given("order-1", new OrderPlaced("ann", new BigDecimal("12.50")))
 *         .thenRow("ann", new Customer(1, new BigDecimal("12.50"), Standing.NEW))
 *         .thenNoOtherRow()
 *         .andRedeliverAll().unchanged();
 * }</pre>
 *
 * <p>Records become JSON; their simple name is the type of an event. All events lie in one shard.
 */
public final class ProjectionSpec {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final JsonMapper JSON = JsonMapper.builder()
            .addModule(new Jdk8Module())
            .addModule(new JavaTimeModule())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private final TriedProjection projection;
    private final Instant now;
    private final List<Projections.Given> events;

    private ProjectionSpec(TriedProjection projection, Instant now, List<Projections.Given> events) {
        this.projection = projection;
        this.now = now;
        this.events = events;
    }

    public static ProjectionSpec of(Projection<?> projection) {
        return new ProjectionSpec(TriedProjection.of(projection), START, List.of());
    }

    /** Of the one definition in a text in YAML; DEFINITION_INVALID. */
    public static ProjectionSpec of(String yaml) {
        return new ProjectionSpec(TriedProjection.of(yaml), START, List.of());
    }

    /** When the events that are given next happen; they are recorded then, or with the event before them when that is later. */
    public ProjectionSpec at(Instant time) {
        return new ProjectionSpec(projection, time, events);
    }

    /** What happened in a stream, behind what was given before. */
    public ProjectionSpec given(String stream, Record... happened) {
        var spec = this;
        for (var event : happened) {
            spec = spec.given(stream, event.getClass().getSimpleName(), event);
        }
        return spec;
    }

    /** @param data a record, a map, a tree: what JSON is made of */
    public ProjectionSpec given(String stream, String type, Object data) {
        var all = new ArrayList<>(events);
        var event = new Event(
                "given-" + events.size(),
                type,
                "/test",
                ChronoUnit.MICROS.between(Instant.EPOCH, now),
                Event.JSON,
                Map.of(),
                null,
                text(data).getBytes(StandardCharsets.UTF_8));
        all.add(new Projections.Given(stream, event));
        return new ProjectionSpec(projection, now, all);
    }

    /** There is such a row, exactly: a record, a map or a tree of all its columns, those derived too. */
    public Rows thenRow(String key, Object row) {
        return rows().thenRow(key, row);
    }

    public Rows thenNoRow(String key) {
        return rows().thenNoRow(key);
    }

    public Rows thenNoOtherRow() {
        return rows().thenNoOtherRow();
    }

    /** The event of this number, from 0, cannot be folded. */
    public Rows thenDeadLetter(int event) {
        return rows().thenDeadLetter(event);
    }

    private Rows rows() {
        return new Rows(projection.fold(events, List.of()));
    }

    /** What the events have become. */
    public final class Rows {
        private final TriedProjection.Folded folded;
        private final Set<String> named = new HashSet<>();
        private final Set<Long> letters = new HashSet<>();

        private Rows(TriedProjection.Folded folded) {
            this.folded = folded;
        }

        public Rows thenDeadLetter(int event) {
            check(folded.letters().containsKey((long) event), () -> "event " + event + " folded", "a dead letter");
            letters.add((long) event);
            return this;
        }

        public Rows thenRow(String key, Object row) {
            checkLetters();
            named.add(key);
            String found = folded.rows().get(key);
            check(isEqual(found, row), () -> "row " + key + " " + found, text(row));
            return this;
        }

        public Rows thenNoRow(String key) {
            checkLetters();
            String found = folded.rows().get(key);
            check(found == null, () -> "row " + key + " " + found, "none");
            return this;
        }

        /** None but those that were expected before. */
        public Rows thenNoOtherRow() {
            checkLetters();
            var others = new TreeSet<>(folded.rows().keySet());
            others.removeAll(named);
            check(others.isEmpty(), () -> "rows " + others + " too", "no other than " + new TreeSet<>(named));
            return this;
        }

        private void checkLetters() {
            folded.letters()
                    .forEach((event, why) -> check(
                            letters.contains(event),
                            () -> "event " + event + " ("
                                    + events.get((int) (long) event).event().type() + ") a dead letter: " + why,
                            "it folded"));
        }

        /**
         * Kills the process behind each event in turn, with everything up to it committed, and delivers what follows once more, with its
         * positions: all of it when nothing was.
         */
        public Redelivered andRedeliverAll() {
            checkLetters();
            return new Redelivered(this);
        }
    }

    /** The same events, delivered again. */
    public final class Redelivered {
        private final Rows rows;

        private Redelivered(Rows rows) {
            this.rows = rows;
        }

        /** Wherever it was cut off, it comes to the same rows and dead letters. */
        public Rows unchanged() {
            for (int cut = 0; cut <= events.size(); cut++) {
                same(cut, List.of(cut));
            }
            same(0, IntStream.range(1, events.size()).boxed().toList());
            return rows;
        }

        private void same(int cut, List<Integer> commits) {
            var again = projection.fold(events, commits);
            check(
                    again.equals(rows.folded),
                    () -> again + " with events delivered again from number " + cut + " on",
                    rows.folded + " as before");
        }
    }

    private static boolean isEqual(@Nullable String found, Object expected) {
        return found != null && tree(found).equals(ProjectionSpec::compare, tree(text(expected)));
    }

    /** Numbers by their value: 1.50 is 1.5. */
    private static int compare(JsonNode one, JsonNode other) {
        boolean isSame = one.isNumber() && other.isNumber()
                ? one.decimalValue().compareTo(other.decimalValue()) == 0
                : one.equals(other);
        return isSame ? 0 : 1;
    }

    private static JsonNode tree(String json) {
        try {
            return JSON.readTree(json);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static String text(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException unwritable) {
            throw new IllegalArgumentException("found " + value + ", expected what can be written as JSON", unwritable);
        }
    }

    private interface Found {
        String told();
    }

    private static void check(boolean holds, Found found, String expected) {
        if (!holds) {
            throw new AssertionError("found " + found.told() + ", expected " + expected);
        }
    }
}
