package dev.sluice.projection.row;

import org.jspecify.annotations.Nullable;

/** A row as the batch at hand changes it. For the fold thread. */
public final class Draft {
    private final String key;
    private final long place;
    private final Columns.@Nullable Stored before;
    private @Nullable Object @Nullable [] cells;
    private long dueMicros = Long.MAX_VALUE;
    private boolean isTouched;

    /**
     * @param place in the {@link RowTable}
     * @param before the row as committed, null before its first commit
     */
    public Draft(String key, long place, Columns.@Nullable Stored before) {
        this.key = key;
        this.place = place;
        this.before = before;
        if (before != null) {
            cells = before.cells();
            dueMicros = before.dueMicros();
        }
    }

    public String key() {
        return key;
    }

    public long place() {
        return place;
    }

    /** Whether the row was there before the batch. */
    public boolean wasRow() {
        return before != null && !before.isDeleted();
    }

    /** Whether there was a row or a tombstone before the batch. */
    public boolean wasStored() {
        return before != null;
    }

    /** The number of the commit that changed it before, 0: none. */
    public long changeBefore() {
        return before == null ? 0 : before.change();
    }

    /** Whether a row is due at another time than it was before the batch. */
    public boolean isDueAnew() {
        return !wasRow() || before == null || before.dueMicros() != dueMicros;
    }

    /** Whether the batch has changed it. */
    public boolean isTouched() {
        return isTouched;
    }

    /** Whether the batch has begun and deleted it. */
    public boolean isNothing() {
        return isTouched && cells == null && !wasRow();
    }

    /** The cells as the batch has left them, those of the row when it has not touched them; null when there is no row. */
    public @Nullable Object @Nullable [] cells() {
        return cells;
    }

    /** When it is due: Long.MAX_VALUE never. */
    public long dueMicros() {
        return dueMicros;
    }

    public void touch(@Nullable Object[] next, long due) {
        isTouched = true;
        cells = next;
        dueMicros = due;
    }

    public void delete() {
        isTouched = true;
        cells = null;
        dueMicros = Long.MIN_VALUE;
    }
}
