package dev.sluice.projection;

import dev.sluice.log.Cursor;
import io.vertx.core.Future;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The rows of a projection's live generation. Futures complete on the caller's context; reads run on the read pool. */
public interface View {
    String name();

    int generation();

    /** The names of the columns, in the order of the definition. */
    List<String> columns();

    /** The latest committed change number. */
    long change();

    /** The view's cursor now: log offsets folded, store, epoch, generation, change number. */
    Cursor cursor();

    /** Events not yet folded, and how long ago the oldest of them was recorded; 0, 0 when current. */
    Lag lag();

    /** A row and the cursor it was read at; {@code row} null when there is none. */
    Future<KeyedRow> row(String key);

    /**
     * Rows in key order (UTF-8 bytes) from after a key, read at one moment.
     *
     * @param afterKey null from the first
     * @param where null for all; a page looks at a bounded number of rows and bytes, so it may be short of {@code limit} and not the last
     * @param limit most rows
     */
    Future<Page> rows(
            String prefix,
            @Nullable String afterKey,
            int limit,
            @Nullable Predicate<Function<String, @Nullable Object>> where);

    /**
     * The rows changed after a change number, each once in its newest state, in order of the change that last touched it.
     * {@code row} null: deleted. {@code next} is the change number read up to and {@code nextKey} the last key when a commit
     * was cut, to be given back as {@code afterKey}. At most {@code limit} rows, fewer when they are large; {@code more}: others had
     * changed at that moment.
     */
    Future<Changes> changesAfter(long change, @Nullable String afterKey, int limit);

    /** Completes when the view has folded everything {@code after} names; NOT_YET after {@code waitMillis}, detail {@code cursor}. */
    Future<Void> reached(Cursor after, long waitMillis);

    /** How a token stands to this view: where an exact resume goes on, or that only a snapshot helps. */
    Resume resume(Cursor token);

    /** A key with its row and where it was read. */
    record KeyedRow(String key, @Nullable Row row, Cursor cursor) {}

    /** {@code next}: the key after which the next page begins; null: there are no more rows. {@code bytes}: about what they take. */
    record Page(
            List<KeyedRow> rows, Cursor cursor, @Nullable String next, long bytes) {}

    record Changes(List<KeyedRow> rows, long next, @Nullable String nextKey, Cursor cursor, boolean more) {}

    record Lag(long events, long millis) {}

    /** {@code exact}: go on after {@code change}; else a difference snapshot is needed. {@code change} is already clamped to the recovered epoch. */
    record Resume(boolean exact, long change, @Nullable String key) {}
}
