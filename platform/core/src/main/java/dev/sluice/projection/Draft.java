package dev.sluice.projection;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A row as the batch at hand changes it. For the fold thread. */
final class Draft {
    /** In place of cells: the batch has deleted the row. */
    private static final @Nullable Object[] GONE = {};

    private final String key;
    private final Overlay.@Nullable Slot slot;
    private final @Nullable StoredRow before;
    private @Nullable Object @Nullable [] cells;
    private long dueMicros;

    /**
     * @param slot of the row at hand, null when it is not
     * @param before the row as committed, null before its first commit
     */
    Draft(String key, Overlay.@Nullable Slot slot, @Nullable StoredRow before) {
        this.key = key;
        this.slot = slot;
        this.before = before;
    }

    String key() {
        return key;
    }

    Overlay.@Nullable Slot slot() {
        return slot;
    }

    /** The row as committed, a tombstone included; null before its first commit. */
    @Nullable
    StoredRow before() {
        return before;
    }

    /** Whether the row was there before the batch. */
    boolean wasRow() {
        return before != null && !before.isDeleted();
    }

    /** Whether the batch has changed it. */
    boolean isTouched() {
        return cells != null;
    }

    /** Whether the batch has deleted it. */
    boolean isGone() {
        return cells == GONE;
    }

    /** Whether the batch has begun and deleted it. */
    boolean isNothing() {
        return isGone() && !wasRow();
    }

    /** The cells as the batch leaves them, null when it has not touched or has deleted them. */
    @Nullable
    Object @Nullable [] cells() {
        return isGone() ? null : cells;
    }

    /** When it is due as the batch leaves it: Long.MAX_VALUE never. */
    long dueMicros() {
        return isTouched() || before == null ? dueMicros : before.dueMicros();
    }

    void touch(@Nullable Object[] next, long due) {
        cells = next;
        dueMicros = due;
    }

    void delete() {
        touch(GONE, Long.MIN_VALUE);
    }

    /** What the batch does to the row. */
    Explanation.RowChange change(Columns columns) {
        var left = cells();
        return new Explanation.RowChange(
                key,
                before == null || before.isDeleted() ? null : new String(before.json(), StandardCharsets.UTF_8),
                left == null ? null : new String(columns.json(key, left, null, false), StandardCharsets.UTF_8));
    }
}
