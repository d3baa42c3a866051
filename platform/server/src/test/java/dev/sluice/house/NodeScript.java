package dev.sluice.house;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A program that runs in Node: lines in, lines out. */
final class NodeScript implements AutoCloseable {
    private static final long WITHIN_SECONDS = 60;

    private final Process process;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    private NodeScript(Process process) {
        this.process = process;
        var reader = new Thread(() -> process.inputReader().lines().forEach(lines::add), "node-output");
        reader.setDaemon(true);
        reader.start();
    }

    /** {@code $NODE}, else the first {@code node} of the path; says loudly what is left out when there is none. */
    static Optional<Path> installed(String test) {
        var named = System.getenv("NODE");
        var found = named != null
                ? Optional.of(Path.of(named))
                : Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .map(folder -> Path.of(folder, "node"))
                        .filter(Files::isExecutable)
                        .findFirst();
        if (found.isEmpty()) {
            System.out.println(test + ": SKIPPED, found no Node: install nodejs 20 or newer, or set NODE");
        }
        return found;
    }

    /** The client as the server serves it, from the sources. */
    static Path client() {
        return Repository.root().resolve("platform/server/src/main/resources/web/client.js");
    }

    /** A script of the tests. */
    static Path script(String name) {
        return Repository.root().resolve("platform/server/src/test/js").resolve(name);
    }

    /** Starts a program; what it says of errors goes to this process's. */
    static NodeScript start(Path node, Map<String, String> environment, String... arguments) {
        var command = new ArrayList<>(List.of(node.toString(), "--experimental-websocket", "--no-warnings"));
        command.addAll(List.of(arguments));
        try {
            var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment().putAll(environment);
            return new NodeScript(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void tell(String line) {
        try {
            var input = process.getOutputStream();
            input.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            input.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String nextLine() {
        try {
            @Nullable String line = lines.poll(WITHIN_SECONDS, TimeUnit.SECONDS);
            if (line == null) {
                throw new IllegalStateException("the program said nothing for " + WITHIN_SECONDS + " s"
                        + (process.isAlive() ? "" : ", it ended with " + process.exitValue()));
            }
            return line;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Its exit code, when it has ended by itself; what it said is in {@link #said}. */
    int awaitEnd() {
        try {
            if (!process.waitFor(WITHIN_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the program did not end within " + WITHIN_SECONDS + " s");
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The lines that nobody has taken. */
    String said() {
        return String.join("\n", lines);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
