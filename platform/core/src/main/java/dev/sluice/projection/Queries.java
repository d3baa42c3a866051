package dev.sluice.projection;

import dev.sluice.expression.Filters;
import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.projection.row.Row;
import dev.sluice.projection.row.StoredRow;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads the rows of a projection written in Java, as its records. Answers fail with PROJECTION_NOT_FOUND, and with
 * GENERATION_NOT_READY while rows of another version are served whose columns are others. Immutable; safe for any thread.
 */
public final class Queries<R extends Record> {
    private final Projections projections;
    private final Projection<R> projection;
    private final @Nullable Cursor after;
    private final long waitMillis;

    Queries(Projections projections, Projection<R> projection, @Nullable Cursor after, long waitMillis) {
        this.projections = projections;
        this.projection = projection;
        this.after = after;
        this.waitMillis = waitMillis;
    }

    /** A row and its key. */
    public record Keyed<R>(String key, R row) {}

    /** {@code next}: where the next page begins, for {@link RowQuery#from}; null: there is none. */
    public record Page<R>(List<Keyed<R>> rows, @Nullable String next) {}

    /** The same, of rows that take in everything up to a cursor; NOT_YET after {@code millis}. */
    public Queries<R> after(Cursor cursor, long millis) {
        return new Queries<>(projections, projection, cursor, millis);
    }

    public Future<Answer<Optional<R>>> row(String key) {
        return reached().compose(view -> view.row(key)
                .map(read ->
                        new Answer<>(Optional.ofNullable(read.row()).map(this::record), read.cursor(), view.lag())));
    }

    public Future<Answer<Page<R>>> rows(RowQuery query) {
        return reached().compose(view -> page(view, query).map(page -> {
            var rows = new ArrayList<Keyed<R>>();
            for (var read : page.rows()) {
                if (read.row() != null) {
                    rows.add(new Keyed<>(read.key(), record(read.row())));
                }
            }
            return new Answer<>(new Page<>(List.copyOf(rows), page.next()), page.cursor(), view.lag());
        }));
    }

    private static Future<Rows.Page> page(View view, RowQuery query) {
        Predicate<Function<String, @Nullable Object>> where =
                query.where() == null ? null : Filters.rows(query.where(), Set.copyOf(view.columns()));
        return query.orderBy() == null
                ? view.rows(query.prefix(), query.next(), query.limit(), where)
                : view.rowsBy(query.orderBy(), query.prefix(), query.next(), query.limit(), where, false);
    }

    /** What a query handler answers. */
    Future<Answer<Object>> ask(Projection.Answering<R, ?> answering, Query query) {
        var asked = query.after() == null ? this : after(query.after(), query.waitMillis());
        return asked.reached().compose(view -> {
            var cursor = view.cursor();
            return answering.answer(query.question(), this).map(value -> new Answer<>(value, cursor, view.lag()));
        });
    }

    private Future<View> reached() {
        return Future.succeededFuture(projection.name())
                .map(projections::view)
                .compose(view -> after == null
                        ? Future.succeededFuture(view)
                        : view.reached(after, waitMillis).map(view));
    }

    private R record(Row read) {
        var row = (StoredRow) read;
        if (!row.columns().stored().equals(projection.rowType().columns())) {
            throw Failure.of(
                    Failure.Kind.GENERATION_NOT_READY,
                    "found rows of projection " + projection.name() + " of other columns, expected those of version "
                            + projection.version());
        }
        return projection.rowType().present(row.cells());
    }
}
