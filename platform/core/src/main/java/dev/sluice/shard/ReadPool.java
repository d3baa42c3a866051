package dev.sluice.shard;

import dev.sluice.log.Failure;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/** The one bounded pool for reads that may touch the disk; full, it answers OVERLOADED instead of queueing without end. */
public final class ReadPool {
    private static final int MAX_WAITING = 1_024;

    private final WorkerExecutor threads;
    private final AtomicInteger waiting = new AtomicInteger();

    public ReadPool(Vertx vertx, int threadCount) {
        threads = vertx.createSharedWorkerExecutor("read", threadCount);
    }

    /** Runs a blocking read; the answer comes on the caller's context. */
    public <T> Future<T> run(Callable<T> read) {
        if (waiting.incrementAndGet() > MAX_WAITING) {
            waiting.decrementAndGet();
            return Future.failedFuture(Failure.of(
                    Failure.Kind.OVERLOADED, "found " + MAX_WAITING + " reads waiting for the disk, try again later"));
        }
        return threads.executeBlocking(read, false).onComplete(done -> waiting.decrementAndGet());
    }

    public Future<Void> close() {
        return threads.close();
    }
}
