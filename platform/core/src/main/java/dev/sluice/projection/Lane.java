package dev.sluice.projection;

import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Tail;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Tables that stand at the same place of the log and read it together. For the fold thread. */
final class Lane {
    /** So many that a commit costs little beside them, so few that their rows are near the processor still when they are committed. */
    private static final int BATCH_EVENTS = 500;

    private static final long LONG_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** Of the data of a batch, beside the last poll: what is read of it is kept until all tables have folded it. */
    private static final long MAX_BYTES = 1 << 20;

    private final Log log;
    private final List<Table> tables;
    private final long[] offsets;
    private final Tail[] tails;
    private Program program;
    private long lastMicros;
    private int firstShard;
    private int batchEvents = BATCH_EVENTS;

    Lane(Log log, List<Table> tables) {
        this.log = log;
        this.tables = new ArrayList<>(tables);
        program = new Program(tables, log);
        var checkpoint = tables.get(0).committed().checkpoint();
        offsets = checkpoint.offsets().clone();
        lastMicros = checkpoint.lastMicros();
        tails = new Tail[offsets.length];
        for (int shard = 0; shard < tails.length; shard++) {
            tails[shard] = log.shard(shard).tail(offsets[shard]);
        }
    }

    List<Table> tables() {
        return tables;
    }

    long[] offsets() {
        return offsets;
    }

    long lastMicros() {
        return lastMicros;
    }

    void add(List<Table> more) {
        tables.addAll(more);
        program = new Program(tables, log);
    }

    void remove(Table table) {
        if (tables.remove(table)) {
            program = new Program(tables, log);
        }
    }

    boolean isAt(long[] others) {
        return Arrays.equals(offsets, others);
    }

    long sum() {
        return Arrays.stream(offsets).sum();
    }

    /** Runs a signal once when there is something to fold. */
    void onReady(Runnable signal) {
        for (var tail : tails) {
            tail.onReady(signal);
        }
    }

    /**
     * Takes the next events of all shards in turn, each to be {@link #fold folded} into all tables.
     *
     * @param limits offsets not to be passed, null for none
     * @return the number of events; a Failure of the log comes only when there were none
     */
    int take(int maxEvents, long @Nullable [] limits) {
        program.clear();
        long bytes = 0;
        int count = 0;
        for (int i = 0; i < tails.length; i++) {
            int shard = (firstShard + i) % tails.length;
            long most = limits == null ? maxEvents : Math.min(maxEvents, limits[shard] - offsets[shard]);
            if (count >= maxEvents || bytes >= MAX_BYTES || most <= 0) {
                continue;
            }
            try {
                var events = tails[shard].poll((int) Math.min(most, maxEvents - count));
                take(shard, events);
                count += events.size();
                bytes += events.stream().mapToLong(RecordedEvent::dataLength).sum();
            } catch (Failure failure) {
                if (count == 0) {
                    throw failure;
                }
            }
        }
        firstShard = (firstShard + 1) % tails.length;
        return count;
    }

    /** How many events are to be taken next. */
    int batchEvents() {
        return batchEvents;
    }

    /** Lets go of what was taken, and takes less at once when that kept others waiting. */
    void forget(long tookNanos) {
        program.clear();
        if (tookNanos > LONG_NANOS) {
            batchEvents = Math.max(1, batchEvents / 2);
        } else if (tookNanos < LONG_NANOS / 4) {
            batchEvents = Math.min(BATCH_EVENTS, 2 * batchEvents);
        }
    }

    private void take(int shard, List<RecordedEvent> events) {
        program.add(events);
        if (!events.isEmpty()) {
            var last = events.get(events.size() - 1);
            offsets[shard] = last.offset();
            lastMicros = Math.max(lastMicros, last.recordedMicros());
        }
    }

    /** Folds what was taken into a table, without committing. */
    void fold(Table table, Program.Outcomes outcomes) {
        try {
            program.fold(table, outcomes);
        } catch (Failure unreadable) {
            // not the same as a log that cannot be read now: part of the batch has been folded
            throw new IllegalStateException("what an event refers to cannot be read", unreadable);
        }
    }
}
