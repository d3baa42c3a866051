package dev.sluice.log;

/** What a log tells about its work; called on writer and sync threads, so it must be quick and thread-safe. */
public interface LogMetrics {
    LogMetrics NONE = new LogMetrics() {};

    /** A group was committed. */
    default void committed(int shard, int writes, int events, long bytes) {}

    /** A sync took so long. */
    default void synced(int shard, long nanos) {}

    /** A write was refused or failed. */
    default void refused(int shard, Failure.Kind kind) {}
}
