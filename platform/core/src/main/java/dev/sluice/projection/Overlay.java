package dev.sluice.projection;

import dev.sluice.expression.Values;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a view that changed since the last batch went to the store: by key, and in the order of their changes.
 *
 * <p>The fold thread alone changes rows, under its table's lock; {@link #slot} may be asked without the lock, and once it is
 * frozen no row changes again. Keys are put in order only when somebody wants them so, most of them outside the lock.
 */
final class Overlay {
    private static final int COMPACT_FROM = 1024;
    private static final int INDEX_BYTES = 120;
    private static final Comparator<Slot> BY_KEY = (a, b) -> Values.compareText(a.row.key(), b.row.key());

    /** Where a key's newest row stands. */
    static final class Slot {
        private final int overlay;
        private final long since;
        private final long storedChange;
        private final byte @Nullable [][] storedEntries;
        private byte @Nullable [][] entries;
        private StoredRow row;

        private Slot(int overlay, long since, long storedChange, byte @Nullable [][] storedEntries, StoredRow row) {
            this.overlay = overlay;
            this.since = since;
            this.storedChange = storedChange;
            this.storedEntries = storedEntries;
            this.row = row;
        }

        /** Where the indexes of the store list the key, null when they do not. */
        byte @Nullable [][] storedEntries() {
            return storedEntries;
        }

        /** Where the indexes list its row, null when they do not. */
        byte @Nullable [][] entries() {
            return entries;
        }

        /** The change number by which the key came into this overlay. */
        long since() {
            return since;
        }

        /** The change number below which the store lists the key, 0 when it does not know it. */
        long storedChange() {
            return storedChange;
        }

        StoredRow row() {
            return row;
        }
    }

    /** Slots on their way into the order of keys. */
    record Order(Slot[] sorted, Slot[] unsorted) {
        /** All of them in order; takes long when they are many. */
        Slot[] made() {
            return merged(sorted, unsorted);
        }
    }

    private final int number;
    private final ConcurrentHashMap<String, Slot> slots = new ConcurrentHashMap<>();
    private final List<Slot> added = new ArrayList<>();
    private final List<TreeMap<byte[], Slot>> indexes = new ArrayList<>();
    private Slot[] sorted = {};
    private Slot[] order = new Slot[64];
    private long[] changes = new long[64];
    private int ordered;
    private long weight;

    /** @param indexes number of {@link Indexes} */
    Overlay(int number, int indexes) {
        this.number = number;
        for (int i = 0; i < indexes; i++) {
            this.indexes.add(new TreeMap<>(Arrays::compareUnsigned));
        }
    }

    /** Whether a slot is this overlay's. */
    boolean owns(@Nullable Slot slot) {
        return slot != null && slot.overlay == number;
    }

    /** A key that this overlay does not have yet, and where the store lists it. */
    Slot add(StoredRow row, long storedChange, byte @Nullable [][] storedEntries) {
        var slot = new Slot(number, row.change(), storedChange, storedEntries, row);
        slots.put(row.key(), slot);
        added.add(slot);
        weight += row.weight();
        log(slot, row.change());
        return slot;
    }

    /** A newer row of a slot of this overlay. */
    void change(Slot slot, StoredRow row) {
        weight += row.weight() - slot.row.weight();
        slot.row = row;
        log(slot, row.change());
    }

    /** Lists a slot's newest row in the indexes: at its entries, null when it is deleted. */
    void list(Slot slot, byte @Nullable [][] entries) {
        for (int i = 0; i < indexes.size(); i++) {
            if (slot.entries != null) {
                indexes.get(i).remove(slot.entries[i]);
            }
            if (entries != null) {
                indexes.get(i).put(entries[i], slot);
                weight += slot.entries == null ? INDEX_BYTES : 0;
            }
        }
        slot.entries = entries;
    }

    /** The first rows of an index behind an entry, at most {@code limit}; under the lock, or frozen. */
    List<StoredRow> rowsListed(int index, byte[] after, int limit) {
        return indexes.get(index).tailMap(after, false).values().stream()
                .limit(limit)
                .map(Slot::row)
                .toList();
    }

