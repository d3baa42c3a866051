package dev.sluice.kafka;

import dev.sluice.spi.Source;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads topics and hands them to a sink, on one thread of its own: a {@link PollLoop} is run again with backoff whenever it
 * fails, until the source is closed or halts.
 */
final class KafkaSource implements Source {
    private static final Logger LOGGER = LoggerFactory.getLogger(KafkaSource.class);
    private static final long MIN_BACKOFF_MILLIS = 200;
    private static final long MAX_BACKOFF_MILLIS = 5_000;
    private static final long CLOSE_MILLIS = 90_000;

    private final String name;
    private final List<String> topics;
    private final @Nullable Pattern pattern;
    private final ClientSettings settings;
    private final boolean isLossAccepted;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile Status status;
    private volatile @Nullable PollLoop loop;
    private volatile @Nullable Thread thread;

    KafkaSource(
            String name,
            List<String> topics,
            @Nullable Pattern pattern,
            ClientSettings settings,
            boolean isLossAccepted) {
        this.name = name;
        this.topics = topics;
        this.pattern = pattern;
        this.settings = settings;
        this.isLossAccepted = isLossAccepted;
        this.status = new Status(name, topics, false, -1, "not started");
    }

    @Override
    public synchronized void start(Sink sink) {
        if (thread != null) {
            throw new IllegalStateException("source " + name + " is started already");
        }
        status = new Status(name, topics, false, -1, "no broker has answered yet");
        Thread poll = new Thread(() -> run(sink), "kafka-" + name);
        poll.setDaemon(true);
        thread = poll;
        poll.start();
    }

    private void run(Sink sink) {
        long backoffMillis = MIN_BACKOFF_MILLIS;
        while (!isClosed()) {
            try (var polling = new PollLoop(this, sink)) {
                loop = polling;
                polling.run();
            } catch (Halted halted) {
                LOGGER.error("source_halted source={} problem=\"{}\"", name, halted.problem());
                status = new Status(name, status.topics(), status.connected(), status.lag(), halted.problem());
                return;
            } catch (RuntimeException failed) {
                LOGGER.warn("source_failed source={} backoffMillis={} cause=\"{}\"", name, backoffMillis, why(failed));
                backoffMillis = status.connected() ? MIN_BACKOFF_MILLIS : backoffMillis;
                status = new Status(name, status.topics(), false, -1, why(failed));
            }
            backoffMillis = await(backoffMillis);
        }
    }

    private long await(long backoffMillis) {
        try {
            if (closed.await(backoffMillis, TimeUnit.MILLISECONDS)) {
                return backoffMillis;
            }
        } catch (InterruptedException interrupted) {
            closed.countDown();
        }
        return Math.min(2 * backoffMillis, MAX_BACKOFF_MILLIS);
    }

    /** A failure in one line. */
    static String why(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure.getMessage() + (cause == null ? "" : ": " + cause.getMessage());
    }

    @Override
    public Status status() {
        return status;
    }

    @Override
    public void close() {
        closed.countDown();
        PollLoop polling = loop;
        if (polling != null) {
            polling.wake();
        }
        Thread running = thread;
        if (running != null) {
            try {
                running.join(CLOSE_MILLIS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    boolean isClosed() {
        return closed.getCount() == 0;
    }

    void report(List<String> found, boolean connected, long lag, @Nullable String problem) {
        status = new Status(name, found, connected, lag, problem);
    }

    String name() {
        return name;
    }

    List<String> topics() {
        return topics;
    }

    @Nullable
    Pattern pattern() {
        return pattern;
    }

    ClientSettings settings() {
        return settings;
    }

    boolean isLossAccepted() {
        return isLossAccepted;
    }
}
