package dev.sluice.projection;

import java.nio.charset.StandardCharsets;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The rows the fold has at hand: two generations of a hash table, of which the older is forgotten when the younger is full, so
 * that what is used stays. Entries are their own chain links, because a fold over many keys is bound by how often it must wait
 * for memory. For the fold thread.
 */
final class RowCache {
    private static final int ENTRY_BYTES = 64;
    private static final int MIN_CAPACITY = 256;

    /** In place of cells: the batch has deleted the row. */
    static final @Nullable Object[] GONE = {};

    /** A row between events: as committed, as the batch changes it, and where the overlay holds it. */
    static final class Entry {
        private final String key;
        private final int hash;
        private @Nullable Entry next;
        private @Nullable StoredRow row;
        private @Nullable Object @Nullable [] work;
        private long dueMicros;
        private Overlay.@Nullable Slot slot;

        Entry(String key, @Nullable StoredRow row, Overlay.@Nullable Slot slot) {
            this.key = key;
            this.hash = spread(key);
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

        /** The cells for this batch to change, {@link #GONE} when it has deleted the row, null when it has not touched it yet. */
        @Nullable
        Object @Nullable [] work() {
            return work;
        }

        /** When the row is due as the batch has left it. */
        long dueMicros() {
            return dueMicros;
        }

        void touch(@Nullable Object[] cells, long due) {
            work = cells;
            dueMicros = due;
        }

        /** Whether the row was there before the batch. */
        boolean isRow() {
            return row != null && !row.isDeleted();
        }

        void discard() {
            work = null;
        }

        /** What the batch does to the row. */
        Explanation.RowChange change(Columns columns) {
            var before = isRow() ? row : null;
            var cells = work;
            return new Explanation.RowChange(
                    key,
                    before == null ? null : new String(before.json(), StandardCharsets.UTF_8),
                    cells == null || cells == GONE
                            ? null
                            : new String(columns.json(key, cells, null, false), StandardCharsets.UTF_8));
        }

        /** Forgets a row that was begun and deleted by the same batch. */
        boolean discardIfNothing() {
            boolean isNothing = work == GONE && !isRow();
            if (isNothing) {
                discard();
            }
            return isNothing;
        }
    }

    private final LongSupplier maxBytes;
    private @Nullable Entry[] young = new Entry[MIN_CAPACITY];
    private @Nullable Entry[] old = new Entry[MIN_CAPACITY];
    private int youngCount;
    private long youngBytes;

    RowCache(LongSupplier maxBytes) {
        this.maxBytes = maxBytes;
    }

    @Nullable
    Entry get(String key) {
        int hash = spread(key);
        for (var entry = young[hash & young.length - 1]; entry != null; entry = entry.next) {
            if (entry.hash == hash && entry.key.equals(key)) {
                return entry;
            }
        }
        var entry = takeOld(key, hash);
        if (entry != null) {
            put(entry);
        }
        return entry;
    }

    private @Nullable Entry takeOld(String key, int hash) {
        int bucket = hash & old.length - 1;
        Entry before = null;
        for (var entry = old[bucket]; entry != null; entry = entry.next) {
            if (entry.hash == hash && entry.key.equals(key)) {
                if (before == null) {
                    old[bucket] = entry.next;
                } else {
                    before.next = entry.next;
                }
                return entry;
            }
            before = entry;
        }
        return null;
    }

    /** An entry that is in neither generation. */
    void put(Entry entry) {
        if (youngCount == young.length) {
            grow();
        }
        link(young, entry);
        youngCount++;
        youngBytes += ENTRY_BYTES + (entry.row == null ? 0 : entry.row.weight());
    }

    /** Makes what the batch has done to an entry its row. */
    void commit(Entry entry, StoredRow next, Overlay.Slot in) {
        youngBytes += next.weight() - (entry.row == null ? 0 : entry.row.weight());
        entry.row = next;
        entry.slot = in;
        entry.work = null;
    }

    private void grow() {
        var larger = new Entry[2 * young.length];
        for (var first : young) {
            for (var entry = first; entry != null; ) {
                var next = entry.next;
                link(larger, entry);
                entry = next;
            }
        }
        young = larger;
    }

    private static void link(@Nullable Entry[] table, Entry entry) {
        int bucket = entry.hash & table.length - 1;
        entry.next = table[bucket];
        table[bucket] = entry;
    }

    /** Between batches only: a touched entry must not be forgotten. */
    void shrink() {
        if (youngBytes > maxBytes.getAsLong() / 4 * 3) {
            old = young;
            renew();
        }
    }

    /** Between batches only. */
    void clear() {
        old = new Entry[MIN_CAPACITY];
        renew();
    }

    private void renew() {
        young = new Entry[MIN_CAPACITY];
        youngCount = 0;
        youngBytes = 0;
    }

    private static int spread(String key) {
        int hash = key.hashCode();
        return hash ^ hash >>> 16;
    }
}
