package dev.sluice.server.live;

import dev.sluice.expression.Filters;
import dev.sluice.expression.LenientFilter;
import dev.sluice.projection.ViewDelta;
import dev.sluice.projection.row.Row;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One view through one filter, shared by every subscription that wants just that: a delta is filtered and encoded once, by
 * whoever is first, and its bytes go to all. Two event loops may do the same work at the same moment; nothing else is shared.
 */
final class Feed {
    private final String prefix;
    private final @Nullable String where;
    private final @Nullable LenientFilter<Function<String, @Nullable Object>> filter;
    private final int chunkBytes;
    private volatile @Nullable Encoded last;
    private volatile List<String> checked = List.of();

    /** What a delta is through this filter. */
    record Encoded(ViewDelta of, List<Chunk> chunks, int rows) {}

    /** FILTER_INVALID with line and column. */
    Feed(String prefix, @Nullable String where, int chunkBytes) {
        this.prefix = prefix;
        this.where = where;
        this.chunkBytes = chunkBytes;
        this.filter = where == null
                ? null
                : new LenientFilter<>(Filters.rows(where), columns -> "row " + columns.apply("key"));
    }

    /** FILTER_INVALID when the filter asks for another column than a view has; looked at once for the same columns. */
    void check(List<String> columns) {
        if (where != null && !columns.equals(checked)) {
            Filters.rows(where, Set.copyOf(columns));
            checked = columns;
        }
    }

    String prefix() {
        return prefix;
    }

    @Nullable
    LenientFilter<Function<String, @Nullable Object>> filter() {
        return filter;
    }

    boolean matches(String key, @Nullable Row row) {
        return row != null
                && key.startsWith(prefix)
                && (filter == null || filter.test(column -> column.equals("key") ? key : row.get(column)));
    }

    /** A row that leaves the filter is deleted; one that was not in it before and is not after is left out. */
    Encoded encode(ViewDelta delta) {
        Encoded ready = last;
        if (ready != null && ready.of() == delta) {
            return ready;
        }
        var writer = Chunk.Writer.ofDelta(chunkBytes);
        for (ViewDelta.Change change : delta.rows()) {
            Row after = change.after();
            if (after != null && matches(change.key(), after)) {
                writer.set(change.key(), after.json());
            } else if (matches(change.key(), change.before())) {
                writer.del(change.key());
            }
        }
        List<Chunk> chunks = writer.chunks();
        var encoded =
                new Encoded(delta, chunks, chunks.stream().mapToInt(Chunk::rows).sum());
        last = encoded;
        return encoded;
    }

    /** Lets the bytes go of a delta that every subscription has had time to send. */
    void forget() {
        last = null;
    }
}
