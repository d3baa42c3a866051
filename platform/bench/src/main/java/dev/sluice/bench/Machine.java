package dev.sluice.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** What the benchmarks ask the machine. */
public final class Machine {
    private static final int PROBES = 200;
    private static final double TICKS_PER_SECOND = 100;
    /** Columns of the first line of /proc/stat. */
    private static final int USER = 1;

    private static final int NICE = 2;
    private static final int SYSTEM = 3;
    private static final int IRQ = 6;
    private static final int SOFT_IRQ = 7;

    private Machine() {}

    /** CPU time so far of this process and of those it started that are running: a broker, a server. */
    static double cpuSeconds() {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long started = ProcessHandle.current()
                .children()
                .mapToLong(child ->
                        child.info().totalCpuDuration().orElse(Duration.ZERO).toNanos())
                .sum();
        return (system.getProcessCpuTime() + started) / 1e9;
    }

    /** CPU time of everything on this machine so far, −1 where the kernel does not tell. */
    static double busySeconds() {
        try (var lines = Files.lines(Path.of("/proc/stat"))) {
            String[] ticks = lines.findFirst().orElseThrow().trim().split("\\s+");
            long busy = Long.parseLong(ticks[USER])
                    + Long.parseLong(ticks[NICE])
                    + Long.parseLong(ticks[SYSTEM])
                    + Long.parseLong(ticks[IRQ])
                    + Long.parseLong(ticks[SOFT_IRQ]);
            return busy / TICKS_PER_SECOND;
        } catch (IOException | RuntimeException notLinux) {
            return -1;
        }
    }

    /** The resident set of a process, −1 where the kernel does not tell. */
    static long residentBytes(long pid) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        return -1;
    }

    /** Waits until others use less than a fifth of a processor for a second, at most {@code most}. */
    static void awaitQuiet(Duration most) throws InterruptedException {
        long start = System.nanoTime();
        while (System.nanoTime() - start < most.toNanos()) {
            double before = busySeconds() - cpuSeconds();
            Thread.sleep(1_000);
            if (busySeconds() - cpuSeconds() - before < 0.2) {
                return;
            }
        }
    }

    /** Throws when this process may not have so many sockets to one server, and files beside them. */
    static void expectSockets(int sockets, int otherFiles) {
        var system = ManagementFactory.getOperatingSystemMXBean();
        if (system instanceof com.sun.management.UnixOperatingSystemMXBean unix
                && unix.getMaxFileDescriptorCount() < sockets + otherFiles) {
            throw new IllegalStateException("found a limit of %,d open files, expected at least %,d: ulimit -n %d"
                    .formatted(unix.getMaxFileDescriptorCount(), sockets + otherFiles, sockets + otherFiles));
        }
        long ports = ephemeralPorts();
        if (ports < sockets) {
            throw new IllegalStateException(
                    "found %,d ports for outgoing connections, expected at least %,d: sysctl -w net.ipv4.ip_local_port_range='10240 65000'"
                            .formatted(ports, sockets));
        }
    }

    /** How many sockets may be connected to one address and port. */
    private static long ephemeralPorts() {
        try {
            String[] range = Files.readString(Path.of("/proc/sys/net/ipv4/ip_local_port_range"))
                    .trim()
                    .split("\\s+");
            return Long.parseLong(range[1]) - Long.parseLong(range[0]) + 1;
        } catch (IOException | RuntimeException notLinux) {
            return Long.MAX_VALUE;
        }
    }

    /** The disk's weather: median µs of an appended, synced 4 KiB. */
    static double syncMicros(Path folder) {
        Path probe = folder.resolve("sync-probe");
        long[] nanos = new long[PROBES];
        try (var file = FileChannel.open(probe, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            var block = ByteBuffer.allocateDirect(4_096);
            for (int i = 0; i < PROBES; i++) {
                long start = System.nanoTime();
                file.write(block.clear());
                file.force(false);
                nanos[i] = System.nanoTime() - start;
            }
            Files.delete(probe);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        Arrays.sort(nanos);
        return nanos[PROBES / 2] / 1e3;
    }

    /** JDK, heap limit and processors, in one line. */
    public static String describe() {
        var runtime = Runtime.getRuntime();
        return "JDK " + Runtime.version().feature() + ", -Xmx" + (runtime.maxMemory() >> 20) + "m, "
                + runtime.availableProcessors() + " processors";
    }

    /** How the launcher starts the JVM of a server. */
    static List<String> serverJava() {
        return List.of(
                javaTool("java"),
                "-Xmx512m",
                "-XX:-G1UseAdaptiveIHOP",
                "-XX:InitiatingHeapOccupancyPercent=65",
                "--enable-native-access=ALL-UNNAMED");
    }

    /** A program of the JDK that runs this: {@code java}, {@code jcmd}. */
    static String javaTool(String name) {
        return Path.of(System.getProperty("java.home"), "bin", name).toString();
    }

    /** Copies a folder whose files are not being written. */
    static void copy(Path from, Path to) throws IOException {
        try (var files = Files.walk(from)) {
            for (var file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file)));
            }
        }
    }

    static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
