package dev.sluice.saga;

import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which inputs of a shard are tried alone: the first after a crash loop, and those of a write that failed. In a crash loop the store is told first what
 * is going to be tried, so that the next start knows what to condemn. For one context, unless said.
 */
final class Trials {
    private static final Logger LOG = LoggerFactory.getLogger(Trials.class);
    /** So many inputs after a crash loop. */
    private static final int AFTER_A_LOOP = 1_000;

    private final EventLog log;
    private final int shard;
    private volatile @Nullable Starts starts;
    private int left;
    private boolean isAlone;

    Trials(EventLog log, int shard) {
        this.log = log;
        this.shard = shard;
    }

    /** Notes that the shard starts. */
    Future<Starts> begin() {
        var head = log.head();
        return log.write(shard, tx -> Starts.note(tx, head)).onSuccess(booted -> {
            starts = booted;
            if (booted.isLoop()) {
                left = AFTER_A_LOOP;
                LOG.warn(
                        "saga_crash_loop shard={} starts={} tried=\"{}\"",
                        shard,
                        booted.count(),
                        Objects.requireNonNullElse(booted.tried(), ""));
            }
        });
    }

    /** Up to where a source had been read when it started. Any thread, once it has. */
    long booted(int source) {
        return starts().cursors().get(source);
    }

    private Starts starts() {
        return Objects.requireNonNull(starts, "not started");
    }

    /** The next inputs are tried alone. */
    void each(int inputs) {
        left = inputs;
    }

    /** How many inputs the next write may have. */
    int most(int batch) {
        return left > 0 ? 1 : batch;
    }

    /** Whether the write that begins is of one that is tried alone. */
    boolean next() {
        isAlone = left > 0;
        left -= isAlone ? 1 : 0;
        return isAlone;
    }

    /** Whether the process ended whenever this input came. */
    boolean condemns(String input) {
        return starts().isLoop() && starts().condemns(input);
    }

    /** Answers when an input may be tried. */
    Future<?> trying(String input) {
        var known = starts();
        return known.isLoop() ? store(known.trying(input)) : Future.succeededFuture();
    }

    /** The write that tried one has gone well. */
    void written() {
        if (isAlone && left == 0) {
            end();
        }
    }

    /** What lives so long, or has taken so much, is in no crash loop. */
    void end() {
        var known = starts();
        if (known.count() > 0) {
            starts = known.ended();
            store(known.ended())
                    .onFailure(failed ->
                            LOG.warn("saga_crash_loop_noted shard={} problem=\"{}\"", shard, failed.getMessage()));
        }
    }

    private Future<Integer> store(Starts now) {
        return log.write(shard, tx -> {
            tx.put(RowKeys.STARTS, Json.bytes(now));
            return tx.shard();
        });
    }
}
