package dev.sluice.command;

import com.github.benmanes.caffeine.cache.Cache;
import dev.sluice.log.EventPage;
import dev.sluice.log.EventQuery;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Shard;
import dev.sluice.shard.EventLog;
import dev.sluice.shard.ReadPool;
import io.vertx.core.Future;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The states of one aggregate's streams: those in memory, else folded from a snapshot and the events behind it. What is in memory was put
 * there by the writer of the shard, and is what the shard has accepted, so that it may be ahead of what is committed: when a commit
 * fails, the shard stops. Safe for any thread.
 */
final class States<E, S> {
    private static final int PAGE = 500;

    private final Aggregate<?, E, S> aggregate;
    private final EventLog log;
    private final ReadPool reads;
    private final Cache<String, Held<?>> memory;

    States(Aggregate<?, E, S> aggregate, EventLog log, ReadPool reads, Cache<String, Held<?>> memory) {
        this.aggregate = aggregate;
        this.log = log;
        this.reads = reads;
        this.memory = memory;
    }

    /** What is in memory of a stream. */
    @Nullable
    @SuppressWarnings("unchecked") // streams of the aggregate's category are put here alone
    Held<S> held(String stream) {
        return (Held<S>) memory.getIfPresent(stream);
    }

    /** Takes what a stream is now; on the thread of its shard's writer. */
    void hold(String stream, Held<S> now) {
        if (aggregate.decider().isTerminal(now.state())) {
            memory.invalidate(stream);
        } else {
            memory.put(stream, now);
        }
    }

    /** As {@link #held}, else folded up to the last visible event. */
    Future<Held<S>> state(String stream) {
        var held = held(stream);
        return held != null ? Future.succeededFuture(held) : load(stream);
    }

    /** Folded up to the last visible event, whatever is in memory. */
    Future<Held<S>> load(String stream) {
        var first = new Held<>(aggregate.decider().initial(), 0, 0);
        var snapshots = aggregate.snapshots();
        if (snapshots == null) {
            return foldOn(stream, first);
        }
        String key = Snapshots.key(stream);
        return log.rows(log.shardOf(stream), key, "", 1)
                .map(rows -> ofRow(snapshots, rows, key))
                .compose(found -> foldOn(stream, found == null ? first : found));
    }

    private static <S> @Nullable Held<S> ofRow(Snapshots<S> snapshots, List<Shard.Row> rows, String key) {
        return rows.isEmpty() || !rows.get(0).key().equals(key)
                ? null
                : snapshots.read(rows.get(0).value());
    }

    /** Folds what has come behind a state. */
    Future<Held<S>> foldOn(String stream, Held<S> held) {
        return log.readStream(stream, held.version() + 1, EventQuery.Direction.FORWARD, PAGE)
                .compose(events -> {
                    if (events.isEmpty()) {
                        return Future.succeededFuture(held);
                    }
                    var later = reads.run(() -> folded(held, events));
                    return isLast(events) ? later : later.compose(more -> foldOn(stream, more));
                });
    }

    private static boolean isLast(List<RecordedEvent> page) {
        return page.size() < PAGE
                && page.stream().mapToLong(RecordedEvent::dataLength).sum() < EventPage.MAX_BYTES;
    }

    private Held<S> folded(Held<S> held, List<RecordedEvent> events) {
        var state = held.state();
        for (var recorded : events) {
            E event = aggregate.events().read(recorded);
            state = event == null ? state : aggregate.decider().evolve(state, event);
        }
        return new Held<>(state, events.get(events.size() - 1).version(), held.snapshotVersion());
    }
}
