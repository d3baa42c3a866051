package dev.sluice.log;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A bounded read over shards, merged by (recorded time, shard, offset). */
final class MergedRead {
    private final List<Shard> shards;
    private final EventQuery query;
    private final boolean isForward;

    MergedRead(List<Shard> shards, EventQuery query) {
        this.shards = shards;
        this.query = query;
        this.isForward = query.direction() == EventQuery.Direction.FORWARD;
        if (query.limit() < 1 || query.maxScan() < 1) {
            throw Failure.of(
                    Failure.Kind.INVALID_REQUEST,
                    "found limit " + query.limit() + " and maxScan " + query.maxScan() + ", expected both at least 1");
        }
    }

    EventPage read() {
        List<Store.Lease> leases = new ArrayList<>();
        List<@Nullable ShardScan> scans = new ArrayList<>();
        try {
            long[] cursors = new long[shards.size()];
            for (Shard shard : shards) {
                leases.add(shard.store().lease());
                scans.add(scan(shard, cursors));
            }
            return merge(scans, cursors);
        } finally {
            scans.forEach(scan -> {
                if (scan != null) {
                    scan.close();
                }
            });
            leases.forEach(Store.Lease::close);
        }
    }

    /** The scan of a shard; null, with its place in the cursor filled in, when the query cannot find anything there. */
    private @Nullable ShardScan scan(Shard shard, long[] cursors) {
        long head = shard.head();
        long start = start(shard.number(), head);
        cursors[shard.number()] = start;
        if (query.selection() instanceof Selection.OfStream of
                && Partitioner.shardOf(of.stream(), shards.size()) != shard.number()) {
            return null;
        }
        Long since = query.sinceMicros();
        long before = since == null ? 0 : shard.offsetBefore(since);
        return isForward
                ? new ShardScan(shard, query, Math.min(head, Math.max(start, before)), head, head)
                : new ShardScan(shard, query, Math.min(before, start), start, head);
    }

    private long start(int shard, long head) {
        Cursor after = query.after();
        if (after == null) {
            return isForward ? 0 : head;
        }
        long offset = after.offset(shard);
        return offset == Cursor.UNNAMED ? head : Math.min(offset, head);
    }

    private EventPage merge(List<@Nullable ShardScan> scans, long[] cursors) {
        var budget = new ShardScan.Budget(query.maxScan());
        List<RecordedEvent> events = new ArrayList<>(Math.min(query.limit(), 1024));
        long bytes = 0;
        while (events.size() < query.limit() && bytes < EventPage.MAX_BYTES) {
            ShardScan best = null;
            RecordedEvent bestEvent = null;
            boolean isKnown = true;
            for (ShardScan scan : scans) {
                RecordedEvent event = scan == null ? null : scan.peek(budget);
                isKnown &= scan == null || event != null || scan.isExhausted();
                if (event != null && (bestEvent == null || isBefore(event, bestEvent))) {
                    best = scan;
                    bestEvent = event;
                }
            }
            if (!isKnown || best == null || bestEvent == null) {
                break;
            }
            events.add(bestEvent);
            bytes += bestEvent.dataLength();
            best.take();
        }
        boolean isEnd = true;
        for (int shard = 0; shard < cursors.length; shard++) {
            ShardScan scan = scans.get(shard);
            if (scan != null) {
                scan.peek(budget);
                cursors[shard] = scan.cursor();
                isEnd &= scan.isExhausted();
            }
        }
        return new EventPage(events, Cursor.of(cursors), isEnd);
    }

    private boolean isBefore(RecordedEvent one, RecordedEvent other) {
        int order = Long.compare(one.recordedMicros(), other.recordedMicros());
        if (order == 0) {
            order = Integer.compare(one.shard(), other.shard());
        }
        return isForward ? order < 0 : order > 0;
    }
}
