package dev.sluice.log;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Takes groups from acceptance to visibility, in order: when a group is committed and all before it are, it is applied where that
 * is still to be done, the head moves, its callers are answered, tails are told. The first failure stops the shard: everything in
 * flight is OUTCOME_UNKNOWN.
 *
 * <p>Groups may settle on any thread; whoever finds nobody at work does the work of all.
 */
final class Publisher {
    /** What a committed group does to the rest of the shard. */
    interface Effects {
        /** Makes the group readable from the store; called before it becomes visible. */
        void apply(PendingGroup group);

        /** Tells of a group that has just become visible. */
        void published(PendingGroup group);
    }

    private final Effects effects;
    private final Recent recent = new Recent();
    private final Queue<PendingGroup> pending = new ConcurrentLinkedQueue<>();
    private final AtomicInteger work = new AtomicInteger();
    private final AtomicReference<@Nullable ShardTail> waitingTails = new AtomicReference<>();
    private volatile long head;
    private volatile long publishedBytes;
    private volatile @Nullable Throwable stoppedBy;
    private volatile @Nullable Runnable onPublished;
    private boolean hasFailed;

    Publisher(long head, Effects effects) {
        this.head = head;
        this.effects = effects;
    }

    /** Offset of the last visible event. */
    long head() {
        return head;
    }

    Recent recent() {
        return recent;
    }

    /** Bytes of all groups that are no longer in flight. */
    long publishedBytes() {
        return publishedBytes;
    }

    boolean isIdle() {
        return pending.isEmpty() && work.get() == 0;
    }

    /** What stopped the shard, null while it runs. */
    @Nullable
    Throwable stoppedBy() {
        return stoppedBy;
    }

    /** Runs a signal after each group, null for none; it must be quick. */
    void onPublished(@Nullable Runnable signal) {
        onPublished = signal;
    }

    /** Takes a group in, before its commit begins. On the writer thread. */
    void add(PendingGroup group) {
        pending.add(group);
    }

    /** The commit of a group has ended. */
    void settle(PendingGroup group, @Nullable Throwable failure) {
        if (failure != null) {
            group.failure = failure;
            if (stoppedBy == null) {
                stoppedBy = failure;
            }
        }
        group.isSettled = true;
        drain();
    }

    /** Stops the shard: what is in flight and not committed is OUTCOME_UNKNOWN. */
    void stop(Throwable cause) {
        if (stoppedBy == null) {
            stoppedBy = cause;
        }
        PendingGroup first = pending.peek();
        if (first != null && !first.isSettled) {
            first.failure = cause;
            first.isSettled = true;
        }
        drain();
    }

    private void drain() {
        if (work.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        do {
            PendingGroup group = pending.peek();
            while (group != null && group.isSettled) {
                if (group.failure != null || hasFailed) {
                    fail(group.failure != null ? group.failure : stoppedBy);
                } else {
                    publish(group);
                }
                group = pending.peek();
            }
            seen = work.addAndGet(-seen);
        } while (seen != 0);
    }

    private void publish(PendingGroup group) {
        try {
            effects.apply(group);
        } catch (RuntimeException failed) {
            stoppedBy = failed;
            fail(failed);
            return;
        }
        group.isApplied = true;
        for (Block block : group.blocks) {
            recent.add(block);
        }
        head = group.lastOffset;
        publishedBytes += group.bytes;
        pending.remove();
        effects.published(group);
        for (Task<?> task : group.tasks) {
            task.release();
        }
        if (!group.blocks.isEmpty()) {
            signalTails();
        }
        signalWriter();
    }

    private void fail(@Nullable Throwable cause) {
        hasFailed = true;
        var unknown = Failure.of(
                Failure.Kind.OUTCOME_UNKNOWN,
                "the commit failed (" + (cause == null ? "stopped" : cause.getMessage())
                        + "), so the write may or may not be kept: try again with the same append id to learn it");
        for (PendingGroup group = pending.poll(); group != null; group = pending.poll()) {
            publishedBytes += group.bytes;
            for (Task<?> task : group.tasks) {
                task.fail(unknown);
            }
        }
        signalWriter();
    }

    private void signalWriter() {
        Runnable signal = onPublished;
        if (signal != null) {
            signal.run();
        }
    }

    /** Has a tail told of the next events. */
    void await(ShardTail tail) {
        ShardTail top;
        do {
            top = waitingTails.get();
            tail.nextWaiting = top;
        } while (!waitingTails.compareAndSet(top, tail));
    }

    private void signalTails() {
        ShardTail tail = waitingTails.getAndSet(null);
        while (tail != null) {
            ShardTail next = tail.nextWaiting;
            tail.nextWaiting = null;
            tail.published(head);
            tail = next;
        }
    }
}
