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
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A program that Sluice stands beside, in a JVM like that of a server with a class path of its own: it does a run for each line on its
 * standard input and answers in lines, so that one process is as warm in later runs as the programs of this process.
 */
final class SideProgram implements AutoCloseable {
    private static final long MOST_SECONDS_TO_END = 20;

    private final String name;
    private final Path output;
    private final Process process;
    private final BufferedReader answers;

    /**
     * @param name of the folder of its jars and of its package below {@code dev.sluice.bench}
     * @param folder for its output
     */
    SideProgram(String name, String main, Path folder) throws IOException {
        this.name = name;
        output = folder.resolve(name + ".log");
        var command = new ArrayList<>(Machine.serverJava());
        command.addAll(List.of(
                "-Dlogback.configurationFile=dev/sluice/bench/" + name + "/logback.xml",
                "-cp",
                libFolder(name) + File.separator + "*",
                "dev.sluice.bench." + name + "." + main));
        process = new ProcessBuilder(command).redirectError(output.toFile()).start();
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /**
     * Tells it to do a run, which takes from its word FIRST to its word DONE.
     *
     * @return of the run; {@link #answer} is then what the program has to say of it
     */
    Run run(List<String> words, long events) throws IOException {
        process.getOutputStream().write((String.join("\t", words) + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
        expect("FIRST");
        double cpuBefore = Machine.cpuSeconds();
        long start = System.nanoTime();
        expect("DONE");
        return new Run(events, System.nanoTime() - start, Machine.cpuSeconds() - cpuBefore, null);
    }

    /** The next line of the program. */
    String answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            String log = Files.readString(output);
            throw new IOException(
                    "the program of " + name + " ended: " + log.substring(Math.max(0, log.length() - 2_000)));
        }
        return line;
    }

    private void expect(String word) throws IOException {
        String found = answer();
        if (!found.equals(word)) {
            throw new IOException("found '" + found + "' from the program of " + name + ", expected " + word);
        }
    }

    /** The folder of its jars beside this class's own jar. */
    private static Path libFolder(String name) {
        try {
            Path own = Path.of(SideProgram.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            Path folder = own.resolveSibling(name);
            if (!Files.isDirectory(folder)) {
                throw new IllegalStateException("found no " + folder
                        + ", expected the jars of that program there (mvn -DskipTests package makes them)");
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
