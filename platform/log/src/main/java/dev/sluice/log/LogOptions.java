package dev.sluice.log;

import java.util.function.LongSupplier;

/**
 * How a log is opened; immutable.
 *
 * @param shards used when the log is created; an existing log with another count is refused
 * @param queue most writes waiting per shard; one more is OVERLOADED
 * @param maxEventBytes most data and attributes of one event
 * @param maxAppendBytes most of one append
 * @param appendIdRetentionDays how long append ids are remembered
 * @param memoryBytes block cache and memtables of all shards together
 * @param clockMicros recorded time, µs since 1970 UTC
 * @param metrics told of groups and syncs
 * @param commitLogs how each shard commits
 */
public record LogOptions(
        int shards,
        int queue,
        int maxEventBytes,
        int maxAppendBytes,
        int appendIdRetentionDays,
        long memoryBytes,
        LongSupplier clockMicros,
        LogMetrics metrics,
        CommitLog.Factory commitLogs) {
    /** The documented defaults, on the system clock and the embedded commit log. */
    public static LogOptions defaults() {
        return new LogOptions(
                1,
                65_536,
                1 << 20,
                16 << 20,
                7,
                256L << 20,
                () -> {
                    var now = java.time.Instant.now();
                    return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
                },
                LogMetrics.NONE,
                CommitLog.EMBEDDED);
    }

    public LogOptions withShards(int count) {
        return new LogOptions(
                count,
                queue,
                maxEventBytes,
                maxAppendBytes,
                appendIdRetentionDays,
                memoryBytes,
                clockMicros,
                metrics,
                commitLogs);
    }

    public LogOptions withMetrics(LogMetrics told) {
        return new LogOptions(
                shards,
                queue,
                maxEventBytes,
                maxAppendBytes,
                appendIdRetentionDays,
                memoryBytes,
                clockMicros,
                told,
                commitLogs);
    }

    public LogOptions withCommitLogs(CommitLog.Factory factory) {
        return new LogOptions(
                shards,
                queue,
                maxEventBytes,
                maxAppendBytes,
                appendIdRetentionDays,
                memoryBytes,
                clockMicros,
                metrics,
                factory);
    }

    public LogOptions withClock(LongSupplier micros) {
        return new LogOptions(
                shards,
                queue,
                maxEventBytes,
                maxAppendBytes,
                appendIdRetentionDays,
                memoryBytes,
                micros,
                metrics,
                commitLogs);
    }
}
