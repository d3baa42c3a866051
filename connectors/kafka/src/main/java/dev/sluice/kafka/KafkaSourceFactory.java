package dev.sluice.kafka;

import dev.sluice.log.Failure;
import dev.sluice.spi.Source;
import dev.sluice.spi.TopicWriter;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Makes sources that read Kafka topics. */
public final class KafkaSourceFactory implements Source.Factory {
    @Override
    public String kind() {
        return "kafka";
    }

    /** CONFIG_INVALID when the connection names no {@code bootstrapServers}. */
    @Override
    public Source create(
            String name,
            List<String> topics,
            @Nullable String pattern,
            Map<String, String> connection,
            String groupId,
            boolean onOffsetLossEarliest) {
        if (connection.getOrDefault(ClientSettings.BOOTSTRAP_SERVERS, "").isBlank()) {
            throw Failure.of(
                    Failure.Kind.CONFIG_INVALID,
                    "kafka.bootstrapServers: found nothing, expected HOST:PORT for source " + name);
        }
        return new KafkaSource(
                name,
                List.copyOf(topics),
                pattern == null ? null : Pattern.compile(pattern),
                new ClientSettings(connection, groupId),
                onOffsetLossEarliest);
    }

    @Override
    public TopicWriter writer(Map<String, String> connection) {
        return new KafkaTopicWriter(new ClientSettings(connection, ""));
    }
}
