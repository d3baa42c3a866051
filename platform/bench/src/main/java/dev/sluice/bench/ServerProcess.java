package dev.sluice.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server in a JVM of its own ({@code -Xmx512m}), from this process's class path: a Sluice server, asked only over its public API,
 * or a plain program that it is compared with.
 */
final class ServerProcess implements AutoCloseable {
    private static final String CONFIG = "sluice.yaml";
    /** A heap that is resident from the beginning: what the process grows by lies outside of it. */
    private static final List<String> WHOLE_HEAP = List.of("-Xms512m", "-XX:+AlwaysPreTouch");

    private final Path folder;
    private final List<String> command;
    private final HttpClient http = HttpClient.newHttpClient();
    private final Process process;
    private final URI url;

    private ServerProcess(Path folder, List<String> command) throws IOException {
        this.folder = folder;
        this.command = command;
        process = new ProcessBuilder(command)
                .redirectError(folder.resolve("server.log").toFile())
                .start();
        url = awaitReady();
    }

    private static List<String> java(List<String> flags, String main, List<String> arguments) {
        var command = new ArrayList<>(Machine.serverJava());
        command.addAll(flags);
        command.add("-Dsluice.home=" + System.getProperty("sluice.home", ""));
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(main);
        command.addAll(arguments);
        return command;
    }

    /**
     * Starts a server whose files lie in {@code folder}, those of an earlier one included, and waits until it is ready.
     *
     * @param bootstrapServers the broker of the source {@code bench}; null for no source
     */
    static ServerProcess start(Path folder, @Nullable String bootstrapServers, String topic) throws IOException {
        return start(List.of(), folder, bootstrapServers, topic);
    }

    /** As {@link #start}, with its whole heap resident from the beginning. */
    static ServerProcess startWhole(Path folder, String bootstrapServers, String topic) throws IOException {
        return start(WHOLE_HEAP, folder, bootstrapServers, topic);
    }

    /** Starts a plain program with the flags of {@link #startWhole}; it says {@code ready URL} as Sluice does. */
    static ServerProcess startPlain(Path folder, Class<?> main, List<String> arguments) throws IOException {
        Files.createDirectories(folder);
        return new ServerProcess(folder, java(WHOLE_HEAP, main.getName(), arguments));
    }

    private static ServerProcess start(List<String> flags, Path folder, @Nullable String bootstrapServers, String topic)
            throws IOException {
        Files.createDirectories(folder);
        String source = bootstrapServers == null ? "" : """
                kafka:
                  bootstrapServers: %s
                  sources:
                    - { name: bench, topics: [ %s ], stream: 'order-${key}', type: OrderPlaced }
                """.formatted(bootstrapServers, topic);
        Path config = folder.resolve(CONFIG);
        Files.writeString(
                config, "http: { port: 0 }\ndata: { dir: '%s' }\n%s".formatted(folder.resolve("data"), source));
        return new ServerProcess(
                folder, java(flags, "dev.sluice.server.Main", List.of("serve", "--config", config.toString())));
    }

    /** Starts a Sluice server that has ended again, on its files and its port. */
    ServerProcess startAgain() throws IOException {
        Path config = folder.resolve(CONFIG);
        Files.writeString(config, Files.readString(config).replace("port: 0", "port: " + url.getPort()));
        return new ServerProcess(folder, command);
    }

    URI url() {
        return url;
    }

    long pid() {
        return process.pid();
    }

    /** Applies the projection {@code bench}: count, sum and last by stream key. */
    void applyProjection() throws IOException, InterruptedException {
        var answer = http.send(
                HttpRequest.newBuilder(url.resolve("/v1/projections/" + BenchProjection.NAME))
                        .header("Content-Type", "application/yaml")
                        .PUT(HttpRequest.BodyPublishers.ofString(BenchProjection.YAML))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() >= 300) {
            throw new IOException("the projection was refused: " + answer.body());
        }
    }

    /** CPU time so far. */
    double cpuSeconds() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / 1e9;
    }

    /** What the server's heap holds after a full collection. */
    long liveHeapBytes() throws IOException, InterruptedException {
        var histogram = new ProcessBuilder(Machine.javaTool("jcmd"), String.valueOf(pid()), "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        long bytes = -1;
        try (var lines = output(histogram)) {
            for (String line; (line = lines.readLine()) != null; ) {
                if (line.startsWith("Total")) {
                    bytes = Long.parseLong(line.trim().split("\\s+")[2]);
                }
            }
        }
        histogram.waitFor();
        return bytes;
    }

    long residentBytes() throws IOException {
        return Machine.residentBytes(pid());
    }

    /** Ends the server as SIGKILL does; its files stay. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                kill();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }

    private URI awaitReady() throws IOException {
        var lines = output(process);
        for (String line; (line = lines.readLine()) != null; ) {
            if (line.startsWith("ready ")) {
                return URI.create(line.substring("ready ".length()).trim());
            }
        }
        String log = Files.readString(folder.resolve("server.log"));
        throw new IOException(
                "the server ended before it was ready: " + log.substring(Math.max(0, log.length() - 2_000)));
    }

    private static BufferedReader output(Process process) {
        return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }
}
