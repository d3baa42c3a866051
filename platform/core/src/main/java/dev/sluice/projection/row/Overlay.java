package dev.sluice.projection.row;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.IntToLongFunction;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a view that changed between two batches to the store: in slots, by key, and in the order of their changes. By hash they
 * are in their table's {@link RowTable}.
 *
 * <p>The fold thread alone changes rows, under its table's lock; once it is frozen no row changes again. Keys are put in order only
 * when somebody wants them so, most of them outside the lock.
 */
public final class Overlay {
    private static final int COMPACT_FROM = 1024;
    private static final int INDEX_BYTES = 120;
    private static final int SLOT_BYTES = 8 + 4 + 8;
    private static final int CHANGE_SHIFT = 32;
    private static final int CHANGE_BYTES = 4 + 4;

    private final long firstChange;
    private final Columns columns;
    private final List<TreeMap<byte[], Integer>> indexes = new ArrayList<>();
    private final List<byte @Nullable [][]> storedEntries = new ArrayList<>();
    private final List<byte @Nullable [][]> entries = new ArrayList<>();
    private RowArena arena = new RowArena();
    private int count;
    /** By slot: the number of the last change since the first, and below it the place in the arena. */
    private long[] rows = new long[16];

    private int[] since = new int[16];
    private long[] storedChanges = new long[16];
    private int[] sorted = {};
    private int[] order = new int[64];
    private int[] changes = new int[64];
    private int ordered;
    private long indexBytes;

    /**
     * @param firstChange the change number before its first
     * @param indexCount number of {@link Indexes}
     */
    Overlay(long firstChange, Columns columns, int indexCount) {
        this.firstChange = firstChange;
        this.columns = columns;
        for (int i = 0; i < indexCount; i++) {
            indexes.add(new TreeMap<>(Arrays::compareUnsigned));
        }
    }

    /** A key that this overlay does not have yet, and where the store lists it (0, null: it does not); its slot. */
    int add(String key, ByteWriter stored, long change, long storedChange, byte @Nullable [][] storedIn) {
        if (count == rows.length) {
            rows = Arrays.copyOf(rows, 2 * count);
            since = Arrays.copyOf(since, 2 * count);
            storedChanges = Arrays.copyOf(storedChanges, 2 * count);
        }
        set(count, arena.add(key.getBytes(StandardCharsets.UTF_8), stored), since(change));
        since[count] = since(change);
        storedChanges[count] = storedChange;
        if (!indexes.isEmpty()) {
            storedEntries.add(storedIn);
            entries.add(null);
        }
        log(count, since(change));
        return count++;
    }

    /** A newer row of a slot. */
    void change(int slot, ByteWriter stored, long change) {
        set(slot, arena.change(place(slot), stored), since(change));
        if (arena.isWasteful()) {
            collect();
        }
        log(slot, since(change));
    }

    private void collect() {
        var next = new RowArena();
        for (int slot = 0; slot < count; slot++) {
            set(slot, next.add(arena, place(slot)), lastSince(slot));
        }
        arena = next;
    }

    private int since(long change) {
        return Math.toIntExact(change - firstChange);
    }

    private void set(int slot, int place, int lastSince) {
        rows[slot] = (long) lastSince << CHANGE_SHIFT | Integer.toUnsignedLong(place);
    }

    private int place(int slot) {
        return (int) rows[slot];
    }

    private int lastSince(int slot) {
        return (int) (rows[slot] >>> CHANGE_SHIFT);
    }

    /** Whether it had a slot by a change number. */
    boolean had(int slot, long change) {
        return firstChange + since[slot] <= change;
    }

    boolean isOf(int slot, String key) {
        int place = place(slot);
        return RowImage.isOf(arena.bytes(place), RowArena.at(place), key);
    }

    /** Reads what leads to a slot's row. */
    long fetchSlot(int slot) {
        return rows[slot];
    }

    /** Reads a slot's row. */
    int fetchRow(int slot) {
        int place = place(slot);
        return arena.fetch(place);
    }

    /** Stands before the stored form of a slot's row. */
    public ByteReader stored(int slot) {
        int place = place(slot);
        byte[] bytes = arena.bytes(place);
        return new ByteReader(bytes, RowImage.storedAt(bytes, RowArena.at(place)));
    }

    /** A copy of a slot's row. */
    public StoredRow row(int slot) {
        return new StoredRow(columns, arena.copy(place(slot)));
    }

    /** The key of a slot in UTF-8. */
    public byte[] key(int slot) {
        int place = place(slot);
        return RowImage.utf8Key(arena.bytes(place), RowArena.at(place));
    }

    /** A copy of the stored form of a slot's row. */
    public byte[] storedBytes(int slot) {
        int place = place(slot);
        return RowImage.stored(arena.bytes(place), RowArena.at(place));
    }

    /** The change number of a slot's row. */
    public long change(int slot) {
        return firstChange + lastSince(slot);
    }

    /** The change number below which the store lists a slot's key, 0 when it does not know it. */
    public long storedChange(int slot) {
        return storedChanges[slot];
    }

