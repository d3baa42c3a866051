package dev.sluice.bench;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The Kafka Streams program in a JVM of its own ({@code -Xmx512m}) with a class path of its own. One process does all runs, each
 * with a new application, so that it is as warm as the programs that run in this process.
 */
final class StreamsProcess implements AutoCloseable {
    private static final long MOST_SECONDS_TO_END = 20;

    private final Path output;
    private final Map<String, String> settings;
    private final Process process;
    private final BufferedReader answers;
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
        output = folder.resolve("streams.log");
        process = new ProcessBuilder(
                        Machine.javaTool("java"),
                        "-Xmx512m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dlogback.configurationFile=dev/sluice/bench/streams/logback.xml",
                        "-cp",
                        libFolder() + File.separator + "*",
                        "dev.sluice.bench.streams.StreamsMain")
                .redirectError(output.toFile())
                .start();
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
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
        process.getOutputStream().write((String.join("\t", command) + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
        expect("FIRST");
        double cpuBefore = Machine.cpuSeconds();
        long start = System.nanoTime();
        expect("DONE");
        var run = new Run(topic.records(), System.nanoTime() - start, Machine.cpuSeconds() - cpuBefore, null);
        long folded = Long.parseLong(answer());
        if (folded < topic.records()) {
            throw new IllegalStateException("found %,d orders in the rows of Kafka Streams, expected at least %,d"
                    .formatted(folded, topic.records()));
        }
        return run;
    }

    private void expect(String word) throws IOException {
        String found = answer();
        if (!found.equals(word)) {
            throw new IOException("found '" + found + "' from the Kafka Streams program, expected " + word);
        }
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            String log = Files.readString(output);
            throw new IOException(
                    "the Kafka Streams program ended: " + log.substring(Math.max(0, log.length() - 2_000)));
        }
        return line;
    }

    /** The folder of its jars beside this class's own jar. */
    private static Path libFolder() {
        try {
            Path own = Path.of(StreamsProcess.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            Path folder = own.resolveSibling("streams");
            if (!Files.isDirectory(folder)) {
                throw new IllegalStateException("found no " + folder
                        + ", expected the jars of Kafka Streams there (mvn -DskipTests package makes them)");
            }
            return folder;
        } catch (URISyntaxException malformed) {
            throw new IllegalStateException(malformed);
        }
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        process.onExit()
                .completeOnTimeout(process, MOST_SECONDS_TO_END, TimeUnit.SECONDS)
                .join();
        process.destroyForcibly();
    }
}
