package dev.sluice.log;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A bounded read over all shards, merged by (recorded time, shard, offset).
 *
 * @param after exclusive start: forward the events after it, backward the events up to and including it; a shard it does not
 *     name is read from its head at that moment (forward: nothing yet); null: forward from the first event, backward from the end
 * @param sinceMicros lowest recorded time, null for none
 * @param limit most events in the page
 * @param maxScan most events looked at; a page may be short of {@code limit} and still not be the end
 * @param where null for all
 */
public record EventQuery(
        Selection selection,
        @Nullable Cursor after,
        @Nullable Long sinceMicros,
        Direction direction,
        int limit,
        int maxScan,
        @Nullable Predicate<RecordedEvent> where) {
    /** The order of a read. */
    public enum Direction {
        FORWARD,
        BACKWARD
    }
}
