package dev.sluice.projection;

import dev.sluice.log.Cursor;
import io.vertx.core.Future;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Every projection of the process: definitions in, views out. */
public interface Projections {
    /**
     * Applies one or more YAML (or JSON) documents: all valid or none applied. Each becomes an event in {@code $projection.<name>};
     * a definition equal to the live one has no effect. DEFINITION_INVALID with details {@code line key}.
     *
     * @param expectedName the name the single definition must have, null for any number of any names
     * @param file named in messages
     */
    Future<List<Applied>> apply(String text, @Nullable String expectedName, String file);

    /** Deletes a projection with its rows; PROJECTION_NOT_FOUND. */
    Future<Void> delete(String name);

    List<Info> list();

    /** PROJECTION_NOT_FOUND names the ones there are. */
    Info info(String name);

    /** PROJECTION_NOT_FOUND. */
    View view(String name);

    /** {@code created}: it was not there; {@code changed}: a new generation began. */
    record Applied(String name, int generation, boolean created, boolean changed) {}

    /** {@code state}: running, or failed with {@code problem}. {@code definition}: as given, YAML. */
    record Info(
            String name,
            int generation,
            String state,
            @Nullable String problem,
            Cursor cursor,
            View.Lag lag,
            long rows,
            long deadLetters,
            String definition) {}
}
