package dev.sluice.projection.row;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The rows at hand by key: those that the store does not have yet, and of those that it has as many as there is memory for. They lie
 * in overlays: the active one, one that is being written, and those written before, of which the oldest are forgotten first. Open
 * addressing with linear probing (Knuth, The Art of Computer Programming 3, 6.4); an entry is the hash of the key, the number of an
 * overlay and a slot of it in one word, so that most searches look at one word of it and at the row they find. What leads to a
 * forgotten overlay is passed over until the table is made anew. The fold thread changes it under its table's lock and may look
 * into it without.
 */
final class RowTable {
    /** No row. */
    static final long NONE = 0;

    private static final int MIN_CAPACITY = 64;
    static final int SLOT_BITS = 24;
    private static final int NUMBER_BITS = 8;
    private static final int HASH_SHIFT = SLOT_BITS + NUMBER_BITS;
    private static final int MAX_NUMBER = (1 << NUMBER_BITS) - 1;
    private static final int MAX_OVERLAYS = MAX_NUMBER / 2;

    private static final int MAX_SLOTS = 1 << SLOT_BITS;

    private long[] entries = new long[MIN_CAPACITY];
    private int count;
    private @Nullable Overlay[] overlays = new Overlay[4];
    private int overlayCount;
    private int firstNumber = 1;
    private long[] places = new long[64];
    private int expected;

    @SuppressWarnings("unused") // else what is read only to have it near would not be read
    private long fetched;

    /** Takes rows from another overlay from now on; places found before hold no longer. */
    void begin(Overlay overlay) {
        if (overlayCount == MAX_OVERLAYS) {
            forgetOldest(MAX_OVERLAYS - 1);
        }
        if (firstNumber + overlayCount > MAX_NUMBER) {
            rebuild(1);
        }
        if (overlayCount == overlays.length) {
            overlays = Arrays.copyOf(overlays, 2 * overlayCount);
        }
        overlays[overlayCount++] = overlay;
    }

    /** The place of a key's row, {@link #NONE} when there is none. */
    long find(String key) {
        int hash = hash(key);
        int mask = entries.length - 1;
        int i = hash & mask;
        for (long entry = entries[i]; entry != NONE; entry = entries[i]) {
            if ((int) (entry >>> HASH_SHIFT) == hash) {
                var overlay = overlay(entry);
                if (overlay != null && overlay.isOf(slot(entry), key)) {
                    return entry;
                }
            }
            i = i + 1 & mask;
        }
        return NONE;
    }

    /** A key that will be looked for soon. */
    void expect(String key) {
        if (expected == places.length) {
            places = Arrays.copyOf(places, 2 * expected);
        }
        places[expected++] = hash(key);
    }

    /**
     * Reads what the expected keys lead to, one step of all of them before the next: so the processor waits once for many rows,
     * and they are near when they are looked for.
     */
    void fetch() {
        int mask = entries.length - 1;
        long read = 0;
        for (int n = 0; n < expected; n++) {
            read += entries[(int) places[n] & mask];
        }
        for (int n = 0; n < expected; n++) {
            int hash = (int) places[n];
            int i = hash & mask;
            while (entries[i] != NONE && (int) (entries[i] >>> HASH_SHIFT) != hash) {
                i = i + 1 & mask;
            }
            places[n] = entries[i];
        }
        for (int n = 0; n < expected; n++) {
            var overlay = overlay(places[n]);
            read += overlay == null ? 0 : overlay.fetchSlot(slot(places[n]));
        }
        for (int n = 0; n < expected; n++) {
            var overlay = overlay(places[n]);
            read += overlay == null ? 0 : overlay.fetchRow(slot(places[n]));
        }
        fetched = read;
        expected = 0;
    }

    /** The overlay of a place, null when it is {@link #NONE} or forgotten. */
    @Nullable
    Overlay overlay(long place) {
        int index = ((int) place >>> SLOT_BITS) - firstNumber;
        return index < 0 ? null : overlays[index];
    }

    static int slot(long place) {
        return (int) place & MAX_SLOTS - 1;
    }

    /** Lets a slot of the newest overlay be the place of a key's row, instead of the one before or {@link #NONE}. */
    void put(String key, long before, int slot) {
        if (slot >= MAX_SLOTS) {
            throw new IllegalStateException(
                    "found more than " + MAX_SLOTS + " rows changed by one batch, expected fewer");
        }
        long entry = (long) hash(key) << HASH_SHIFT | (long) (firstNumber + overlayCount - 1) << SLOT_BITS | slot;
        if (before == NONE && ++count > entries.length / 8 * 5) {
            rebuild(firstNumber);
        }
        put(before, entry);
    }

    private void put(long before, long entry) {
        int mask = entries.length - 1;
        int i = (int) (entry >>> HASH_SHIFT) & mask;
        while (entries[i] != NONE && (before == NONE || entries[i] != before)) {
            i = i + 1 & mask;
        }
        entries[i] = entry;
    }

    /** Passes over to a table without what was forgotten, its overlays numbered anew. */
    private void rebuild(int first) {
        int kept = 1;
        for (long entry : entries) {
            kept += overlay(entry) != null ? 1 : 0;
        }
        int capacity = MIN_CAPACITY;
        while (kept > capacity / 2) {
            capacity *= 2;
        }
        var before = entries;
        entries = new long[capacity];
        count = kept;
        long renumbered = (long) (firstNumber - first) << SLOT_BITS;
        for (long entry : before) {
            if (overlay(entry) != null) {
                put(NONE, entry - renumbered);
            }
        }
        firstNumber = first;
    }

    /** Forgets the oldest overlay; false when only {@code kept} are left. */
    boolean forgetOldest(int kept) {
        if (overlayCount <= kept) {
            return false;
        }
        System.arraycopy(overlays, 1, overlays, 0, --overlayCount);
        overlays[overlayCount] = null;
        firstNumber++;
        return true;
    }

    /** About how much memory it takes with the rows. */
    long bytes() {
        long bytes = (long) Long.BYTES * entries.length;
        for (int i = 0; i < overlayCount; i++) {
            bytes += overlays[i] == null ? 0 : overlays[i].weight();
        }
        return bytes;
    }

    private static int hash(String key) {
        int hash = key.hashCode() * 0x9E3779B9;
        return hash ^ hash >>> 15;
    }
}
