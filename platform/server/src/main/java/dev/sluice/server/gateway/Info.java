package dev.sluice.server.gateway;

import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who the process is, for {@code /v1/info}.
 *
 * @param startedMicros when it began, µs since 1970 UTC
 * @param clockMicros the process's clock, µs since 1970 UTC
 * @param kafka its connection now, null when it has none; asked on event loops
 */
public record Info(
        String version, String node, long startedMicros, LongSupplier clockMicros, Supplier<@Nullable Kafka> kafka) {
    /** The broker and what is read from it. */
    public record Kafka(String bootstrapServers, boolean connected, List<KafkaSource> sources) {}

    /** {@code lag}: records not yet in the log, −1 when not known. */
    public record KafkaSource(
            String name,
            List<String> topics,
            boolean connected,
            long lag,
            @Nullable String problem) {}
}
