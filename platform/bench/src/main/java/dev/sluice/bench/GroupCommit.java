package dev.sluice.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.LockSupport;
import org.jctools.queues.MpscUnboundedArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Group commit as a plain program does it: callers enqueue, one thread takes all that wait, commits them with one sync and
 * answers. While a sync runs the next group gathers.
 */
abstract class GroupCommit implements AppendTarget {
    private static final int MAX_GROUP = 1_024;

    /** A waiting append. */
    record Waiting(int stream, byte[] order, Done done) {}

    private final Queue<Waiting> queue = new MpscUnboundedArrayQueue<>(MAX_GROUP);
    private final Thread writer = new Thread(this::write, "bench-writer");
    private volatile boolean isParked;
    private volatile boolean isClosed;

    /** To be called at the end of a subclass's constructor. */
    final void start() {
        writer.start();
    }

    /** Makes a group durable. */
    abstract void commit(List<Waiting> group) throws Exception;

    /** Runs on the writer thread after the last group. */
    abstract void closeFiles() throws Exception;

    @Override
    public final void append(int stream, byte[] order, Done done) {
        queue.add(new Waiting(stream, order, done));
        if (isParked) {
            isParked = false;
            LockSupport.unpark(writer);
        }
    }

    @Override
    public final void close() {
        isClosed = true;
        LockSupport.unpark(writer);
        try {
            writer.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void write() {
        var group = new ArrayList<Waiting>(MAX_GROUP);
        while (true) {
            Waiting waiting;
            while (group.size() < MAX_GROUP && (waiting = queue.poll()) != null) {
                group.add(waiting);
            }
            if (!group.isEmpty()) {
                commitAndAnswer(group);
                group.clear();
            } else if (isClosed) {
                break;
            } else {
                awaitMore();
            }
        }
        try {
            closeFiles();
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }

    private void awaitMore() {
        isParked = true;
        if (queue.isEmpty() && !isClosed) {
            LockSupport.park(this);
        }
        isParked = false;
    }

    private void commitAndAnswer(List<Waiting> group) {
        @Nullable Exception failure = null;
        try {
            commit(group);
        } catch (Exception thrown) {
            failure = thrown;
        }
        for (var answered : group) {
            answered.done().done(failure);
        }
    }
}
