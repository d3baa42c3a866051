package dev.sluice.projection;

import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.shard.ReadPool;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rows as they were: the log folded up to some offsets into a table in memory that no reader of the view sees. One moment at a
 * time; its rows are kept until another is asked for, so that pages of it can be read.
 */
final class AsOf implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AsOf.class);
    private static final int BATCH_EVENTS = 4_000;
    private static final long MAX_BYTES = 64 << 20;

    private final Vertx vertx;
    private final Log log;
    private final ReadPool reads;
    private final UnaryOperator<Table> scratch;
    private final WorkerExecutor thread;
    private @Nullable Moment last;
    private volatile boolean isClosed;

    /** @param scratch makes an empty table like another, which is not in the store */
    AsOf(Vertx vertx, Log log, ReadPool reads, UnaryOperator<Table> scratch) {
        this.scratch = scratch;
        this.vertx = vertx;
        this.log = log;
        this.reads = reads;
        thread = vertx.createSharedWorkerExecutor("as-of", 1, 1, TimeUnit.DAYS);
    }

    /** A table being folded, or folded. */
    private static final class Moment {
        private final int viewId;
        private final long[] until;
        private final CompletableFuture<Table> done = new CompletableFuture<>();
        private volatile long events;

        Moment(int viewId, long[] until) {
            this.viewId = viewId;
            this.until = until;
        }

        private Failure notYet() {
            long total = Arrays.stream(until).sum();
            return Failure.of(
                            Failure.Kind.NOT_YET,
                            "found " + events + " of " + total + " events folded, expected all of them: ask again")
                    .with("events", events)
                    .with("total", total);
        }
    }

    /** The offsets of the last events up to a cursor; INVALID_CURSOR beyond the log. Blocking. */
    static long[] offsets(Log log, Cursor cursor) {
        cursor.within(log.head());
        long latestMicros = 0;
        var until = new long[log.shards()];
        for (int shard = 0; shard < until.length; shard++) {
            until[shard] = cursor.offset(shard);
            var last = until[shard] > 0 ? log.event(new Position(shard, until[shard])) : null;
            latestMicros = Math.max(latestMicros, last == null ? 0 : last.recordedMicros());
        }
        for (int shard = 0; shard < until.length; shard++) {
            if (until[shard] == Cursor.UNNAMED) {
                until[shard] = log.shard(shard).offsetBefore(latestMicros + 1);
            }
        }
        return until;
    }

    /** The offsets of the last events recorded up to a moment. Blocking. */
    static long[] offsets(Log log, long recordedMicros) {
        var until = new long[log.shards()];
        for (int shard = 0; shard < until.length; shard++) {
            until[shard] = log.shard(shard).offsetBefore(recordedMicros + 1);
        }
        return until;
    }

    /** The rows of a live table's projection when the log had got to some offsets. */
    Future<Rows> rows(Table live, long[] until, long waitMillis) {
        Moment moment;
        try {
            moment = moment(live, until);
        } catch (Failure busy) {
            return Future.failedFuture(busy);
        }
        var answer = new CompletableFuture<Rows>();
        long timer = vertx.setTimer(Math.max(1, waitMillis), late -> answer.completeExceptionally(moment.notYet()));
        moment.done.whenComplete((table, failed) -> {
            vertx.cancelTimer(timer);
            if (failed == null) {
                answer.complete(new TableRows(table));
            } else {
                answer.completeExceptionally(failed);
            }
        });
        return Future.fromCompletionStage(answer, vertx.getOrCreateContext());
    }

    private synchronized Moment moment(Table live, long[] until) {
        var known = last;
        if (known != null && known.viewId == live.viewId() && Arrays.equals(known.until, until)) {
            if (!known.done.isCompletedExceptionally()) {
                return known;
            }
        } else if (known != null && !known.done.isDone()) {
            throw Failure.of(
                    Failure.Kind.OVERLOADED,
                    "found the rows of another moment being folded (" + known.events
                            + " events so far), try again later");
        }
        var next = new Moment(live.viewId(), until);
        last = next;
        thread.executeBlocking(() -> {
                    fold(next, scratch.apply(live));
                    return null;
                })
                .onFailure(next.done::completeExceptionally);
        return next;
    }

    private void fold(Moment moment, Table table) {
        var lane = new Lane(log, List.of(table));
        do {
            if (isClosed) {
                throw Failure.of(Failure.Kind.UNAVAILABLE, "stopped while rows of another time were being folded");
            }
            moment.events += lane.take(BATCH_EVENTS, moment.until);
            lane.fold(table, new NothingLeaves());
            table.commit(lane.offsets().clone(), lane.lastMicros(), false);
            table.takeAlerts();
            if (table.unwrittenBytes() > MAX_BYTES) {
                throw Failure.of(
                        Failure.Kind.OVERLOADED,
                        "found more than " + (MAX_BYTES >> 20) + " MiB of rows after " + moment.events
                                + " events, expected fewer: as of a time rows are kept in memory");
            }
        } while (!lane.isAt(moment.until) || table.hasDue());
        moment.done.complete(table);
    }

    /** Dead letters and alerts of the past were written then. */
    private static final class NothingLeaves implements Program.Outcomes {
        @Override
        public void refused(Table table, RecordedEvent event, Program.Refusal refusal) {}

        @Override
        public void broken(Table table, RuntimeException bug) {
            throw bug;
        }
    }

    /** The rows of one table, whatever becomes of the view. */
    private final class TableRows implements Rows {
        private final Table table;

        TableRows(Table table) {
            this.table = table;
        }

        @Override
        public String name() {
            return table.name();
        }

        @Override
        public List<String> columns() {
            return table.columns().names();
        }

        @Override
        public Future<KeyedRow> row(String key) {
            return reads.run(() -> new TableReads(table).row(key));
        }

        @Override
        public Future<Page> rows(
                String prefix,
                @Nullable String afterKey,
                int limit,
                @Nullable Predicate<Function<String, @Nullable Object>> where) {
            return reads.run(() -> new TableReads(table).rows(prefix, afterKey, limit, where));
        }

        @Override
        public Future<Page> rowsBy(
                Order order,
                String prefix,
                @Nullable String after,
                int limit,
                @Nullable Predicate<Function<String, @Nullable Object>> where,
                boolean mayScan) {
            return reads.run(() -> new OrderedReads(table).rows(order, prefix, after, limit, where, mayScan));
        }
    }

    @Override
    public void close() {
        isClosed = true;
        thread.close().onFailure(late -> LOG.warn("as_of_not_closed", late));
    }
}
