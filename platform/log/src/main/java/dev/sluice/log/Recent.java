package dev.sluice.log;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The blocks committed last, by reference, so that live readers need no disk: a ring bounded by count and bytes. One thread at a
 * time adds; any thread finds, without locks: a slot that was taken again in between holds a later block or none, which the
 * search sees.
 */
final class Recent {
    private static final int SLOTS = 4096;
    private static final long MAX_BYTES = 8L << 20;

    private final AtomicReferenceArray<@Nullable Block> slots = new AtomicReferenceArray<>(SLOTS);
    private volatile long from;
    private volatile long to;
    private long bytes;

    void add(Block block) {
        bytes += block.bytes().length;
        while (to > from && (to - from == SLOTS || bytes > MAX_BYTES)) {
            Block oldest = slots.getAndSet((int) (from % SLOTS), null);
            bytes -= oldest == null ? 0 : oldest.bytes().length;
            from++;
        }
        slots.set((int) (to % SLOTS), block);
        to++;
    }

    /** The block that holds an offset, null when it is not among the recent ones. */
    @Nullable
    Block find(long offset) {
        long low = from;
        long high = to - 1;
        while (low <= high) {
            long middle = low + high >>> 1;
            Block block = slots.get((int) (middle % SLOTS));
            if (block == null || block.last() < offset) {
                low = middle + 1;
            } else if (block.first() > offset) {
                high = middle - 1;
            } else {
                return block;
            }
        }
        return null;
    }
}
