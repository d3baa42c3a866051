package dev.sluice.participant;

import dev.sluice.spi.Source;
import dev.sluice.spi.Source.RawRecord;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads a reply topic from its end: what came before was for nobody who waits. Once it stands in every partition, partitions that come
 * later are read from their beginning, and where it stands survives the loss of the broker.
 */
final class ReplySink implements Source.Sink {
    private static final long NOT_YET = -1;

    private final Function<List<RawRecord>, Future<Void>> replies;
    private final Map<Integer, Stand> stands = new ConcurrentHashMap<>();
    private volatile boolean isComplete;

    /** Up to where a partition was read, {@link #NOT_YET} while that is looked for. */
    private record Stand(Source.Partition partition, long next) {}

    /** @param replies takes what was read, and allows the next with its answer */
    ReplySink(Function<List<RawRecord>, Future<Void>> replies) {
        this.replies = replies;
    }

    /** Whether no reply to a command that is sent from now on is missed. */
    boolean isComplete() {
        return isComplete;
    }

    @Override
    public CompletionStage<@Nullable Long> position(Source.Partition partition) {
        var stand = stands.get(partition.partition());
        if (stand != null && stand.next != NOT_YET && stand.partition.equals(partition)) {
            return CompletableFuture.completedFuture(stand.next);
        }
        stands.put(partition.partition(), new Stand(partition, NOT_YET));
        return CompletableFuture.completedFuture(isComplete ? null : (Long) Source.END);
    }

    @Override
    public CompletionStage<Void> accept(Source.Poll poll) {
        return replies.apply(poll.records())
                .onSuccess(taken -> {
                    stands.put(poll.partition().partition(), new Stand(poll.partition(), poll.next()));
                    isComplete = isComplete || stands.values().stream().allMatch(stand -> stand.next != NOT_YET);
                })
                .toCompletionStage();
    }
}
