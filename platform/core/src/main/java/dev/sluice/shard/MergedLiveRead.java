package dev.sluice.shard;

import dev.sluice.log.Cursor;
import dev.sluice.log.EventPage;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Log;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Selection;
import dev.sluice.log.Shard;
import dev.sluice.log.Tail;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A live read over shards: one lane a shard, each first reading pages through the cheapest index until it is at the head, then
 * pulling its tail. It holds at most one batch a lane and moves only on demand. All state belongs to one context.
 */
final class MergedLiveRead implements EventLog.LiveRead {
    private static final int MAX_EVENTS = 256;
    private static final int MAX_SCAN = 20_000;

    private final Context context;
    private final Log log;
    private final ReadPool reads;
    private final Selection selection;
    private final @Nullable Predicate<RecordedEvent> where;
    private final List<Lane> lanes = new ArrayList<>();
    private Cursor cursor;
    private int turn;
    private long demand = Long.MAX_VALUE;
    private boolean closed;
    private @Nullable Handler<EventLog.Batch> handler;
    private @Nullable Handler<Throwable> exceptionHandler;
    private @Nullable Handler<Void> endHandler;

    MergedLiveRead(
            Context context,
            Log log,
            ReadPool reads,
            Selection selection,
            Cursor after,
            @Nullable Predicate<RecordedEvent> where) {
        this.context = context;
        this.log = log;
        this.reads = reads;
        this.selection = selection;
        this.where = where;
        Cursor from = Cursor.start(log.shards());
        for (int shard = 0; shard < log.shards(); shard++) {
            long offset = after.offset(shard);
            from = from.with(shard, offset == Cursor.UNNAMED ? log.shard(shard).head() : offset);
            if (!(selection instanceof Selection.OfStream only) || log.shardOf(only.stream()) == shard) {
                lanes.add(new Lane(log.shard(shard), from.offset(shard)));
            }
        }
        cursor = from;
    }

    @Override
    public EventLog.LiveRead handler(@Nullable Handler<EventLog.Batch> told) {
        onContext(() -> {
            handler = told;
            pump();
        });
        return this;
    }

    @Override
    public EventLog.LiveRead exceptionHandler(@Nullable Handler<Throwable> told) {
        exceptionHandler = told;
        return this;
    }

    @Override
    public EventLog.LiveRead endHandler(@Nullable Handler<Void> told) {
        endHandler = told;
        return this;
    }

    @Override
    public EventLog.LiveRead pause() {
        onContext(() -> demand = 0);
        return this;
    }

    @Override
    public EventLog.LiveRead resume() {
        return fetch(Long.MAX_VALUE);
    }

    @Override
    public EventLog.LiveRead fetch(long amount) {
        onContext(() -> {
            demand = demand + amount < 0 ? Long.MAX_VALUE : demand + amount;
            pump();
        });
        return this;
    }

    @Override
    public Future<Void> close() {
        var done = io.vertx.core.Promise.<Void>promise();
        onContext(() -> {
            if (!closed) {
                closed = true;
                lanes.forEach(Lane::stop);
                if (endHandler != null) {
                    endHandler.handle(null);
                }
            }
            done.complete();
        });
        return done.future();
    }

    /** At once when the caller is on the context already, so that no batch follows a pause. */
    private void onContext(Runnable change) {
        if (io.vertx.core.Vertx.currentContext() == context) {
            change.run();
        } else {
            context.runOnContext(now -> change.run());
        }
    }

    /** Begins behind the lane that gave the last batch, so that a busy shard leaves none behind. */
    private void pump() {
        int first = turn;
        for (int i = 0; i < lanes.size() && demand > 0; i++) {
            lanes.get((first + i) % lanes.size()).pull();
        }
    }

    private void emit(Lane lane, List<RecordedEvent> events, long offset, boolean caughtUp) {
        cursor = cursor.with(lane.shard.number(), offset);
        turn = (lanes.indexOf(lane) + 1) % lanes.size();
        if (demand != Long.MAX_VALUE) {
            demand--;
        }
        if (handler != null) {
            handler.handle(new EventLog.Batch(events, cursor, caughtUp));
        }
    }

    private void fail(Throwable cause) {
        if (!closed) {
            closed = true;
            lanes.forEach(Lane::stop);
            if (exceptionHandler != null) {
                exceptionHandler.handle(cause);
            }
        }
    }

    /** One shard's way: pages from the index while it lags, its tail afterwards. */
    private final class Lane {
        private final Shard shard;
        private Tail tail;
        private boolean isBusy;
        /** A page that was read for a demand which another lane met first. */
        private @Nullable EventPage held;

        Lane(Shard shard, long offset) {
            this.shard = shard;
            this.tail = shard.tail(offset);
        }

        void stop() {
            tail.onReady(null);
        }

        void pull() {
            if (isBusy || closed || handler == null || demand == 0) {
                return;
            }
            if (held != null) {
                EventPage page = held;
                held = null;
                emit(this, page.events(), tail.offset(), page.end());
                pull();
                return;
            }
            if (!tail.isRecent()) {
                isBusy = true;
                reads.run(this::catchUp).onComplete(page -> context.runOnContext(now -> continueFrom(page)));
                return;
            }
            isBusy = true;
            tail.onReady(() -> context.runOnContext(now -> {
                isBusy = false;
                if (!closed && handler != null && demand > 0) {
                    pollTail();
                }
            }));
        }

        private void pollTail() {
            if (!tail.isRecent()) {
                pull();
                return;
            }
            try {
                List<RecordedEvent> polled = tail.poll(MAX_EVENTS);
                if (!polled.isEmpty()) {
                    emit(this, matching(polled), tail.offset(), tail.offset() >= shard.head());
                }
            } catch (RuntimeException refused) {
                fail(refused);
                return;
            }
            pull();
        }

        private List<RecordedEvent> matching(List<RecordedEvent> polled) {
            var matches = new ArrayList<RecordedEvent>(polled.size());
            for (RecordedEvent event : polled) {
                if (selection.includes(event) && (where == null || where.test(event))) {
                    matches.add(event);
                }
            }
            return matches;
        }

        private EventPage catchUp() {
            Cursor here = Cursor.of(unnamedExcept(shard.number(), tail.offset()));
            return log.read(
                    new EventQuery(selection, here, null, EventQuery.Direction.FORWARD, MAX_EVENTS, MAX_SCAN, where));
        }

        private void continueFrom(io.vertx.core.AsyncResult<EventPage> read) {
            isBusy = false;
            if (closed) {
                return;
            }
            if (read.failed()) {
                fail(read.cause());
                return;
            }
            EventPage page = read.result();
            tail = shard.tail(page.next().offset(shard.number()));
            held = page;
            pull();
        }
    }

    private long[] unnamedExcept(int shard, long offset) {
        long[] offsets = new long[log.shards()];
        java.util.Arrays.fill(offsets, Cursor.UNNAMED);
        offsets[shard] = offset;
        return offsets;
    }
}
