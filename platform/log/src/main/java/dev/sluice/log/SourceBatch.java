package dev.sluice.log;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What one poll of a source partition brought for one shard: the records of {@code [from, next)} that belong to it.
 *
 * <p>Exactly once (DESIGN.md §4): the shard stores {@code next} for each (source, topic, partition) with the events.
 * {@code next <= stored}: dropped. {@code from > stored} with something stored: SOURCE_GAP. Records below stored are skipped.
 * {@code topicId} or {@code clusterId} other than the stored ones: SOURCE_CHANGED. With {@code lossAccepted} neither of the
 * two failures: other ids count as nothing stored, a gap is passed over.
 *
 * @param source name of the source
 * @param lossAccepted {@code onOffsetLoss: earliest}: the source reads on when what it stood at is gone
 * @param records ascending by source offset; may be empty (then only the watermark moves)
 */
public record SourceBatch(
        String source,
        String clusterId,
        String topicId,
        String topic,
        int partition,
        long from,
        long next,
        boolean lossAccepted,
        List<SourceEvent> records) {
    /**
     * One record, mapped.
     *
     * @param expected checked in the writer; on conflict {@code onConflict} is appended in its place
     * @param onConflict dead letter for a failed expectation: stream and event; null: the record is appended whatever
     *     {@code expected} says
     * @param ordered {@code ordering: park}: waits behind a dead letter of its key; null: goes on whatever became of others
     */
    public record SourceEvent(
            long sourceOffset,
            String stream,
            Expected expected,
            Event event,
            @Nullable DeadLetterFactory onConflict,
            @Nullable Ordered ordered) {
        public SourceEvent(
                long sourceOffset,
                String stream,
                Expected expected,
                Event event,
                @Nullable DeadLetterFactory onConflict) {
            this(sourceOffset, stream, expected, event, onConflict, null);
        }
    }

    /**
     * What keeps the records of a key in order.
     *
     * @param key of the record, in any injective form
     * @param parked makes the dead letter that waits behind the one at a position
     */
    public record Ordered(String key, Function<Position, Event> parked) {}

    /** Makes the dead letter of a refused record. */
    @FunctionalInterface
    public interface DeadLetterFactory {
        Event refused(Failure reason);
    }

    /** The answer: the shard's visible head after the commit, how many records were appended, became dead letters, were skipped. */
    public record Ingested(long head, int appended, int refused, int skipped) {}

    /** What a shard stores for a source partition. */
    public record Watermark(String clusterId, String topicId, long next) {}

    /** The stream of dead letters of a source partition in a shard. */
    public static String deadLetterStream(String source, int partition, int shard, int shards) {
        return inShard("$dlq." + source + "-" + partition, shard, shards);
    }

    /** The stream of what became of the dead letters in {@link #deadLetterStream}, in the same shard. */
    public static String resolvedStream(String source, int partition, int shard, int shards) {
        return inShard("$dlq-resolved." + source + "-" + partition, shard, shards);
    }

    private static String inShard(String plain, int shard, int shards) {
        return Partitioner.shardOf(plain, shards) == shard ? plain : plain + "@" + shard;
    }
}
