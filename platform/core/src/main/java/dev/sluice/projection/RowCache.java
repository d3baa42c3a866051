package dev.sluice.projection;

import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The rows the fold has at hand: two generations of a map, of which the older is forgotten when the younger is full, so that
 * what is used stays. For the fold thread.
 */
final class RowCache {
    /** A row between events: as committed, as the batch changes it, and where the overlay holds it. */
    static final class Entry {
        private final String key;
        private @Nullable StoredRow row;
        private @Nullable Object @Nullable [] work;
        private Overlay.@Nullable Slot slot;

        Entry(String key, @Nullable StoredRow row, Overlay.@Nullable Slot slot) {
            this.key = key;
            this.row = row;
            this.slot = slot;
        }

        String key() {
            return key;
        }

        /** Null before the first commit. */
        @Nullable
        StoredRow row() {
            return row;
        }

        Overlay.@Nullable Slot slot() {
            return slot;
        }

        /** The cells as the batch has left them; not to be changed. */
        @Nullable
        Object[] cells(@Nullable Object[] empty) {
            return work != null ? work : row != null ? row.cells() : empty;
        }

        boolean isTouched() {
            return work != null;
        }

        /** A copy of the cells for this batch to change. */
        @Nullable
        Object[] touch(@Nullable Object[] empty) {
            var copy = work;
            if (copy == null) {
                copy = cells(empty).clone();
                work = copy;
            }
            return copy;
        }

        void committed(StoredRow next, Overlay.Slot in) {
            row = next;
            slot = in;
            work = null;
        }

        void discard() {
            work = null;
        }
    }

    private final LongSupplier maxBytes;
    private Map<String, Entry> young = new HashMap<>();
    private Map<String, Entry> old = new HashMap<>();
    private long youngBytes;

    RowCache(LongSupplier maxBytes) {
        this.maxBytes = maxBytes;
    }

    @Nullable
    Entry get(String key) {
        var entry = young.get(key);
        if (entry == null) {
            entry = old.remove(key);
            if (entry != null) {
                put(entry);
            }
        }
        return entry;
    }

    void put(Entry entry) {
        var row = entry.row();
        youngBytes += 300L + (row == null ? 0 : row.weight());
        young.put(entry.key(), entry);
    }

    /** Between batches only: a touched entry must not be forgotten. */
    void shrink() {
        if (youngBytes > maxBytes.getAsLong() / 2) {
            old = young;
            young = new HashMap<>();
            youngBytes = 0;
        }
    }
}