    /** Where the indexes of the store list a slot's key, null when they do not. */
    public byte @Nullable [][] storedEntries(int slot) {
        return indexes.isEmpty() ? null : storedEntries.get(slot);
    }

    /** Where the indexes list a slot's row, null when they do not. */
    public byte @Nullable [][] entries(int slot) {
        return indexes.isEmpty() ? null : entries.get(slot);
    }

    /** Lists a slot's newest row in the indexes: at its entries, null when it is deleted. */
    public void list(int slot, byte @Nullable [][] listedAt) {
        var before = entries.get(slot);
        for (int i = 0; i < indexes.size(); i++) {
            if (before != null) {
                indexes.get(i).remove(before[i]);
            }
            if (listedAt != null) {
                indexes.get(i).put(listedAt[i], slot);
                indexBytes += before == null ? INDEX_BYTES : 0;
            }
        }
        entries.set(slot, listedAt);
    }

    /** The first rows of an index behind an entry, at most {@code limit}; under the lock, or frozen. */
    public List<StoredRow> rowsListed(int index, byte[] after, int limit) {
        return indexes.get(index).tailMap(after, false).values().stream()
                .limit(limit)
                .map(this::row)
                .toList();
    }

    private void log(int slot, int change) {
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
        ordered = kept;
    }

    /** Whether what was logged there is still the row of its key. */
    private boolean isNewest(int at) {
        return lastSince(order[at]) == changes[at];
    }

    /** The row of a key, null when there is none here; frozen. */
    public @Nullable StoredRow row(String key) {
        int slot = slot(key);
        return slot < 0 ? null : row(slot);
    }

    /** Whether it had a key by a change number; frozen. */
    boolean hadKey(String key, long change) {
        int slot = slot(key);
        return slot >= 0 && had(slot, change);
    }

    private int slot(String key) {
        byte[] wanted = key.getBytes(StandardCharsets.UTF_8);
        var all = byKey();
        int at = firstFrom(all, wanted, true);
        return at < all.length && compareKey(all[at], wanted) == 0 ? all[at] : -1;
    }

    private int compareKey(int slot, byte[] key) {
        int place = place(slot);
        return RowImage.compareKey(arena.bytes(place), RowArena.at(place), key);
    }

    /** About how much memory it takes. */
    long weight() {
        return arena.bytes()
                + (long) SLOT_BYTES * rows.length
                + (long) CHANGE_BYTES * order.length
                + (long) Integer.BYTES * sorted.length
                + indexBytes;
    }

    /** All slots in the order of their changes and, within a commit, keys; frozen. */
    public int[] byChange() {
        return inOrder(this::change);
    }

    /** The slots of keys that the store lists, in the order of the changes there and, among equals, keys; frozen. */
    public int[] byStoredChange() {
        return inOrder(this::storedChange);
    }

    private int[] inOrder(IntToLongFunction change) {
        int[] all = byKey();
        long[] numbers = new long[all.length];
        int numbered = 0;
        for (int i = 0; i < all.length; i++) {
            long number = change.applyAsLong(all[i]);
            if (number > 0) {
                numbers[numbered++] = number << RowTable.SLOT_BITS | i;
            }
        }
        Arrays.sort(numbers, 0, numbered);
        return Arrays.stream(numbers, 0, numbered)
                .mapToInt(number -> all[RowTable.slot(number)])
                .toArray();
    }

    /** All slots in the order of keys; under the lock, or frozen. */
    public synchronized int[] byKey() {
        if (sorted.length < count) {
            sorted = order().made();
        }
        return sorted;
    }

    /** The slots that are in order, and those that are in none yet; under the lock. */
    synchronized KeyOrder order() {
        return new KeyOrder(arena.chunks(), rows.clone(), sorted, count);
    }

    /** Takes an order over that was {@link KeyOrder#made} outside the lock; under the lock. */
    synchronized void order(int[] made) {
        if (made.length > sorted.length) {
            sorted = made;
        }
    }

    /** Slots that are in no order of keys yet. */
    synchronized int unsorted() {
        return count - sorted.length;
    }

    /** The first rows from a key on (inclusive or not), at most {@code limit}; under the lock, or frozen. */
    public List<StoredRow> rowsFrom(String key, boolean isInclusive, int limit) {
        var all = byKey();
        var rows = new ArrayList<StoredRow>();
        int from = firstFrom(all, key.getBytes(StandardCharsets.UTF_8), isInclusive);
        for (int i = from; i < all.length && rows.size() < limit; i++) {
            rows.add(row(all[i]));
        }
        return rows;
    }

    private int firstFrom(int[] all, byte[] key, boolean isInclusive) {
        int low = 0;
        int high = all.length;
        while (low < high) {
            int middle = low + high >>> 1;
            int order = compareKey(all[middle], key);
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
    public List<StoredRow> rowsChangedAfter(long change, int limit, Predicate<StoredRow> wanted) {
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
        rows.subList(from, rows.size()).sort(StoredRow::compareKeys);
    }
}
