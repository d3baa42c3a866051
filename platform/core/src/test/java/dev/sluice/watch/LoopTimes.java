package dev.sluice.watch;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tells a blocked event loop from one that the machine gave no processor. Vert.x measures how long a loop is at one task by the
 * wall clock; on a machine with more to run than cores that is no fault of ours. A loop was blocked when it computed for most
 * of that time, or when it stands in a lock, in RocksDB or in a file.
 */
final class LoopTimes {
    private static final Pattern WARNING = Pattern.compile("Thread (\\S+) has been blocked for (\\d+) ms");
    private static final List<String> BLOCKING = List.of("org.rocksdb.", "sun.nio.ch.FileDispatcher", "java.io.File");
    private static final double MOST = 0.6;
    private static final long EVERY_MILLIS = 50;
    private static final int KEPT = 200;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final Deque<Sample> samples = new ArrayDeque<>();

    private record Sample(long nanos, Map<Long, Long> cpuNanos) {}

    static LoopTimes watching() {
        var times = new LoopTimes();
        var thread = new Thread(times::sampleAlways, "loop-times");
        thread.setDaemon(true);
        thread.start();
        return times;
    }

    private void sampleAlways() {
        try {
            while (true) {
                sample();
                Thread.sleep(EVERY_MILLIS);
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void sample() {
        samples.addLast(new Sample(System.nanoTime(), cpuNanos()));
        if (samples.size() > KEPT) {
            samples.removeFirst();
        }
    }

    private static Map<Long, Long> cpuNanos() {
        var used = new HashMap<Long, Long>();
        for (var thread : THREADS.getThreadInfo(THREADS.getAllThreadIds())) {
            if (thread != null && thread.getThreadName().contains("eventloop")) {
                used.put(thread.getThreadId(), THREADS.getThreadCpuTime(thread.getThreadId()));
            }
        }
        return used;
    }

    /** Whether a warning of Vert.x's checker, given while it is being logged, tells of a loop that waited for a processor only. */
    synchronized boolean isStarved(String warning) {
        var match = WARNING.matcher(warning);
        if (!match.find()) {
            return false;
        }
        long blockedNanos = Long.parseLong(match.group(2)) * 1_000_000;
        Map<Long, Long> now = cpuNanos();
        Sample before = before(System.nanoTime() - blockedNanos);
        boolean isKnown = false;
        for (var thread : THREADS.dumpAllThreads(false, false)) {
            Long used = now.get(thread.getThreadId());
            if (!thread.getThreadName().equals(match.group(1)) || used == null) {
                continue;
            }
            isKnown = true;
            long begin = before == null ? 0 : before.cpuNanos().getOrDefault(thread.getThreadId(), 0L);
            boolean hasComputed = used - begin > MOST * blockedNanos;
            if (hasComputed || thread.getThreadState() == Thread.State.BLOCKED || isInFile(thread.getStackTrace())) {
                return false;
            }
        }
        return isKnown;
    }

    private @Nullable Sample before(long nanos) {
        Sample last = null;
        for (Sample sample : samples) {
            if (sample.nanos() > nanos) {
                break;
            }
            last = sample;
        }
        return last;
    }

    private static boolean isInFile(StackTraceElement[] stack) {
        return Arrays.stream(stack).anyMatch(frame -> BLOCKING.stream().anyMatch(frame.getClassName()::startsWith));
    }
}
