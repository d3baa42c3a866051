package dev.sluice.spi;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A source of raw records: what a connector implements. It hands polls over one partition at a time and in order, has one poll
 * of a partition in flight, and reads on from what the shards have stored.
 */
public interface Source extends AutoCloseable {
    /** What a sink may answer instead of a position: read what comes from now on. The first poll then is empty and says where that is. */
    long END = -1;

    /** Begins to poll on threads of its own; returns at once. A broker that is away is tried again with backoff. */
    void start(Sink sink);

    /** The state for health and {@code /v1/info}. */
    Status status();

    /** Stops polling, waits for what is in flight. */
    @Override
    void close();

    /** Makes sources of one kind; found by ServiceLoader. */
    interface Factory {
        /** The configuration key below which sources of this kind stand, such as {@code kafka}. */
        String kind();

        /**
         * @param connection settings shared by all sources of the kind ({@code bootstrapServers}, client properties)
         * @param groupId for lag tools only
         * @param onOffsetLossEarliest read on from the earliest record when the stored offset is gone; else halt as degraded
         */
        Source create(
                String name,
                List<String> topics,
                @Nullable String pattern,
                Map<String, String> connection,
                String groupId,
                boolean onOffsetLossEarliest);

        /** Writes to topics of what {@code connection} leads to; a broker that is away is found when it comes. */
        TopicWriter writer(Map<String, String> connection);
    }

    /** Where a source hands polls over: the ingest room. */
    interface Sink {
        /**
         * Where to read on: the smallest stored next offset over all shards; null when nothing is stored anywhere, for the beginning; or
         * {@link Source#END}. Fails when the topic behind the name is another one (SOURCE_CHANGED).
         */
        CompletionStage<@Nullable Long> position(Partition partition);

        /** Takes one poll of one partition; the answer comes after the commit on every shard and allows the next poll of it. */
        CompletionStage<Void> accept(Poll poll);
    }

    /** A partition with the identity of what stands behind its name. */
    record Partition(String clusterId, String topicId, String topic, int partition) {}

    /** Records of {@code [from, next)} of a partition, ascending; may be empty where only control records lay. */
    record Poll(Partition partition, long from, long next, List<RawRecord> records) {}

    /** A record as the broker gave it; arrays must not be changed. */
    record RawRecord(
            long offset, long timestampMillis, byte @Nullable [] key, byte @Nullable [] value, List<Header> headers) {}

    /** A header of a record. */
    record Header(String name, byte @Nullable [] value) {}

    /** {@code lag}: records not yet committed to the log, −1 when not known; {@code problem}: null when all is well. */
    record Status(
            String name,
            List<String> topics,
            boolean connected,
            long lag,
            @Nullable String problem) {}
}
