package dev.sluice.projection;

import dev.sluice.log.Cursor;
import io.vertx.core.Future;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The rows of a projection's live generation. Futures complete on the caller's context; reads run on the read pool. */
public interface View extends Rows {
    int generation();

    /** The latest committed change number. */
    long change();

    /** The view's cursor now: log offsets folded, store, epoch, generation, change number. */
    Cursor cursor();

    /** Events not yet folded, and how long ago the oldest of them was recorded; 0, 0 when current. */
    Lag lag();

    /**
     * The rows changed after a change number, each once in its newest state, in order of the change that last touched it.
     * {@code row} null: deleted. {@code next} is the change number read up to and {@code nextKey} the last key when a commit
     * was cut, to be given back as {@code afterKey}. At most {@code limit} rows, fewer when they are large; {@code more}: others had
     * changed at that moment.
     */
    Future<Changes> changesAfter(long change, @Nullable String afterKey, int limit);

    /**
     * Those rows of some keys that are there, from after a key, as {@link #rows}; read at one moment.
     *
     * @param keys in order (UTF-8 bytes), without repetition
     */
    Future<Page> rowsOf(
            List<String> keys,
            @Nullable String afterKey,
            int limit,
            @Nullable Predicate<Function<String, @Nullable Object>> where);

    /** As {@link #changesAfter}, of some keys only. */
    Future<Changes> changesOf(List<String> keys, long change, @Nullable String afterKey, int limit);

    /** Completes when the view has folded everything {@code after} names; NOT_YET after {@code waitMillis}, detail {@code cursor}. */
    Future<Void> reached(Cursor after, long waitMillis);

    /** INVALID_REQUEST, naming the index to declare, unless one keeps an order. */
    void check(Order order);

    /** How a token stands to this view: where an exact resume goes on, or that only a snapshot helps. */
    Resume resume(Cursor token);

    /**
     * The rows as they were when the log had been folded up to a cursor, by the live definition. A shard that the cursor does not name
     * is taken at the recorded time of the others. Folding takes time: NOT_YET after {@code waitMillis} with details
     * {@code events total}; it goes on and may be asked for again. OVERLOADED while the rows of another moment are being folded, or
     * where they take too much memory; INVALID_CURSOR for one beyond the log.
     */
    Future<Rows> at(Cursor cursor, long waitMillis);

    /** As {@link #at(Cursor, long)}, of all events recorded up to a moment (µs since 1970 UTC). */
    Future<Rows> at(long recordedMicros, long waitMillis);

    /** {@code isForgotten}: rows were deleted after {@code next} that nobody knows of any more, only a difference snapshot helps. */
    record Changes(
            List<KeyedRow> rows,
            long next,
            @Nullable String nextKey,
            Cursor cursor,
            boolean more,
            boolean isForgotten) {}

    record Lag(long events, long millis) {}

    /** {@code exact}: go on after {@code change}; else a difference snapshot is needed. {@code change} is already clamped to the recovered epoch. */
    record Resume(boolean exact, long change, @Nullable String key) {}
}
