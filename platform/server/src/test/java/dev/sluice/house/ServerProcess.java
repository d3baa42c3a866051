package dev.sluice.house;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** A Sluice server in a JVM of its own, on one port and one folder through all its lives. */
final class ServerProcess implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(60);
    private static final int ERROR_LINES = 25;

    private final Path folder;
    private final Path output;
    private final int port = freePort();
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
    private String models = "";
    private volatile @Nullable Process process;

    /**
     * @param shards of the log when it is created
     * @param kafka the {@code kafka:} part of the configuration, empty for none
     */
    ServerProcess(Path folder, int shards, String projections, String kafka) {
        this.folder = folder;
        this.output = folder.resolve("server.log");
        try {
            Files.createDirectories(folder.resolve("projections"));
            Files.writeString(folder.resolve("projections/audit.yaml"), projections);
            Files.writeString(
                    folder.resolve("sluice.yaml"), """
                    http:
                      port: %d
                    data:
                      dir: %s
                    memory:
                      budget: 64MiB
                    log:
                      shards: %d
                    views:
                      flushInterval: 300ms
                    %s""".formatted(port, folder.resolve("data"), shards, kafka));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Puts a jar of models, or a folder like one, on the class path of the lives to come. */
    ServerProcess with(Path jar) {
        models = File.pathSeparator + jar;
        return this;
    }

    /** Starts a life; returns while the server is still starting. */
    void start() {
        try {
            Files.writeString(output, "== start\n", UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            process = new ProcessBuilder(command())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> command() {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx384m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-Djava.io.tmpdir=" + folder, // who is killed leaves RocksDB's library behind
                "-cp",
                classPath() + models,
                "dev.sluice.server.Main",
                "serve",
                "--config",
                folder.resolve("sluice.yaml").toString());
    }

    /** The test's own without what belongs to tests, so that the server logs as it does elsewhere. */
    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.endsWith("test-classes") && !entry.endsWith("-tests.jar"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** Waits until this life serves; its output is in the message when it ends before. */
    void awaitReady() {
        Awaitility.await("the server is ready, its output is " + output)
                .atMost(START)
                .pollInterval(Duration.ofMillis(20))
                .failFast(() -> {
                    if (!isAlive()) {
                        throw new IllegalStateException("the server ended by itself: " + end());
                    }
                })
                .until(this::isReady);
    }

    /** Waits until some life serves: for clients of a server that is killed meanwhile. */
    void awaitServing() {
        Awaitility.await("some life of the server is ready, its output is " + output)
                .atMost(START.multipliedBy(2))
                .pollInterval(Duration.ofMillis(50))
                .until(this::isReady);
    }

    private boolean isReady() {
        try {
            var request = HttpRequest.newBuilder(uri("/health/ready"))
                    .timeout(Duration.ofSeconds(2))
                    .build();
            return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException notYet) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    boolean isAlive() {
        var running = process;
        return running != null && running.isAlive();
    }

    /** SIGKILL. */
    void kill() {
        var running = process;
        if (running != null) {
            running.destroyForcibly();
            awaitEnd(running);
        }
    }

    /** SIGTERM; the exit code. */
    int stop() {
        var running = process;
        if (running == null) {
            throw new IllegalStateException("the server was not started");
        }
        running.destroy();
        awaitEnd(running);
        return running.exitValue();
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    /** What the heap holds after a full collection. */
    long liveHeapBytes() throws IOException {
        var running = Objects.requireNonNull(process, "the server was not started");
        var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        var histogram = new ProcessBuilder(jcmd, String.valueOf(running.pid()), "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        try (var lines = histogram.inputReader()) {
            return lines.lines()
                    .filter(line -> line.startsWith("Total"))
                    .mapToLong(line -> Long.parseLong(line.trim().split("\\s+")[2]))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Lines of all lives in which Vert.x found an event loop blocked. */
    List<String> blockedLines() {
        return Repository.text(output)
                .lines()
                .filter(line -> line.contains("BlockedThreadChecker"))
                .toList();
    }

    /** Lines of all lives that say error, each with the first lines that follow: none is expected. */
    List<String> errorLines() {
        var lines = Repository.text(output).lines().toList();
        return IntStream.range(0, lines.size())
                .filter(i -> lines.get(i).matches(".*\\bERROR\\b.*|.*\\bhs_err_pid.*|Exception in thread.*"))
                .mapToObj(i -> String.join("\n", lines.subList(i, Math.min(i + ERROR_LINES, lines.size()))))
                .toList();
    }

    @Override
    public void close() {
        kill();
    }

    private void awaitEnd(Process running) {
        try {
            if (!running.waitFor(30, TimeUnit.SECONDS)) {
                running.destroyForcibly();
                throw new IllegalStateException("the server did not end within 30 s: " + end());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private String end() {
        var text = Repository.text(output);
        return text.substring(Math.max(0, text.length() - 3_000));
    }

    private static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
