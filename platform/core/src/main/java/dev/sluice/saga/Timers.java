package dev.sluice.saga;

import dev.sluice.log.Shard;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The timers of a shard by the keys of their rows, which are in the order in which they are due. Those before a horizon are held in memory,
 * the others are left in the store until it moves. For one context.
 */
final class Timers {
    private static final int MAX_HELD = 200_000;
    private static final int ROWS_A_READ = 2_000;

    private final EventLog log;
    private final int shard;
    private final long windowMillis;
    private final TreeSet<String> held = new TreeSet<>();
    /** Rows below it are held. */
    private String horizon = RowKeys.TIMERS;

    private boolean isLoading;
    private boolean isCut;
    private final Set<String> goneMeanwhile = new HashSet<>();

    Timers(EventLog log, int shard, long windowMillis) {
        this.log = log;
        this.shard = shard;
        this.windowMillis = windowMillis;
    }

    void change(List<String> disarmed, List<String> armed) {
        held.removeAll(new HashSet<>(disarmed));
        if (isLoading) {
            goneMeanwhile.addAll(disarmed);
            armed.forEach(goneMeanwhile::remove);
        }
        armed.stream().filter(key -> key.compareTo(horizon) < 0).forEach(held::add);
    }

    /** When the first is due, null when none is held. */
    @Nullable
    Long nextMillis() {
        return held.isEmpty() ? null : dueMillis(held.first());
    }

    static long dueMillis(String key) {
        return RowKeys.hexPart(key, 2);
    }

    /** Takes those that are due, in order. */
    List<String> take(long nowMillis, int limit) {
        var due = new ArrayList<String>();
        while (due.size() < limit && !held.isEmpty() && dueMillis(held.first()) <= nowMillis) {
            due.add(held.pollFirst());
        }
        return due;
    }

    /** Moves the horizon when it has come near; answers when all before it are held. */
    Future<Void> load(long nowMillis) {
        boolean isFar = horizon.compareTo(RowKeys.dueBefore(nowMillis + windowMillis / 2)) >= 0;
        if (isLoading || isFar || isCut && held.size() > MAX_HELD / 2) {
            return Future.succeededFuture();
        }
        isLoading = true;
        isCut = false;
        String from = horizon;
        horizon = RowKeys.dueBefore(nowMillis + windowMillis);
        return load(from).onComplete(done -> {
            isLoading = false;
            goneMeanwhile.clear();
            if (done.failed()) {
                horizon = from;
                held.tailSet(from).clear();
            }
        });
    }

    private Future<Void> load(String after) {
        return log.rows(shard, RowKeys.TIMERS, after, ROWS_A_READ).compose(rows -> {
            for (Shard.Row row : rows) {
                if (row.key().compareTo(horizon) >= 0) {
                    return Future.succeededFuture();
                }
                if (held.size() >= MAX_HELD) {
                    cut(row.key());
                    return Future.succeededFuture();
                }
                if (!goneMeanwhile.contains(row.key())) {
                    held.add(row.key());
                }
            }
            return rows.size() < ROWS_A_READ
                    ? Future.succeededFuture()
                    : load(rows.get(rows.size() - 1).key());
        });
    }

    private void cut(String at) {
        isCut = true;
        horizon = at;
        held.tailSet(at).clear();
    }

    /** Rings once, when the first of several times has come. For one context. */
    static final class Alarm {
        private final Runnable ring;
        private long timer = -1;
        private long atMillis;

        Alarm(Runnable ring) {
            this.ring = ring;
        }

        /** Rings no later than this, null: whenever it is set to ring. */
        void set(Vertx vertx, @Nullable Long dueMillis, long nowMillis) {
            if (dueMillis == null || timer >= 0 && atMillis <= dueMillis) {
                return;
            }
            if (timer >= 0) {
                vertx.cancelTimer(timer);
            }
            atMillis = dueMillis;
            timer = vertx.setTimer(Math.max(1, dueMillis - nowMillis), rung -> {
                timer = -1;
                ring.run();
            });
        }
    }
}
