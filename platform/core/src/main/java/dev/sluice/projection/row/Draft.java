package dev.sluice.projection.row;

import org.jspecify.annotations.Nullable;

/**
 * A row as the batch at hand changes it. Most rows are changed once by a batch: their cells pass from one stored form into the next. What is changed
 * again becomes objects. For the fold thread.
 */
public final class Draft {
    private final String key;
    private final long place;
    private final Columns.@Nullable Stored before;
    private @Nullable ByteWriter staged;
    private int stagedFrom;
    private int stagedTo;
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

    /** Whether the row is there as the batch has left it. */
    public boolean isRow() {
        return isTouched ? cells != null || staged != null : wasRow();
    }

    /** Whether the batch has begun and deleted it. */
    public boolean isNothing() {
        return isTouched && !isRow() && !wasRow();
    }

    /** The cells of a row that is there, as the batch has left them: to be changed only by giving them back to {@link #touch}. */
    public @Nullable Object[] cells(Columns columns) {
        if (cells == null) {
            cells = columns.read(storedCells());
        }
        return cells;
    }

    /** Stands before the stored cells of a row that is there, and has not been made objects. */
    public ByteReader storedCells() {
        if (staged != null) {
            return new ByteReader(staged.bytes(), stagedFrom);
        }
        if (before == null) {
            throw new IllegalStateException("no row " + key);
        }
        return before.cells();
    }

    /** Writes the cells of a row that is there. */
    public void write(ByteWriter out, Columns columns) {
        if (cells != null) {
            columns.write(out, cells);
        } else if (staged != null) {
            out.raw(staged.bytes(), stagedFrom, stagedTo);
        }
    }

    /** When it is due: Long.MAX_VALUE never. */
    public long dueMicros() {
        return dueMicros;
    }

    public void touch(@Nullable Object[] next, long due) {
        isTouched = true;
        staged = null;
        cells = next;
        dueMicros = due;
    }

    /** @param next where the stored form of its cells has been written, from {@code from} to the end */
    public void touch(ByteWriter next, int from, long due) {
        isTouched = true;
        staged = next;
        stagedFrom = from;
        stagedTo = next.size();
        cells = null;
        dueMicros = due;
    }

    public void delete() {
        isTouched = true;
        staged = null;
        cells = null;
        dueMicros = Long.MIN_VALUE;
    }
}
