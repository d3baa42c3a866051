package dev.sluice.bench;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongPredicate;
import org.HdrHistogram.ConcurrentHistogram;
import org.jspecify.annotations.Nullable;

/**
 * One run of appends against one target: the calling thread keeps {@code inFlight} appends under way; each answer is
 * counted and its latency recorded by the thread that brings it. Every target sees exactly this.
 */
final class AppendLoad {
    private final OrderData data;
    private final int inFlight;
    private final ConcurrentHistogram latencies = new ConcurrentHistogram(3);
    private final AtomicLong answered = new AtomicLong();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final Thread caller = Thread.currentThread();
    private volatile boolean isWaiting;

    AppendLoad(OrderData data, int inFlight) {
        this.data = data;
        this.inFlight = inFlight;
    }

    /** Runs for a time and waits for the last answer. */
    Run run(AppendTarget target, long durationNanos) {
        long end = System.nanoTime() + durationNanos;
        return runWhile(target, submitted -> System.nanoTime() - end < 0);
    }

    /** Runs as long as {@code goesOn}, which is given the number of appends so far, and waits for the last answer. */
    Run runWhile(AppendTarget target, LongPredicate goesOn) {
        double cpuBefore = Machine.cpuSeconds();
        long start = System.nanoTime();
        long submitted = 0;
        while (goesOn.test(submitted) && failure.get() == null) {
            awaitRoom(submitted, inFlight - 1);
            int stream = data.nextStream();
            byte[] order = data.nextOrder();
            long submittedAt = System.nanoTime();
            target.append(stream, order, refused -> answer(submittedAt, refused));
            submitted++;
        }
        awaitRoom(submitted, 0);
        long nanos = System.nanoTime() - start;
        Throwable refused = failure.get();
        if (refused != null) {
            throw new IllegalStateException("an append failed", refused);
        }
        return new Run(submitted, nanos, Machine.cpuSeconds() - cpuBefore, latencies);
    }

    private void awaitRoom(long submitted, int most) {
        while (submitted - answered.get() > most) {
            isWaiting = true;
            if (submitted - answered.get() > most) {
                LockSupport.park(this);
            }
            isWaiting = false;
        }
    }

    private void answer(long submittedAt, @Nullable Throwable refused) {
        latencies.recordValue(System.nanoTime() - submittedAt);
        if (refused != null) {
            failure.compareAndSet(null, refused);
        }
        answered.incrementAndGet();
        if (isWaiting) {
            isWaiting = false;
            LockSupport.unpark(caller);
        }
    }
}
