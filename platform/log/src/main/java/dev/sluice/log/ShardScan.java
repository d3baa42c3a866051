package dev.sluice.log;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksIterator;

/** The events of one shard that a query selects, in order, one looked at ahead. The caller holds a lease of the shard's store. */
final class ShardScan implements AutoCloseable {
    private final Shard shard;
    private final Selection selection;
    private final @Nullable Predicate<RecordedEvent> where;
    private final boolean isForward;
    private final long low;
    private final long high;
    private final RocksIterator log;
    private final @Nullable Offsets offsets;
    private @Nullable Block block;
    private long next;
    private @Nullable StoredEvent pending;
    private boolean isExhausted;
    private long cursor;

    /** Counts the events looked at by all shards of a query. */
    static final class Budget {
        private int left;

        Budget(int maxScan) {
            left = maxScan;
        }
    }

    /**
     * @param low offset before the lowest event wanted
     * @param high the highest offset wanted
     * @param head the visible head
     */
    ShardScan(Shard shard, EventQuery query, long low, long high, long head) {
        this.shard = shard;
        this.selection = query.selection();
        this.where = query.where();
        this.isForward = query.direction() == EventQuery.Direction.FORWARD;
        this.low = low;
        this.high = high;
        this.cursor = isForward ? low : high;
        this.next = isForward ? low + 1 : high;
        this.log = shard.store().iterator(Store.Family.LOG);
        this.offsets = offsets(head);
    }

    private @Nullable Offsets offsets(long head) {
        IndexReader index = shard.index();
        if (selection instanceof Selection.OfStream of) {
            long before = index.versionAt(of.stream(), isForward ? low : high, head);
            return index.ofStream(of.stream(), isForward ? before + 1 : before, isForward, head);
        }
        if (selection instanceof Selection.OfType of) {
            return index.ofType(of.type(), next, isForward, head);
        }
        if (selection instanceof Selection.OfCategory of) {
            return index.ofCategory(of.category(), next, isForward, head);
        }
        return null;
    }

    /** The next selected event without taking it; null when there is none, or the budget has ended before one was found. */
    @Nullable
    RecordedEvent peek(Budget budget) {
        while (pending == null && !isExhausted && budget.left > 0) {
            StoredEvent event = read();
            if (event == null) {
                isExhausted = true;
                cursor = isForward ? high : low;
            } else {
                budget.left--;
                if (matches(event)) {
                    pending = event;
                } else {
                    pass(event);
                }
            }
        }
        return pending;
    }

    private boolean matches(StoredEvent event) {
        boolean isIncluded = selection instanceof Selection.Whole
                || selection instanceof Selection.OfStream
                || selection instanceof Selection.OfCategory
                || !event.isPlatform();
        return isIncluded && (where == null || where.test(event));
    }

    void take() {
        if (pending != null) {
            pass(pending);
            pending = null;
        }
    }

    private void pass(RecordedEvent event) {
        cursor = isForward ? event.offset() : event.offset() - 1;
    }

    /** Whether nothing is left; false when the budget ended before that was known. */
    boolean isExhausted() {
        return isExhausted;
    }

    /** Where the next page goes on in this shard. */
    long cursor() {
        return cursor;
    }

    private @Nullable StoredEvent read() {
        if (offsets != null) {
            next = offsets.next();
        }
        if (next <= low || next > high) {
            return null;
        }
        Block holder = block;
        if (holder == null || next < holder.first() || next > holder.last()) {
            holder = offsets == null && holder != null ? neighbour() : find();
            block = holder;
        }
        StoredEvent event = holder.event((int) (next - holder.first()));
        if (offsets == null) {
            next += isForward ? 1 : -1;
        }
        return event;
    }

    private Block neighbour() {
        if (isForward) {
            log.next();
        } else {
            log.prev();
        }
        return present(shard.store().current(shard.number(), log));
    }

    private Block find() {
        Block found = offsets == null ? null : shard.recent().find(next);
        return present(found != null ? found : shard.store().block(shard.number(), log, next));
    }

    private Block present(@Nullable Block found) {
        if (found == null || next < found.first() || next > found.last()) {
            throw Failure.of(
                    Failure.Kind.CORRUPT,
                    "found no block for " + shard.number() + ":" + next
                            + ", expected one below the head: restore the shard from a backup");
        }
        return found;
    }

    @Override
    public void close() {
        if (offsets != null) {
            offsets.close();
        }
        log.close();
    }
}
