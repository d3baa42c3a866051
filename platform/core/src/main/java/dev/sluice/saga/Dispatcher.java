package dev.sluice.saga;

import dev.sluice.log.Shard;
import dev.sluice.saga.machine.Outcome;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what is in the outbox of a shard, as much at a time as its limit allows; the rest waits in the store and is read in the order in which
 * it became due. After a start all of it is sent again. For one context.
 */
final class Dispatcher {
    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
    private static final int ROWS_A_READ = 256;

    private final EventLog log;
    private final int shard;
    private final int limit;
    private final Function<Dispatch, Future<Outcome>> participants;
    private final Answered answered;
    private final Map<String, Dispatch> inFlight = new HashMap<>();
    /** Rows whose answer waits to be written: they are in the store and must not be sent. */
    private final Map<String, Dispatch> answeredUnwritten = new HashMap<>();

    /** There may be rows that are neither in flight nor known here. */
    private boolean isBehind;

    private boolean isReading;
    private String readUpTo = "";
    /** Of the rows that came while it was behind. */
    private @Nullable String lowest;

    private final Set<String> goneMeanwhile = new HashSet<>();
    private boolean isStopped;

    /** Hears what became of what was sent. */
    interface Answered {
        void answered(String row, Dispatch dispatch, Outcome outcome);
    }

    Dispatcher(
            EventLog log, int shard, int limit, Function<Dispatch, Future<Outcome>> participants, Answered answered) {
        this.log = log;
        this.shard = shard;
        this.limit = limit;
        this.participants = participants;
        this.answered = answered;
    }

    /** Sends what the store has. */
    void start() {
        isBehind = true;
        read();
    }

    void stop() {
        isStopped = true;
    }

    void change(List<String> unsent, Map<String, Dispatch> sent) {
        if (isReading) {
            goneMeanwhile.addAll(unsent);
        }
        unsent.forEach(answeredUnwritten::remove);
        sent.forEach(this::offer);
    }

    /** An answer has been written; should its row still be there, it is sent again. */
    void written(String row) {
        if (answeredUnwritten.remove(row) != null) {
            isBehind = true;
            lowest = lowest == null || row.compareTo(lowest) < 0 ? row : lowest;
        }
    }

    private void offer(String key, Dispatch dispatch) {
        goneMeanwhile.remove(key);
        if (!isBehind && !isReading && inFlight.size() < limit) {
            send(key, dispatch);
            return;
        }
        isBehind = true;
        lowest = lowest == null || key.compareTo(lowest) < 0 ? key : lowest;
    }

    private void send(String key, Dispatch dispatch) {
        if (isStopped || dispatch.isSame(inFlight.get(key)) || dispatch.isSame(answeredUnwritten.get(key))) {
            return;
        }
        inFlight.put(key, dispatch);
        participants
                .apply(dispatch)
                .otherwise(failed -> new Outcome.Unknown(String.valueOf(failed)))
                .onSuccess(outcome -> {
                    inFlight.remove(key, dispatch);
                    if (!isStopped) {
                        answeredUnwritten.put(key, dispatch);
                        answered.answered(key, dispatch, outcome);
                        read();
                    }
                })
                .onFailure(bug -> LOG.error("saga_answer_lost command={}", dispatch.commandId(), bug));
    }

    /** Reads on when there is room; also looks again after a read that failed. */
    void read() {
        if (!isBehind || isReading || isStopped || inFlight.size() > limit / 2) {
            return;
        }
        if (lowest != null && lowest.compareTo(readUpTo) <= 0) {
            readUpTo = ""; // an older one that was parked has come back
        }
        isReading = true;
        isBehind = false;
        lowest = null;
        goneMeanwhile.clear();
        log.rows(shard, RowKeys.OUTBOX, readUpTo, ROWS_A_READ).onComplete(rows -> {
            isReading = false;
            if (rows.succeeded()) {
                take(rows.result());
                read();
            } else {
                isBehind = true;
                LOG.warn(
                        "saga_outbox_unread shard={} problem=\"{}\"",
                        shard,
                        rows.cause().getMessage());
            }
        });
    }

    private void take(List<Shard.Row> rows) {
        for (var row : rows) {
            if (inFlight.size() >= limit) {
                isBehind = true;
                return;
            }
            if (!goneMeanwhile.contains(row.key())) {
                send(row.key(), Json.value(row.value(), Dispatch.class));
            }
            readUpTo = row.key();
        }
        isBehind |= rows.size() == ROWS_A_READ;
    }

    int inFlight() {
        return inFlight.size();
    }
}
