package dev.sluice.projection.row;

import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a table in memory, in layers over those of the store: the active overlay, which commits change; while one is written to
 * the store that frozen overlay; and below them overlays that the store has as well, as many as the budget allows. The fold thread
 * changes them, under the lock; readers look at them under it.
 */
public final class Layers {
    private static final int SORT_FROM = 256;

    private final Columns columns;
    private final int indexCount;
    private final RowBudget budget;
    private final RowTable rows = new RowTable();
    private final ReentrantLock lock = new ReentrantLock();
    private Overlay active;
    private @Nullable Overlay frozen;
    private long bytes;

    /**
     * @param change the last change number before
     * @param indexCount number of {@link Indexes}
     */
    public Layers(Columns columns, int indexCount, RowBudget budget, long change) {
        this.columns = columns;
        this.indexCount = indexCount;
        this.budget = budget;
        active = overlay(change);
    }

    private Overlay overlay(long change) {
        var overlay = new Overlay(change, columns, indexCount);
        rows.begin(overlay);
        return overlay;
    }

    /** Does something that readers see all of or nothing. */
    public <T> T locked(Supplier<T> work) {
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    /** The overlay that commits change; under the lock. */
    public Overlay active() {
        return active;
    }

    /** The overlay that is being written, null when none is; under the lock. */
    public @Nullable Overlay frozen() {
        return frozen;
    }

    /** The place of a key's row, {@link RowTable#NONE} when it is not in memory. Fold thread, or under the lock. */
    public long find(String key) {
        return rows.find(key);
    }

    /** A key that will be looked for soon. Fold thread. */
    public void expect(String key) {
        rows.expect(key);
    }

    /** Brings the rows of the expected keys near the processor. Fold thread. */
    public void fetch() {
        rows.fetch();
    }

    /** What is stored at a place, until something is put there; null at {@link RowTable#NONE}. Fold thread. */
    public Columns.@Nullable Stored read(long place) {
        var overlay = rows.overlay(place);
        return overlay == null ? null : Columns.stored(overlay.stored(RowTable.slot(place)));
    }

    /** A copy of the row at a place, null at {@link RowTable#NONE}. Fold thread. */
    public @Nullable StoredRow row(long place) {
        var overlay = rows.overlay(place);
        return overlay == null ? null : overlay.row(RowTable.slot(place));
    }

    /**
     * Puts a newer row into the active overlay; under the lock.
     *
     * @param entries where the indexes of the store list the row before, null when they do not
     * @return its slot
     */
    public int put(Draft draft, ByteWriter stored, long change, byte @Nullable [][] entries) {
        int slot = RowTable.slot(draft.place());
        if (rows.overlay(draft.place()) == active) {
            active.change(slot, stored, change);
            return slot;
        }
        int added = active.add(draft.key(), stored, change, draft.changeBefore(), entries);
        rows.put(draft.key(), draft.place(), added);
        return added;
    }

    /** After a commit: forgets rows that the store has when those of all tables together are too many. */
    public void settle() {
        weigh();
        if (budget.isExceeded()) {
            // a quarter at once, those first that did not change for longest
            long enough = bytes / 4 * 3;
            while (bytes > enough && forgetOldest()) {
                weigh();
            }
        }
    }

    private void weigh() {
        long now = rows.bytes();
        budget.add(now - bytes);
        bytes = now;
    }

    private boolean forgetOldest() {
        return locked(() -> rows.forgetOldest(frozen == null ? 1 : 2));
    }

    /** Forgets the rows that the store has: they will not be needed for a while. Fold thread, between batches. */
    public void rest() {
        while (forgetOldest()) {
            weigh();
        }
    }

    /** Gives its part of the budget back. Fold thread. */
    public void end() {
        budget.add(-bytes);
        bytes = 0;
    }

    /** About how much memory is taken by rows that the store does not have, beside those being written. */
    public long unwrittenBytes() {
        return active.weight();
    }

    /**
     * Begins another active overlay; the one before is to be written. Fold thread.
     *
     * @param change the last change number
     */
    public Overlay freeze(long change) {
        return locked(() -> {
            var before = active;
            frozen = before;
            active = overlay(change);
            return before;
        });
    }

    /** What was frozen is in the store. Fold thread. */
    public void thaw() {
        lock.lock();
        try {
            frozen = null;
        } finally {
            lock.unlock();
        }
    }

    /** The row of a key in the active overlay: none or one. Under the lock. */
    public List<StoredRow> newest(String key) {
        long place = rows.find(key);
        return rows.overlay(place) == active ? List.of(active.row(RowTable.slot(place))) : List.of();
    }

    /** Whether an overlay that has been active had a key by a change number. Any thread but an event loop. */
    public boolean hadKey(Overlay overlay, String key, long change) {
        lock.lock();
        try {
            if (overlay == active) {
                long place = rows.find(key);
                return rows.overlay(place) == active && active.had(RowTable.slot(place), change);
            }
        } finally {
            lock.unlock();
        }
        return overlay.hadKey(key, change);
    }

    /** Puts most of the active overlay's keys in order outside the lock, for reads by key. */
    public void sort() {
        lock.lock();
        Overlay overlay = active;
        KeyOrder order;
        try {
            if (overlay.unsorted() < SORT_FROM) {
                return;
            }
            order = overlay.order();
        } finally {
            lock.unlock();
        }
        var made = order.made();
        lock.lock();
        try {
            overlay.order(made);
        } finally {
            lock.unlock();
        }
    }
}
