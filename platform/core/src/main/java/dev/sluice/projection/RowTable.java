package dev.sluice.projection;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The rows at hand by key: those that the store does not have yet, and of those that it has as many as there is memory for. Open
 * addressing with linear probing over the keys' hashes (Knuth, The Art of Computer Programming 3, 6.4), which lie together: most
 * searches touch no row but the one they find. The fold thread changes it under its table's lock and may look into it without.
 */
final class RowTable {
    private static final int MIN_CAPACITY = 64;
    private static final int NONE = 0;

    private int[] hashes = new int[MIN_CAPACITY];
    private Overlay.@Nullable Slot[] slots = new Overlay.Slot[MIN_CAPACITY];
    private int count;

    Overlay.@Nullable Slot find(String key) {
        int hash = hash(key);
        int mask = hashes.length - 1;
        for (int i = hash & mask; hashes[i] != NONE; i = i + 1 & mask) {
            var slot = slots[i];
            if (hashes[i] == hash && slot != null && RowImage.isOf(slot.image(), key)) {
                return slot;
            }
        }
        return null;
    }

    /** Lets a slot stand for a key, in place of the one that has stood for it (null: none). */
    void put(String key, Overlay.@Nullable Slot before, Overlay.Slot slot) {
        if (before == null && ++count > hashes.length / 8 * 5) {
            rebuild(2 * hashes.length, any -> true);
        }
        put(hash(key), before, slot);
    }

    private void put(int hash, Overlay.@Nullable Slot before, Overlay.Slot slot) {
        int mask = hashes.length - 1;
        int i = hash & mask;
        while (hashes[i] != NONE && (before == null || slots[i] != before)) {
            i = i + 1 & mask;
        }
        hashes[i] = hash;
        slots[i] = slot;
    }

    /** Forgets the rows that are not wanted; the weight of those that are. */
    long keep(Predicate<Overlay.Slot> wanted) {
        int kept = 0;
        long bytes = 0;
        for (var slot : slots) {
            if (slot != null && wanted.test(slot)) {
                kept++;
                bytes += slot.weight();
            }
        }
        int capacity = MIN_CAPACITY;
        while (kept > capacity / 8 * 5) {
            capacity *= 2;
        }
        count = kept;
        rebuild(capacity, wanted);
        return bytes;
    }

    private void rebuild(int capacity, Predicate<Overlay.Slot> wanted) {
        var oldHashes = hashes;
        var oldSlots = slots;
        hashes = new int[capacity];
        slots = new Overlay.Slot[capacity];
        for (int i = 0; i < oldSlots.length; i++) {
            var slot = oldSlots[i];
            if (slot != null && wanted.test(slot)) {
                put(oldHashes[i], null, slot);
            }
        }
    }

    /** Never {@link #NONE}. */
    private static int hash(String key) {
        int hash = key.hashCode() * 0x9E3779B9;
        hash ^= hash >>> 15;
        return hash == NONE ? 1 : hash;
    }
}
