package dev.sluice.projection.row;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Slots of an overlay on their way into the order of keys, with all that tells their keys: rows that change meanwhile keep those.
 *
 * <p>Most keys are told apart by a few bytes behind what all have in common. Those bytes and the slot are one number, and numbers are
 * sorted many times faster than keys that lie anywhere in memory; only keys that those bytes do not tell apart are compared whole.
 *
 * @param rows by slot: the place in the lower half
 * @param sorted those that are in order already, the first slots
 * @param count of all slots
 */
record KeyOrder(byte[][] chunks, long[] rows, int[] sorted, int count) {
    private static final int PREFIX_BYTES = (Long.SIZE - RowTable.SLOT_BITS) / Byte.SIZE;

    /** All of them in order. */
    int[] made() {
        int[] right = sortedFrom(sorted.length);
        if (sorted.length == 0) {
            return right;
        }
        var all = new int[count];
        int l = 0;
        int r = 0;
        for (int i = 0; i < all.length; i++) {
            boolean isLeft = r == right.length || l < sorted.length && compare(sorted[l], right[r]) < 0;
            all[i] = isLeft ? sorted[l++] : right[r++];
        }
        return all;
    }

    private int[] sortedFrom(int first) {
        int common = common(first);
        var numbers = new long[count - first];
        for (int i = 0; i < numbers.length; i++) {
            int place = place(first + i);
            long prefix = RowImage.keyNumber(chunk(place), RowArena.at(place), common, PREFIX_BYTES);
            numbers[i] = (prefix << RowTable.SLOT_BITS | first + i) ^ Long.MIN_VALUE; // as if it had no sign
        }
        Arrays.sort(numbers);
        var slots = new int[numbers.length];
        int equalFrom = 0;
        for (int i = 0; i < numbers.length; i++) {
            slots[i] = RowTable.slot(numbers[i]);
            if (numbers[i] >>> RowTable.SLOT_BITS != numbers[equalFrom] >>> RowTable.SLOT_BITS) {
                sortEqual(slots, equalFrom, i);
                equalFrom = i;
            }
        }
        sortEqual(slots, equalFrom, slots.length);
        return slots;
    }

    /** How many first bytes all keys from a slot on have in common. */
    private int common(int first) {
        int common = Integer.MAX_VALUE;
        for (int slot = first; slot < count; slot++) {
            int one = place(first);
            int other = place(slot);
            common = Math.min(
                    common, RowImage.commonBytes(chunk(one), RowArena.at(one), chunk(other), RowArena.at(other)));
        }
        return common;
    }

    private void sortEqual(int[] slots, int from, int to) {
        if (to - from > 1) {
            int[] inOrder = IntStream.range(from, to)
                    .mapToObj(i -> slots[i])
                    .sorted(this::compare)
                    .mapToInt(Integer::intValue)
                    .toArray();
            System.arraycopy(inOrder, 0, slots, from, inOrder.length);
        }
    }

    private int compare(int left, int right) {
        return RowImage.compareKeys(
                chunk(place(left)), RowArena.at(place(left)), chunk(place(right)), RowArena.at(place(right)));
    }

    private int place(int slot) {
        return (int) rows[slot];
    }

    private byte[] chunk(int place) {
        return chunks[RowArena.chunk(place)];
    }
}
