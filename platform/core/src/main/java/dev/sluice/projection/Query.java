package dev.sluice.projection;

import dev.sluice.log.Cursor;
import org.jspecify.annotations.Nullable;

/**
 * A question to a query handler of a {@link Projection}.
 *
 * @param after what the view must have reached before it is answered, null: nothing
 * @param waitMillis most time that this may take; then NOT_YET
 */
public record Query(Object question, @Nullable Cursor after, long waitMillis) {
    /** One about the rows as they are. */
    public static Query of(Object question) {
        return new Query(question, null, 0);
    }

    /** One about rows that take in everything up to a cursor: read your own writes. */
    public Query after(Cursor cursor, long millis) {
        return new Query(question, cursor, millis);
    }
}
