package dev.sluice.projection;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a view that changed since the last batch went to the store: by key, and in the order of their changes. By hash they
 * are in their table's {@link RowTable}.
 *
 * <p>The fold thread alone changes rows, under its table's lock; once it is frozen no row changes again. Keys are put in order only
 * when somebody wants them so, most of them outside the lock.
 */
final class Overlay {
    private static final int COMPACT_FROM = 1024;
    private static final int INDEX_BYTES = 120;

    /** Of a slot, what leads to it in the table and the orders here, and the header of its array. */
    private static final int SLOT_BYTES = 88;

    private static final Comparator<Slot> BY_KEY = (a, b) -> RowImage.compareKeys(a.image, b.image);

    /** Where a key's newest row stands. */
    static class Slot {
        private final int overlay;
        private final int since;
        private final long storedChange;
        private byte[] image;

        private Slot(int overlay, int since, long storedChange, byte[] image) {
            this.overlay = overlay;
            this.since = since;
            this.storedChange = storedChange;
            this.image = image;
        }

        /** Where the indexes of the store list the key, null when they do not. */
        byte @Nullable [][] storedEntries() {
            return null;
        }

        /** Where the indexes list its row, null when they do not. */
        byte @Nullable [][] entries() {
            return null;
        }

        /** The number of the overlay that it came into. */
        int overlay() {
            return overlay;
        }

        /** The change number below which the store lists the key, 0 when it does not know it. */
        long storedChange() {
            return storedChange;
        }

        /** A {@link RowImage}. */
        byte[] image() {
            return image;
        }

        /** About how much memory it takes. */
        int weight() {
            return SLOT_BYTES + image.length;
        }
    }

    /** A slot of a view with indexes. */
    private static final class ListedSlot extends Slot {
        private final byte @Nullable [][] storedEntries;
        private byte @Nullable [][] entries;

        private ListedSlot(int overlay, int since, long storedChange, byte[] image, byte @Nullable [][] storedEntries) {
            super(overlay, since, storedChange, image);
            this.storedEntries = storedEntries;
        }

        @Override
        byte @Nullable [][] storedEntries() {
            return storedEntries;
        }

        @Override
        byte @Nullable [][] entries() {
            return entries;
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
    private final long firstChange;
    private final Columns columns;
    private final List<Slot> added = new ArrayList<>();
    private final List<TreeMap<byte[], Slot>> indexes = new ArrayList<>();
    private Slot[] sorted = {};
    private Slot[] order = new Slot[64];
    private int[] changes = new int[64];
    private int ordered;
    private long weight;

    /**
     * @param firstChange the change number before its first
     * @param indexes number of {@link Indexes}
     */
    Overlay(int number, long firstChange, Columns columns, int indexes) {
        this.number = number;
        this.firstChange = firstChange;
        this.columns = columns;
        for (int i = 0; i < indexes; i++) {
            this.indexes.add(new TreeMap<>(Arrays::compareUnsigned));
        }
    }

    /** Whether a slot is this overlay's. */
    boolean owns(@Nullable Slot slot) {
        return slot != null && slot.overlay == number;
    }

    /** Whether a slot is this overlay's and was by a change number. */
    boolean owned(@Nullable Slot slot, long change) {
        return slot != null && slot.overlay == number && firstChange + slot.since <= change;
    }

    /** A key that this overlay does not have yet, and where the store lists it. */
    Slot add(byte[] image, long change, long storedChange, byte @Nullable [][] storedEntries) {
        int since = since(change);
        var slot = indexes.isEmpty()
                ? new Slot(number, since, storedChange, image)
                : new ListedSlot(number, since, storedChange, image, storedEntries);
        added.add(slot);
        weight += slot.weight();
        log(slot, since);
        return slot;
    }

    /** A newer row of a slot of this overlay. */
    void change(Slot slot, byte[] image, long change) {
        weight += image.length - slot.image.length;
        slot.image = image;
        log(slot, since(change));
    }

    private int since(long change) {
        return Math.toIntExact(change - firstChange);
    }

    /** Lists a slot's newest row in the indexes: at its entries, null when it is deleted. */
    void list(Slot slot, byte @Nullable [][] entries) {
        var listed = (ListedSlot) slot;
        for (int i = 0; i < indexes.size(); i++) {
            if (listed.entries != null) {
                indexes.get(i).remove(listed.entries[i]);
            }
            if (entries != null) {
                indexes.get(i).put(entries[i], slot);
                weight += listed.entries == null ? INDEX_BYTES : 0;
            }
        }
        listed.entries = entries;
    }

    /** The first rows of an index behind an entry, at most {@code limit}; under the lock, or frozen. */
    List<StoredRow> rowsListed(int index, byte[] after, int limit) {
        return indexes.get(index).tailMap(after, false).values().stream()
                .limit(limit)
                .map(this::row)
                .toList();
    }

    private StoredRow row(Slot slot) {
        return new StoredRow(columns, slot.image);
    }

    private void log(Slot slot, int change) {
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
            if (isNewest(i)) {
                order[kept] = order[i];
                changes[kept++] = changes[i];
            }
        }
        Arrays.fill(order, kept, ordered, null);
        ordered = kept;
    }

    /** Whether what was logged there is still the row of its key. */
    private boolean isNewest(int at) {
        return Columns.change(order[at].image) == firstChange + changes[at];
    }

    /** The row of a key, null when there is none here; frozen. */
    @Nullable
    StoredRow row(String key) {
        var slot = slot(key);
        return slot == null ? null : row(slot);
    }

    /** Whether it had a key by a change number; frozen. */
    boolean hadKey(String key, long change) {
        return owned(slot(key), change);
    }

    private @Nullable Slot slot(String key) {
        byte[] wanted = key.getBytes(StandardCharsets.UTF_8);
        var all = byKey();
        int at = firstFrom(all, wanted, true);
        return at < all.length && RowImage.compareKey(all[at].image, wanted) == 0 ? all[at] : null;
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
        var rows = new ArrayList<StoredRow>();
        int from = firstFrom(all, key.getBytes(StandardCharsets.UTF_8), isInclusive);
        for (int i = from; i < all.length && rows.size() < limit; i++) {
            rows.add(row(all[i]));
        }
        return rows;
    }

    private static int firstFrom(Slot[] all, byte[] key, boolean isInclusive) {
        int low = 0;
        int high = all.length;
        while (low < high) {
            int middle = low + high >>> 1;
            int order = RowImage.compareKey(all[middle].image, key);
            if (order < 0 || order == 0 && !isInclusive) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * Rows changed after a change number that a condition wants, in the order (change, key): whole commits until there are at
     * least {@code limit}.
     */
    List<StoredRow> rowsChangedAfter(long change, int limit, Predicate<StoredRow> wanted) {
        var rows = new ArrayList<StoredRow>();
        int commitStart = 0;
        int commit = -1;
        for (int i = firstAfter(change); i < ordered; i++) {
            if (changes[i] != commit) {
                sortByKey(rows, commitStart);
                commitStart = rows.size();
                commit = changes[i];
                if (commitStart >= limit) {
                    return rows;
                }
            }
            if (isNewest(i)) {
                var row = row(order[i]);
                if (wanted.test(row)) {
                    rows.add(row);
                }
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
            if (firstChange + changes[middle] > change) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private static void sortByKey(List<StoredRow> rows, int from) {
        rows.subList(from, rows.size()).sort((a, b) -> RowImage.compareKeys(a.image(), b.image()));
    }
}
