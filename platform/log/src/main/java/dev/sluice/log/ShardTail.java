package dev.sluice.log;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksIterator;

/** A {@link Tail} over the recent blocks, and over the disk where it has fallen behind them. */
final class ShardTail implements Tail {
    /** Of the blocks that one poll looks at, beside the first. */
    private static final int MAX_BYTES = 1 << 20;

    private final int shard;
    private final Store store;
    private final Publisher publisher;
    private final AtomicReference<@Nullable Runnable> signal = new AtomicReference<>();
    private final AtomicBoolean isWaiting = new AtomicBoolean();
    private volatile long offset;

    /** The next in the publisher's stack of waiting tails. */
    @Nullable
    ShardTail nextWaiting;

    ShardTail(int shard, Store store, Publisher publisher, long offset) {
        this.shard = shard;
        this.store = store;
        this.publisher = publisher;
        this.offset = offset;
    }

    @Override
    public List<RecordedEvent> poll(int maxEvents) {
        long head = publisher.head();
        if (offset >= head || maxEvents < 1) {
            return List.of();
        }
        List<RecordedEvent> events = new ArrayList<>();
        Block block = publisher.recent().find(offset + 1);
        if (block == null) {
            long from = offset;
            try {
                fromDisk(events, maxEvents, head);
            } catch (RuntimeException unread) {
                offset = from;
                throw unread;
            }
            return events;
        }
        int bytes = 0;
        while (block != null) {
            take(block, events, maxEvents, head);
            bytes += block.bytes().length;
            block = events.size() < maxEvents && offset < head && bytes < MAX_BYTES
                    ? publisher.recent().find(offset + 1)
                    : null;
        }
        return events;
    }

    private void fromDisk(List<RecordedEvent> events, int maxEvents, long head) {
        try (var lease = store.lease();
                RocksIterator log = lease.iterator(Store.Family.LOG)) {
            Block block = store.block(shard, log, offset + 1);
            int bytes = 0;
            while (block != null && events.size() < maxEvents && offset < head && bytes < MAX_BYTES) {
                take(block, events, maxEvents, head);
                bytes += block.bytes().length;
                log.next();
                block = store.current(shard, log);
            }
            if (events.isEmpty()) {
                throw Failure.of(
                        Failure.Kind.CORRUPT,
                        "found no block for " + shard + ":" + (offset + 1) + ", expected one below the head " + head);
            }
        }
    }

    private void take(Block block, List<RecordedEvent> events, int maxEvents, long head) {
        long at = offset;
        long last = Math.min(block.last(), head);
        while (at < last && events.size() < maxEvents) {
            at++;
            events.add(block.event((int) (at - block.first())));
        }
        offset = at;
    }

    @Override
    public boolean isRecent() {
        return offset >= publisher.head() || publisher.recent().find(offset + 1) != null;
    }

    @Override
    public long offset() {
        return offset;
    }

    @Override
    public void onReady(@Nullable Runnable ready) {
        signal.set(ready);
        if (ready == null) {
            return;
        }
        if (isWaiting.compareAndSet(false, true)) {
            publisher.await(this);
        }
        if (publisher.head() > offset) {
            run(signal.getAndSet(null));
        }
    }

    /** The head has moved; on a thread of the log. */
    void published(long head) {
        if (head <= offset) {
            publisher.await(this);
            return;
        }
        isWaiting.set(false);
        run(signal.getAndSet(null));
    }

    private static void run(@Nullable Runnable ready) {
        if (ready != null) {
            ready.run();
        }
    }
}
