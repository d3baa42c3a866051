package dev.sluice.kafka;

import dev.sluice.spi.Source;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Where a source stands in one partition. Belongs to the poll thread. */
final class Lane {
    private static final long FIRST_BACKOFF_NANOS = 100_000_000;
    private static final int MAX_DOUBLINGS = 6;

    final TopicPartition topicPartition;
    Source.Partition identity;
    Phase phase = Phase.LOCATING;
    /** A poll is at the sink and not answered. */
    boolean isInFlight;
    /** The offset after what was handed over last. */
    long next = -1;
    /** The end of the partition as it was last seen; the consumer tells it only of what it reads just now. */
    long end = -1;
    /** The offset after what the sink has committed. */
    long committed = -1;
    /** The offset of the last watermark that every shard is known to have. */
    long settled = -1;
    /** {@link #committed} as the group knows it, for lag tools. */
    long reported = -1;

    long handedOverNanos;
    long retryNanos;

    @Nullable
    String problem;

    /** Counts the attempts to find where to read; an answer to an earlier one is out of date. */
    int attempt;

    private int failures;

    Lane(TopicPartition topicPartition, Source.Partition identity) {
        this.topicPartition = topicPartition;
        this.identity = identity;
    }

    enum Phase {
        /** The sink is asked where to read on. */
        LOCATING,
        /** Assigned and read. */
        READING,
        /** Failed; is located again when its time has come. */
        WAITING
    }

    void begin(long offset) {
        phase = Phase.READING;
        next = offset;
        committed = offset;
        settled = offset;
    }

    void succeeded() {
        failures = 0;
        problem = null;
    }

    /** Waits until who refused said to come again: that is back-pressure, no failure. */
    void refused(String why, long untilNanos) {
        phase = Phase.WAITING;
        problem = why;
        retryNanos = untilNanos;
    }

    /** Waits before the next attempt, twice as long after each failure, at most 6.4 s. */
    void failed(String why, long nowNanos) {
        phase = Phase.WAITING;
        problem = why;
        retryNanos = nowNanos + (FIRST_BACKOFF_NANOS << Math.min(failures, MAX_DOUBLINGS));
        failures++;
    }
}
