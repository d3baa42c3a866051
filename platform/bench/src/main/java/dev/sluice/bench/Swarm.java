package dev.sluice.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.ConcurrentHistogram;
import org.jspecify.annotations.Nullable;

/**
 * Many subscribers on one thread with one buffer: what they cost must not hide what the server costs on the same processors. The
 * first that fails fails the swarm: every method that waits then throws.
 */
final class Swarm implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 20;
    private static final long SETTLE_MILLIS = 20;

    private final InetSocketAddress server;
    private final Selector selector;
    private final ByteBuffer shared = ByteBuffer.allocate(BUFFER_BYTES);
    private final List<Subscriber> subscribers = new ArrayList<>();
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Thread thread = new Thread(this::run, "swarm");
    private final AtomicLong rows = new AtomicLong();
    private final AtomicLong snapshots = new AtomicLong();
    private final AtomicLong turnedAway = new AtomicLong();
    private final Map<String, Integer> resumed = new ConcurrentHashMap<>();
    private final AbstractHistogram joinNanos = new ConcurrentHistogram(3);
    private volatile CountDownLatch toJoin = new CountDownLatch(0);
    private volatile CountDownLatch toLeave = new CountDownLatch(0);
    private volatile long openedNanos;
    private volatile boolean mayLeave;
    private volatile boolean isClosed;
    private volatile @Nullable Throwable failure;

    Swarm(URI server) throws IOException {
        this.server = new InetSocketAddress(server.getHost(), server.getPort());
        selector = Selector.open();
        thread.start();
    }

    /** Before {@link #open}. */
    void add(String wanted, Freshness.Watch watch) {
        subscribers.add(new Subscriber(this, wanted, watch));
    }

    /** Connects all at once and waits until each of them has the newest of every row. */
    void open(Duration within) throws InterruptedException {
        open(subscribers.size(), within);
    }

    /**
     * Connects all, each group when the one before has the newest of every row, and waits for the last.
     *
     * @param atOnce how many are a group
     */
    void open(int atOnce, Duration within) throws InterruptedException {
        resumed.clear();
        snapshots.set(0);
        turnedAway.set(0);
        joinNanos.reset();
        mayLeave = false;
        toLeave = new CountDownLatch(subscribers.size());
        openedNanos = System.nanoTime();
        for (int from = 0; from < subscribers.size(); from += atOnce) {
            var group = subscribers.subList(from, Math.min(from + atOnce, subscribers.size()));
            toJoin = new CountDownLatch(group.size());
            submit(() -> {
                for (var subscriber : group) {
                    subscriber.open(selector);
                }
            });
            await(toJoin, within, "current");
        }
    }

    /** From now on the server may end sockets. */
    void mayLeave() {
        mayLeave = true;
    }

    /** Waits until the server has ended every socket. */
    void awaitLeft(Duration within) throws InterruptedException {
        await(toLeave, within, "without a socket");
    }

    /** Waits until no subscriber lacks the newest of any of its rows. */
    void awaitNewest(Duration within) throws InterruptedException {
        long start = System.nanoTime();
        for (int missing; (missing = missing()) > 0; ) {
            throwFailure();
            if (System.nanoTime() - start > within.toNanos()) {
                throw new IllegalStateException("found %,d rows without their newest value after %d s, expected none"
                        .formatted(missing, within.toSeconds()));
            }
            Thread.sleep(SETTLE_MILLIS);
        }
        throwFailure();
    }

    /** Whether all take bytes from their sockets. */
    void isReading(boolean isReading) {
        submit(() -> subscribers.forEach(subscriber -> subscriber.isReading(isReading)));
    }

    int size() {
        return subscribers.size();
    }

    /** Rows that came so far, deleted ones included. */
    long rows() {
        return rows.get();
    }

    /** {@code snapshot} messages since all were opened. */
    long snapshots() {
        return snapshots.get();
    }

    /** How the server said to go on since all were opened: exact, diff or snapshot. */
    int resumed(String how) {
        return resumed.getOrDefault(how, 0);
    }

    /** Sockets that the server closed since all were opened, whose subscribers came again. */
    long turnedAway() {
        return turnedAway.get();
    }

    /** For each, from the opening of the first until it was current. */
    AbstractHistogram joinNanos() {
        return joinNanos;
    }

    @Override
    public void close() {
        isClosed = true;
        selector.wakeup();
        try {
            thread.join();
            selector.close();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    InetSocketAddress server() {
        return server;
    }

    void subscribed(String how) {
        resumed.merge(how, 1, Integer::sum);
    }

    void snapshot() {
        snapshots.incrementAndGet();
    }

    void took(int count) {
        rows.addAndGet(count);
    }

    void current(long nowNanos) {
        joinNanos.recordValue(nowNanos - openedNanos);
        toJoin.countDown();
    }

    private int missing() {
        return call(() -> subscribers.stream().mapToInt(Subscriber::missing).sum());
    }

    private <T> T call(Supplier<T> question) {
        var answer = new CompletableFuture<T>();
        submit(() -> answer.complete(question.get()));
        return answer.orTimeout(1, TimeUnit.MINUTES).join();
    }

    private void await(CountDownLatch all, Duration within, String what) throws InterruptedException {
        boolean hasAll = all.await(within.toMillis(), TimeUnit.MILLISECONDS);
        throwFailure();
        if (!hasAll) {
            throw new IllegalStateException("found %,d of %,d subscribers not %s after %d s"
                    .formatted(all.getCount(), subscribers.size(), what, within.toSeconds()));
        }
    }

    private void throwFailure() {
        if (failure != null) {
            throw new IllegalStateException("a subscriber failed", failure);
        }
    }

    /** What the swarm's thread does when it is told so. */
    private interface Task {
        void run() throws IOException;
    }

    private void submit(Task task) {
        tasks.add(() -> {
            try {
                task.run();
            } catch (IOException | RuntimeException failed) {
                fail(failed);
            }
        });
        selector.wakeup();
    }

    private void run() {
        try {
            while (!isClosed) {
                selector.select(this::ready);
                for (Runnable task; (task = tasks.poll()) != null; ) {
                    task.run();
                }
            }
            for (var subscriber : subscribers) {
                subscriber.close();
            }
        } catch (IOException | RuntimeException failed) {
            fail(failed);
        }
    }

    private void ready(SelectionKey key) {
        var connection = (Connection) key.attachment();
        try {
            connection.ready(shared);
        } catch (IOException ended) {
            left(connection, ended);
        } catch (RuntimeException failed) {
            fail(failed);
        }
    }

    /** While all are expected, one whose socket the server closes with a code comes again at once. */
    private void left(Connection connection, IOException cause) {
        try {
            connection.close();
            if (mayLeave) {
                toLeave.countDown();
            } else if (cause instanceof Connection.Closed && toJoin.getCount() > 0) {
                turnedAway.incrementAndGet();
                connection.subscriber().open(selector);
            } else {
                fail(cause);
            }
        } catch (IOException failed) {
            fail(failed);
        }
    }

    private void fail(Exception cause) {
        failure = cause;
        while (toJoin.getCount() > 0) {
            toJoin.countDown();
        }
        while (toLeave.getCount() > 0) {
            toLeave.countDown();
        }
    }
}
