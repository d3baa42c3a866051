package dev.sluice.projection;

import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.projection.row.Row;
import io.vertx.core.Future;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Rows of a projection to be read: as they are now ({@link View}) or were. Futures complete on the caller's context. */
public interface Rows {
    String name();

    /** The names of the columns, in the order of the definition. */
    List<String> columns();

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
     * Rows in the order of a column, then of the key; a page is read at one moment, the next one at another. INVALID_REQUEST names the
     * index to declare where none keeps the order, unless {@code mayScan}: then the first {@code limit} of the rows looked at are
     * given, {@link Page#scanned} says of how many, and there is no next page.
     *
     * @param after {@link Page#next} of the page before
     */
    Future<Page> rowsBy(
            Order order,
            String prefix,
            @Nullable String after,
            int limit,
            @Nullable Predicate<Function<String, @Nullable Object>> where,
            boolean mayScan);

    /** A key with its row and where it was read. */
    record KeyedRow(String key, @Nullable Row row, Cursor cursor) {}

    /** An order of rows: by a column (null first, then false, true, numbers, times, strings), then by key (ascending). */
    record Order(String column, boolean isDescending) {
        /** Reads {@code column}, {@code column asc} or {@code column desc}; INVALID_REQUEST for anything else. */
        public static Order parse(String text) {
            var words = text.strip().split("\\s+");
            boolean isDescending = words.length == 2 && words[1].equals("desc");
            if (words.length > 2 || words.length == 2 && !isDescending && !words[1].equals("asc")) {
                throw Failure.of(
                        Failure.Kind.INVALID_REQUEST,
                        "found orderBy '" + text + "', expected a column, with asc or desc behind it or not");
            }
            return new Order(words[0], isDescending);
        }
    }

    /**
     * {@code next}: where the next page begins; null: there is none. {@code bytes}: about what the rows take. {@code scanned}: how many
     * rows were looked at for an order that no index keeps, else null.
     */
    record Page(
            List<KeyedRow> rows,
            Cursor cursor,
            @Nullable String next,
            long bytes,
            @Nullable Scanned scanned) {}

    /** {@code isWhole}: no row was left out. */
    record Scanned(long rows, boolean isWhole) {}
}
