package dev.sluice.projection;

import org.jspecify.annotations.Nullable;

/**
 * Which rows, in which order.
 *
 * @param prefix of their keys
 * @param where a condition over their columns, null: all
 * @param orderBy of which the projection keeps an index; null: the order of keys
 * @param next where the page begins: {@link Queries.Page#next} of the one before; null: the first
 */
public record RowQuery(
        String prefix,
        @Nullable String where,
        Rows.@Nullable Order orderBy,
        int limit,
        @Nullable String next) {
    /** The first rows in the order of their keys. */
    public static RowQuery first(int limit) {
        return new RowQuery("", null, null, limit, null);
    }

    public RowQuery withPrefix(String text) {
        return new RowQuery(text, where, orderBy, limit, next);
    }

    /** An expression: {@code gross > 1000}. */
    public RowQuery where(String condition) {
        return new RowQuery(prefix, condition, orderBy, limit, next);
    }

    /** {@code gross} or {@code gross desc}; INVALID_REQUEST for anything else. */
    public RowQuery orderBy(String order) {
        return new RowQuery(prefix, where, Rows.Order.parse(order), limit, next);
    }

    public RowQuery from(@Nullable String page) {
        return new RowQuery(prefix, where, orderBy, limit, page);
    }
}
