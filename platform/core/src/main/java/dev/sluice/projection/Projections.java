package dev.sluice.projection;

import dev.sluice.log.Cursor;
import dev.sluice.log.Event;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.definition.DefinitionFile;
import io.vertx.core.Future;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Every projection of the process: definitions in, views out. */
public interface Projections {
    /** Most events, and most rows, of a {@link #test}. */
    int MAX_TESTED = 10_000;

    /**
     * Applies one or more YAML (or JSON) documents: all valid or none applied. Each becomes an event in {@code $projection.<name>};
     * a definition equal to the live one has no effect. DEFINITION_INVALID with details {@code line key}.
     *
     * @param expectedName the name the single definition must have, null for any number of any names
     * @param file named in messages
     */
    Future<List<Applied>> apply(String text, @Nullable String expectedName, String file, Applying how);

    /** As {@link #apply(String, String, String, Applying)}, live as soon as it has caught up. */
    default Future<List<Applied>> apply(String text, @Nullable String expectedName, String file) {
        return apply(text, expectedName, file, Applying.AT_ONCE);
    }

    /**
     * Takes a projection written in Java, at each start anew: without effect for the log when it is as before, a new generation
     * when its version is higher, only there to be rolled back to when it is lower. DEFINITION_INVALID when the definition of a
     * known version differs.
     */
    Future<Applied> register(Projection<?> projection);

    /** The rows of a projection written in Java, as records. */
    <R extends Record> Queries<R> query(Projection<R> projection);

    /** Reads one or more documents and applies none; their number. DEFINITION_INVALID with details {@code line key}. */
    static int check(String text, String file) {
        return DefinitionFile.read(text, file).size();
    }

    /** How a definition is applied. The first generation of a projection is live at once, whatever is wished. */
    enum Applying {
        /** A new generation goes live when it has caught up. */
        AT_ONCE,
        /** A new generation waits for {@link #switchOver}. */
        HELD,
        /** As AT_ONCE, but what was given last has no effect, even when it has been rolled back since. */
        REPEATED,
        /** Nothing is changed: tells what AT_ONCE would do. */
        TRIED
    }

    /**
     * Folds the same definition again beside the live generation, unless one is being built already that has not failed; PROJECTION_NOT_FOUND.
     *
     * @param isHeld it goes live only with {@link #switchOver}
     */
    Future<Info> rebuild(String name, boolean isHeld);

    /**
     * Makes the generation that was built live, or one that was rolled back fold on and go live. GENERATION_NOT_READY with
     * detail {@code lag} until it has caught up; without effect when there is none.
     */
    Future<Info> switchOver(String name);

    /**
     * Folds the generation before the live one on from where it stood, and makes it live again; without effect when that has
     * been asked already. NO_GENERATION when there is none before.
     */
    Future<Info> rollback(String name);

    /** Folds nothing until {@link #resume}; rows are served as they stand. */
    Future<Info> pause(String name, @Nullable String reason);

    Future<Info> resume(String name);

    /** What the live generation makes of an event: told by folding it as if it came now, and taking that back. */
    Future<Explanation> explain(String name, RecordedEvent event);

    /** What has become of an event in the live generation; of one that it has not come to yet, what would if it came now. */
    Future<Explanation> why(String name, RecordedEvent event);

    /**
     * Folds events with a definition that need not be applied, in memory; DEFINITION_INVALID. At most {@value #MAX_TESTED} of them.
     * They are recorded when they happened, at the latest time so far.
     */
    Future<Tested> test(String text, List<Given> events);

    /** Deletes a projection with its rows; PROJECTION_NOT_FOUND. */
    Future<Void> delete(String name);

    List<Info> list();

    /** PROJECTION_NOT_FOUND names the ones there are. */
    Info info(String name);

    /** PROJECTION_NOT_FOUND. */
    View view(String name);

    /** An event and the stream it is in. */
    record Given(String stream, Event event) {}

    /** Rows in the order of their keys, at most {@value #MAX_TESTED}. */
    record Tested(List<View.KeyedRow> rows, List<TestedLetter> deadLetters) {}

    /** {@code index}: of the event among those given. */
    record TestedLetter(long index, String detail, @Nullable String key) {}

    /** {@code created}: it was not there; {@code changed}: a new generation began. */
    record Applied(String name, int generation, boolean created, boolean changed) {}

    /**
     * How a projection is.
     *
     * @param state running, building (another generation beside the live one), paused, or failed with {@code problem}
     * @param reason why it is paused, when that was said
     * @param definition the newest, as given, YAML
     */
    record Info(
            String name,
            int generation,
            String state,
            @Nullable String problem,
            @Nullable String reason,
            Cursor cursor,
            View.Lag lag,
            long rows,
            long deadLetters,
            @Nullable Building building,
            String definition) {}

    /**
     * A generation that is folded beside the live one.
     *
     * @param isFailed it is folded no more, for its {@code problem}; else that keeps it from going live
     * @param events folded, of {@code total} in the log
     * @param eventsPerSecond since it began, or since the process did
     * @param millisLeft −1 when it does not move
     * @param isHeld it goes live only when it is told to
     */
    record Building(
            int generation,
            boolean isFailed,
            @Nullable String problem,
            long events,
            long total,
            long eventsPerSecond,
            long millisLeft,
            boolean isHeld) {}
}
