package dev.sluice.projection.row;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The rows at hand by key: those that the store does not have yet, and of those that it has as many as there is memory for. They lie
 * in overlays: the active one, one that is being written, and those written before, of which the oldest are forgotten first. Open
 * addressing with linear probing over the keys' hashes (Knuth, The Art of Computer Programming 3, 6.4), which lie together: most
 * searches touch no row but the one they find. What leads to a forgotten overlay is passed over until the table is made anew. The fold
 * thread changes it under its table's lock and may look into it without.
 */
final class RowTable {
    private static final int MIN_CAPACITY = 64;
    private static final int MAX_OVERLAYS = 256;
    private static final int EMPTY = 0;
    private static final int ENTRY_BYTES = 12;

    /** No row. */
    static final long NONE = -1;

    private int[] hashes = new int[MIN_CAPACITY];
    private long[] places = new long[MIN_CAPACITY];
    private int count;
    private @Nullable Overlay[] overlays = new Overlay[4];
    private int overlayCount;
    private int firstNumber;

    /** Takes rows from another overlay from now on; its number. */
    int begin(Overlay overlay) {
        if (overlayCount == MAX_OVERLAYS) {
            forgetOldest(MAX_OVERLAYS - 1);
        }
        if (overlayCount == overlays.length) {
            overlays = Arrays.copyOf(overlays, 2 * overlayCount);
        }
        overlays[overlayCount] = overlay;
        return firstNumber + overlayCount++;
    }

    /** The place of a key's row: an overlay's number and a slot of it. */
    long find(String key) {
        int hash = hash(key);
        int mask = hashes.length - 1;
        for (int i = hash & mask; hashes[i] != EMPTY; i = i + 1 & mask) {
            if (hashes[i] == hash) {
                var overlay = overlay(places[i]);
                if (overlay != null && overlay.isOf(slot(places[i]), key)) {
                    return places[i];
                }
            }
        }
        return NONE;
    }

    /** The overlay of a place, null when it is {@link #NONE} or forgotten. */
    @Nullable
    Overlay overlay(long place) {
        int index = (int) (place >>> 32) - firstNumber;
        return index < 0 ? null : overlays[index];
    }

    static int slot(long place) {
        return (int) place;
    }

    /** Lets a slot of an overlay be the place of a key's row, instead of the one before or {@link #NONE}. */
    void put(String key, long before, int overlay, int slot) {
        long place = (long) overlay << 32 | slot;
        if (before == NONE && ++count > hashes.length / 8 * 5) {
            rebuild();
        }
        put(hash(key), before, place);
    }

    private void put(int hash, long before, long place) {
        int mask = hashes.length - 1;
        int i = hash & mask;
        while (hashes[i] != EMPTY && (before == NONE || places[i] != before)) {
            i = i + 1 & mask;
        }
        hashes[i] = hash;
        places[i] = place;
    }

    private void rebuild() {
        int kept = 1;
        for (int i = 0; i < hashes.length; i++) {
            kept += isKept(i) ? 1 : 0;
        }
        int capacity = MIN_CAPACITY;
        while (kept > capacity / 2) {
            capacity *= 2;
        }
        var oldHashes = hashes;
        var oldPlaces = places;
        count = kept;
        hashes = new int[capacity];
        places = new long[capacity];
        for (int i = 0; i < oldHashes.length; i++) {
            if (oldHashes[i] != EMPTY && overlay(oldPlaces[i]) != null) {
                put(oldHashes[i], NONE, oldPlaces[i]);
            }
        }
    }

    private boolean isKept(int i) {
        return hashes[i] != EMPTY && overlay(places[i]) != null;
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
        long bytes = (long) ENTRY_BYTES * hashes.length;
        for (int i = 0; i < overlayCount; i++) {
            bytes += overlays[i] == null ? 0 : overlays[i].weight();
        }
        return bytes;
    }

    /** Never {@link #EMPTY}. */
    private static int hash(String key) {
        int hash = key.hashCode() * 0x9E3779B9;
        hash ^= hash >>> 15;
        return hash == EMPTY ? 1 : hash;
    }
}
