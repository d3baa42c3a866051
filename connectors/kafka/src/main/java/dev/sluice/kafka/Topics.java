package dev.sluice.kafka;

import dev.sluice.spi.Source;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/** The topics of a source as the cluster describes them; asks without blocking, answers on the admin client's thread. */
final class Topics {
    private final Admin admin;
    private final List<String> names;
    private final @Nullable Pattern pattern;

    Topics(Admin admin, List<String> names, @Nullable Pattern pattern) {
        this.admin = admin;
        this.names = names;
        this.pattern = pattern;
    }

    /** A topic with the identity of what stands behind its name. */
    record Topic(String id, int partitions) {}

    /** The source's topics by name, and those that are named but not there. */
    record Found(String clusterId, Map<String, Topic> topics, List<String> missing) {}

    /** What a partition holds: offsets of its first and next record. */
    record Range(long earliest, long latest) {}

    /** Where reading begins; {@code isEnd}: the sink does not know it yet. */
    record Beginning(long offset, boolean isEnd) {}

    CompletionStage<Found> find() {
        CompletionStage<String> cluster = admin.describeCluster().clusterId().toCompletionStage();
        return cluster.thenCompose(clusterId -> wanted().thenCompose(wanted -> describe(clusterId, wanted)));
    }

    private CompletionStage<List<String>> wanted() {
        if (pattern == null) {
            return CompletableFuture.completedFuture(names);
        }
        Pattern whole = pattern;
        return admin.listTopics().names().toCompletionStage().thenApply(all -> all.stream()
                .filter(name -> whole.matcher(name).matches())
                .toList());
    }

    private CompletionStage<Found> describe(String clusterId, Collection<String> wanted) {
        var topics = new TreeMap<String, Topic>();
        var missing = new ArrayList<String>();
        CompletionStage<Found> described = CompletableFuture.completedFuture(new Found(clusterId, topics, missing));
        for (var each : admin.describeTopics(wanted).topicNameValues().entrySet()) {
            var topic = each.getValue().toCompletionStage().handle(Topics::orNull);
            described = described.thenCombine(topic, (found, description) -> {
                if (description == null) {
                    missing.add(each.getKey());
                } else {
                    topics.put(
                            each.getKey(),
                            new Topic(
                                    description.topicId().toString(),
                                    description.partitions().size()));
                }
                return found;
            });
        }
        return described;
    }

    private static @Nullable TopicDescription orNull(
            @Nullable TopicDescription description, @Nullable Throwable failure) {
        if (failure == null) {
            return description;
        }
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof UnknownTopicOrPartitionException) {
            return null;
        }
        throw new CompletionException(cause);
    }

    /** Where a sink's position is: null is the beginning. */
    CompletionStage<Beginning> beginning(TopicPartition partition, @Nullable Long position) {
        if (position == null) {
            return offset(partition, OffsetSpec.earliest()).thenApply(offset -> new Beginning(offset, false));
        }
        return position == Source.END
                ? offset(partition, OffsetSpec.latest()).thenApply(offset -> new Beginning(offset, true))
                : CompletableFuture.completedFuture(new Beginning(position, false));
    }

    CompletionStage<Range> range(TopicPartition partition) {
        return offset(partition, OffsetSpec.earliest()).thenCombine(offset(partition, OffsetSpec.latest()), Range::new);
    }

    private CompletionStage<Long> offset(TopicPartition partition, OffsetSpec spec) {
        return admin.listOffsets(Map.of(partition, spec))
                .partitionResult(partition)
                .toCompletionStage()
                .thenApply(found -> found.offset());
    }
}
