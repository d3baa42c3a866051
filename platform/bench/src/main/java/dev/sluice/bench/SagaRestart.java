package dev.sluice.bench;

import dev.sluice.saga.machine.Status;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** A log with many live instances, and processes that start on it and send what is in its outbox. */
final class SagaRestart {
    private static final int LIVE = 2_048;
    private static final Duration FAR = Duration.ofDays(365);
    private static final int OUTBOX_ROWS = 1_000;
    private static final String ASKED = "asked";

    private final Path folder;
    private final long instances;

    private SagaRestart(Path folder, long instances) {
        this.folder = folder;
        this.instances = instances;
    }

    /** Begins all instances and stops: most wait for a timer far away, some for an answer that never comes. */
    static SagaRestart fill(Path folder, OrderData data, long instances) {
        try (var rooms = rooms(folder, () -> {})) {
            load(rooms, data, SagaShop.QUESTION, Math.min(OUTBOX_ROWS, instances));
            load(rooms, data, SagaShop.NAP, Math.max(0, instances - OUTBOX_ROWS));
        }
        return new SagaRestart(folder, instances);
    }

    private static void load(SagaRooms rooms, OrderData data, String saga, long count) {
        new SagaLoad(rooms, data, saga, Status.RUNNING).keep(LIVE, count);
    }

    /** Opens them on a log that was filled, or will be. */
    static SagaRooms rooms(Path folder, Runnable onAsked) {
        return new SagaRooms(folder, List.of(SagaShop.nap(FAR), SagaShop.question()), onAsked);
    }

    /** Starts a process as a server is, from its start until it has sent something; then ends it as SIGKILL does. */
    Run run() throws IOException, InterruptedException {
        Path output = folder.resolveSibling("restart.log");
        long start = System.nanoTime();
        var command = new ArrayList<>(Machine.serverJava());
        command.addAll(List.of(
                "-Dlogback.configurationFile=dev/sluice/bench/logback.xml",
                "-cp",
                System.getProperty("java.class.path"),
                Restarted.class.getName(),
                folder.toString()));
        var process = new ProcessBuilder(command).redirectError(output.toFile()).start();
        try (var lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String word = lines.readLine();
            long nanos = System.nanoTime() - start;
            if (!ASKED.equals(word)) {
                throw new IOException("found '" + word + "' from a process started on sagas, expected " + ASKED + ": "
                        + Files.readString(output));
            }
            double heapMib = Long.parseLong(lines.readLine()) / 1_048_576.0;
            double cpu = process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / 1e9;
            return new Run(instances, nanos, cpu, null)
                    .with(Map.of(
                            Comparison.Figure.SECONDS_UNTIL_SENT,
                            nanos / 1e9,
                            Comparison.Figure.HEAP_MIB,
                            heapMib,
                            Comparison.Figure.RESIDENT_MIB,
                            Machine.residentBytes(process.pid()) / 1_048_576.0));
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    /** Says that something was sent, then how large the live heap is, and stays. */
    static final class Restarted {
        private Restarted() {}

        public static void main(String[] arguments) throws InterruptedException {
            var isAsked = new CountDownLatch(1);
            rooms(Path.of(arguments[0]), isAsked::countDown);
            isAsked.await();
            System.out.println(ASKED);
            System.gc();
            System.out.println(
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
            new CountDownLatch(1).await();
        }
    }
}
