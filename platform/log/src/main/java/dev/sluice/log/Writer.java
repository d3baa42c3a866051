package dev.sluice.log;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jctools.queues.MpscArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * The writer thread of a shard: takes what waits, runs each write against what was accepted so far, hands the group to the
 * {@link CommitLog} and goes on with the next while that one is made durable.
 */
final class Writer {
    private static final int MAX_GROUP_WRITES = 1024;
    private static final long MAX_GROUP_BYTES = 8L << 20;
    private static final int MAX_GROUP_EVENTS = 65_536;
    private static final long MAX_IN_FLIGHT_BYTES = 64L << 20;
    private static final long IDLE_NANOS = 1_000_000_000;

    private final int shard;
    private final int queueLimit;
    private final MpscArrayQueue<Task<?>> queue;
    private final Index index;
    private final GroupBuilder builder;
    private final Transaction transaction;
    private final Publisher publisher;
    private final CommitLog commitLog;
    private final LongSupplier clockMicros;
    private final Thread thread;
    private final Runnable onIdle;
    private long groupNumber;
    private boolean hasWorked;
    private long workedNanos;
    private long acceptedBytes;
    private volatile boolean isParked;
    private volatile boolean isClosing;
    private volatile boolean hasEnded;

    /**
     * @param groupNumber of the last group that was committed
     * @param onIdle runs on the writer thread when it has had nothing to do for a second
     */
    Writer(
            int shard,
            LogOptions options,
            Index index,
            GroupBuilder builder,
            Transaction transaction,
            Publisher publisher,
            CommitLog commitLog,
            long groupNumber,
            Runnable onIdle) {
        this.shard = shard;
        this.queueLimit = options.queue();
        this.queue = new MpscArrayQueue<>(Math.max(4, options.queue()));
        this.index = index;
        this.builder = builder;
        this.transaction = transaction;
        this.publisher = publisher;
        this.commitLog = commitLog;
        this.clockMicros = options.clockMicros();
        this.groupNumber = groupNumber;
        this.onIdle = onIdle;
        this.thread = new Thread(this::run, "sluice-log-writer-" + shard);
        thread.setDaemon(true);
    }

    void start() {
        publisher.onPublished(this::wake);
        thread.start();
    }

    <T> CompletionStage<T> submit(Write<T> write) {
        var task = new Task<>(write);
        Failure refusal = isClosing || publisher.stoppedBy() != null ? unavailable() : null;
        if (refusal == null && (queue.size() >= queueLimit || !queue.offer(task))) {
            refusal = Failure.of(
                    Failure.Kind.OVERLOADED,
                    "found " + queueLimit + " writes waiting for shard " + shard
                            + ", which is its limit: try again later");
        }
        if (refusal != null) {
            task.fail(refusal);
            return task.answer();
        }
        wake();
        if (hasEnded) {
            failWaiting();
        }
        return task.answer();
    }

    private void wake() {
        if (isParked) {
            LockSupport.unpark(thread);
        }
    }

    private Failure unavailable() {
        Throwable cause = publisher.stoppedBy();
        return Failure.of(
                Failure.Kind.UNAVAILABLE,
                cause == null
                        ? "found shard " + shard + " closed, expected it open"
                        : "shard " + shard + " has stopped (" + cause.getMessage() + "): restart to recover it");
    }

    private void run() {
        try {
            while (true) {
                Task<?> first = queue.poll();
                if (first != null && publisher.stoppedBy() != null) {
                    first.fail(unavailable());
                } else if (first != null) {
                    awaitRoom();
                    index.betweenGroups();
                    commit(gather(first));
                    hasWorked = true;
                    workedNanos = System.nanoTime();
                } else if (isClosing) {
                    break;
                } else {
                    park();
                }
            }
        } catch (Throwable failed) {
            builder.group().tasks.forEach(task -> task.fail(unknown(failed)));
            publisher.stop(failed);
            if (!(failed instanceof Failure)) {
                thread.getThreadGroup().uncaughtException(thread, failed);
            }
        } finally {
            isClosing = true;
            hasEnded = true;
            failWaiting();
        }
    }

    private static Failure unknown(Throwable cause) {
        return Failure.of(Failure.Kind.OUTCOME_UNKNOWN, "the shard stopped: " + cause.getMessage());
    }

    /** Waits for work; when none has come for a second, tells so once. */
    private void park() {
        isParked = true;
        if (queue.isEmpty() && !isClosing) {
            if (hasWorked) {
                LockSupport.parkNanos(this, IDLE_NANOS);
            } else {
                LockSupport.park(this);
            }
        }
        isParked = false;
        if (hasWorked
                && queue.isEmpty()
                && !isClosing
                && publisher.isIdle()
                && System.nanoTime() - workedNanos >= IDLE_NANOS) {
            hasWorked = false;
            onIdle.run();
        }
    }

    /** Lets at most so many bytes be in flight: a slow disk stops the writer, then fills the queue, then answers OVERLOADED. */
    private void awaitRoom() {
        while (acceptedBytes - publisher.publishedBytes() > MAX_IN_FLIGHT_BYTES && publisher.stoppedBy() == null) {
            isParked = true;
            if (acceptedBytes - publisher.publishedBytes() > MAX_IN_FLIGHT_BYTES && publisher.stoppedBy() == null) {
                LockSupport.park(this);
            }
            isParked = false;
        }
    }

    private PendingGroup gather(Task<?> first) {
        builder.begin(clockMicros.getAsLong());
        PendingGroup group = builder.group();
        Task<?> task = first;
        while (task != null) {
            group.tasks.add(task);
            transaction.begin();
            if (task.run(transaction)) {
                transaction.accept();
            } else {
                transaction.discard();
            }
            boolean isFull = group.tasks.size() >= MAX_GROUP_WRITES
                    || group.bytes >= MAX_GROUP_BYTES
                    || builder.lastOffset() - group.firstOffset >= MAX_GROUP_EVENTS;
            task = isFull ? null : queue.poll();
        }
        return builder.finish();
    }

    private void commit(PendingGroup group) {
        acceptedBytes += group.bytes;
        publisher.add(group);
        if (!group.isFilled) {
            publisher.settle(group, null);
            return;
        }
        var offered = new CommitLog.Group(
                ++groupNumber,
                group.firstOffset,
                group.lastOffset,
                commitLog.epoch(),
                group.tasks.size() == 1 && queue.isEmpty(),
                builder.batch());
        if (!(commitLog instanceof EmbeddedCommitLog)) {
            offered.bytes();
            group.deferred = offered;
            builder.deferred(group);
        }
        CompletionStage<Void> committed;
        try {
            committed = commitLog.commit(offered);
        } catch (RuntimeException refused) {
            publisher.settle(group, refused);
            return;
        }
        committed.whenComplete((nothing, failure) -> publisher.settle(group, failure));
    }

    /** Answers what came too late; the queue has one consumer at a time. */
    private synchronized void failWaiting() {
        for (@Nullable Task<?> task = queue.poll(); task != null; task = queue.poll()) {
            task.fail(unavailable());
        }
    }

    /** Takes no more writes, finishes those that wait, ends the thread. */
    void close() {
        isClosing = true;
        LockSupport.unpark(thread);
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
