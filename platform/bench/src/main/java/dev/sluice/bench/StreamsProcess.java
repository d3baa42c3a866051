package dev.sluice.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The Kafka Streams program; each run is a new application. */
final class StreamsProcess implements AutoCloseable {
    private final Map<String, String> settings;
    private final SideProgram program;
    private int runs;

    /**
     * @param folder for its output
     * @param more settings of Kafka Streams that win over those below
     */
    StreamsProcess(Path folder, Map<String, String> more) throws IOException {
        settings = new LinkedHashMap<>(Map.of(
                "processing.guarantee", "exactly_once_v2",
                "num.stream.threads", "2",
                "statestore.cache.max.bytes", "67108864",
                "replication.factor", "1",
                "consumer.max.poll.records", "4000",
                "consumer.fetch.max.bytes", "16777216",
                "consumer.max.partition.fetch.bytes", "4194304",
                "consumer.fetch.max.wait.ms", "20",
                "consumer.receive.buffer.bytes", "1048576",
                "producer.batch.size", "131072"));
        settings.putAll(more);
        program = new SideProgram("streams", "StreamsMain", folder);
    }

    /**
     * Reads the topic once; the time runs from the first record that is folded until the offsets of the last are committed, rows
     * and changelog with them.
     *
     * @param stateFolder of its stores
     */
    Run run(Topic topic, Path stateFolder, boolean isCached) throws IOException {
        var command = new ArrayList<>(
                List.of(topic.name(), String.valueOf(topic.records()), isCached ? "cached" : "uncached"));
        settings.forEach((key, value) -> command.add(key + "=" + value));
        command.add("bootstrap.servers=" + topic.bootstrapServers());
        command.add("application.id=bench-streams-" + runs++);
        command.add("state.dir=" + stateFolder);
        var run = program.run(command, topic.records());
        long folded = Long.parseLong(program.answer());
        if (folded < topic.records()) {
            throw new IllegalStateException("found %,d orders in the rows of Kafka Streams, expected at least %,d"
                    .formatted(folded, topic.records()));
        }
        return run;
    }

    @Override
    public void close() throws IOException {
        program.close();
    }
}