    private void log(Slot slot, long change) {
        if (ordered == order.length) {
            compact();
            if (ordered > order.length / 2) {
                order = Arrays.copyOf(order, 2 * order.length);
                changes = Arrays.copyOf(changes, 2 * changes.length);
            }
        }
        order[ordered] = slot;
        changes[ordered++] = change;
    }

    /** Drops what a later change of the same key has overtaken. */
    private void compact() {
        if (order.length < COMPACT_FROM) {
            return;
        }
        int kept = 0;
        for (int i = 0; i < ordered; i++) {
            if (order[i].row.change() == changes[i]) {
                order[kept] = order[i];
                changes[kept++] = changes[i];
            }
        }
        Arrays.fill(order, kept, ordered, null);
        ordered = kept;
    }

    @Nullable
    Slot slot(String key) {
        return slots.get(key);
    }

    /** About how much memory the rows take. */
    long weight() {
        return weight;
    }

    /** All slots in the order of keys; under the lock, or frozen. */
    synchronized Slot[] byKey() {
        if (sorted.length < added.size()) {
            sorted = merged(sorted, unsorted());
        }
        return sorted;
    }

    /** The slots that are in order, and those that are in none yet; under the lock. */
    synchronized Order order() {
        return new Order(sorted, unsorted());
    }

    /** Takes an order over that was {@link Order#made} outside the lock; under the lock. */
    synchronized void order(Slot[] made) {
        if (made.length > sorted.length) {
            sorted = made;
        }
    }

    private Slot[] unsorted() {
        return added.subList(sorted.length, added.size()).toArray(Slot[]::new);
    }

    private static Slot[] merged(Slot[] left, Slot[] right) {
        Arrays.sort(right, BY_KEY);
        var all = new Slot[left.length + right.length];
        int l = 0;
        int r = 0;
        for (int i = 0; i < all.length; i++) {
            boolean isLeft = r == right.length || l < left.length && BY_KEY.compare(left[l], right[r]) < 0;
            all[i] = isLeft ? left[l++] : right[r++];
        }
        return all;
    }

    /** The first rows from a key on (inclusive or not), at most {@code limit}; under the lock, or frozen. */
    List<StoredRow> rowsFrom(String key, boolean isInclusive, int limit) {
        var all = byKey();
        int low = 0;
        int high = all.length;
        while (low < high) {
            int middle = low + high >>> 1;
            int order = Values.compareText(all[middle].row.key(), key);
            if (order < 0 || order == 0 && !isInclusive) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        var rows = new ArrayList<StoredRow>();
        for (int i = low; i < all.length && rows.size() < limit; i++) {
            rows.add(all[i].row);
        }
        return rows;
    }

    /**
     * Rows changed after a change number that a condition wants, in the order (change, key): whole commits until there are at
     * least {@code limit}.
     */
    List<StoredRow> rowsChangedAfter(long change, int limit, Predicate<StoredRow> wanted) {
        var rows = new ArrayList<StoredRow>();
        int begin = firstAfter(change);
        int commitStart = 0;
        long commit = -1;
        for (int i = begin; i < ordered; i++) {
            if (changes[i] != commit) {
                sortByKey(rows, commitStart);
                commitStart = rows.size();
                commit = changes[i];
                if (commitStart >= limit) {
                    return rows;
                }
            }
            if (order[i].row.change() == commit && wanted.test(order[i].row)) {
                rows.add(order[i].row);
            }
        }
        sortByKey(rows, commitStart);
        return rows;
    }

    private int firstAfter(long change) {
        int low = 0;
        int high = ordered;
        while (low < high) {
            int middle = low + high >>> 1;
            if (changes[middle] > change) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private static void sortByKey(List<StoredRow> rows, int from) {
        rows.subList(from, rows.size()).sort(Comparator.comparing(StoredRow::key, Values::compareText));
    }
}
