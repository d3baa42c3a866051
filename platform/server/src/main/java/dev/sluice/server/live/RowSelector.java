package dev.sluice.server.live;

import dev.sluice.expression.Filters;
import dev.sluice.expression.LenientFilter;
import dev.sluice.projection.Rows;
import dev.sluice.projection.View;
import dev.sluice.projection.row.Row;
import io.vertx.core.Future;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which rows of a view are wanted, and what of them: reads, judges and encodes rows. Any thread. */
final class RowSelector {
    private final Wanted wanted;
    private final Set<String> keys;
    private final @Nullable Set<String> fields;
    private final @Nullable LenientFilter<Function<String, @Nullable Object>> filter;
    private List<String> checked = List.of();

    /**
     * What a client asked for.
     *
     * @param keys in the order of their bytes, null for all
     * @param fields names of columns, null for all
     */
    record Wanted(
            String prefix,
            @Nullable List<String> keys,
            @Nullable String where,
            @Nullable List<String> fields,
            boolean hasNumbersAsText) {
        static final Wanted ALL = new Wanted("", null, null, null, false);

        boolean isAll() {
            return prefix.isEmpty() && keys == null && where == null;
        }
    }

    /** FILTER_INVALID with line and column. */
    RowSelector(Wanted wanted) {
        this.wanted = wanted;
        keys = wanted.keys() == null ? Set.of() : Set.copyOf(wanted.keys());
        fields = wanted.fields() == null ? null : Set.copyOf(wanted.fields());
        String where = wanted.where();
        filter = where == null
                ? null
                : new LenientFilter<>(Filters.rows(where), columns -> "row " + columns.apply("key"));
    }

    /** FILTER_INVALID, FIELD_UNKNOWN when it asks for another column than a view has; looked at once for the same columns. */
    void check(List<String> columns) {
        if (columns.equals(checked)) {
            return;
        }
        if (wanted.where() != null) {
            Filters.rows(wanted.where(), Set.copyOf(columns));
        }
        if (fields != null && !columns.containsAll(fields)) {
            throw Refused.of(
                    "field_unknown",
                    "found fields "
                            + fields.stream()
                                    .filter(field -> !columns.contains(field))
                                    .sorted()
                                    .collect(Collectors.joining(", "))
                            + ", expected some of " + String.join(", ", columns));
        }
        checked = columns;
    }

    Wanted wanted() {
        return wanted;
    }

    @Nullable
    LenientFilter<Function<String, @Nullable Object>> filter() {
        return filter;
    }

    boolean matches(String key, @Nullable Row row) {
        return row != null
                && hasKey(key)
                && (filter == null || filter.test(column -> column.equals("key") ? key : row.get(column)));
    }

    /** Whether a key may be one of those wanted. */
    boolean hasKey(String key) {
        return wanted.keys() == null ? key.startsWith(wanted.prefix()) : keys.contains(key);
    }

    byte[] json(Row row) {
        return fields == null && !wanted.hasNumbersAsText() ? row.json() : row.json(fields, wanted.hasNumbersAsText());
    }

    /** The first rows behind a key, in the order of keys. */
    Future<Rows.Page> page(View view, @Nullable String afterKey, int limit) {
        return wanted.keys() == null
                ? view.rows(wanted.prefix(), afterKey, limit, filter)
                : view.rowsOf(wanted.keys(), afterKey, limit, filter);
    }

    /** As {@link View#changesAfter}; rows that are not wanted are among them when all keys may be. */
    Future<View.Changes> changes(View view, long change, @Nullable String afterKey, int limit) {
        return wanted.keys() == null
                ? view.changesAfter(change, afterKey, limit)
                : view.changesOf(wanted.keys(), change, afterKey, limit);
    }

    /** Puts a changed row into a frame: as it is, or as deleted when it is not wanted (any more). */
    void write(Chunk.Writer writer, String key, @Nullable Row row) {
        if (matches(key, row)) {
            writer.set(key, json(Objects.requireNonNull(row)));
        } else if (hasKey(key)) {
            writer.del(key);
        }
    }
}
