package dev.sluice.house;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.awaitility.Awaitility;

/** Ends a server at random moments: while it starts, while it recovers, under load. The seed is printed. */
final class Killer implements AutoCloseable {
    private static final int LONGEST_START_MILLIS = 2_000;
    private static final int LAST_MILLIS = 20;
    private static final Duration LONGEST_LIFE = Duration.ofMinutes(1);

    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final Random random;

    Killer(String test) {
        this(test, kills());
    }

    Killer(String test, int kills) {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println(test + ": seed " + seed + ", kills " + kills + " (again with -Dseed=" + seed + ")");
        this.random = new Random(seed);
    }

    /** How often a server is killed in one test: {@code -Dkills=N}. */
    static int kills() {
        return Integer.getInteger("kills", 10);
    }

    Random random() {
        return random;
    }

    /**
     * Kills the server's present life and starts the next. Every fourth time it dies before it may be ready, else at most so
     * many events later.
     */
    void killOnce(ServerProcess server, IntSupplier progress, int events) {
        if (random.nextInt(4) == 0) {
            killWithin(server, LONGEST_START_MILLIS);
        } else {
            server.awaitReady();
            int enough = progress.getAsInt() + random.nextInt(events);
            Awaitility.await(events + " events in one life of the server")
                    .atMost(LONGEST_LIFE)
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> progress.getAsInt() >= enough);
            killWithin(server, LAST_MILLIS);
        }
        server.start();
    }

    private void killWithin(ServerProcess server, int millis) {
        try {
            timer.schedule(server::kill, random.nextInt(millis), TimeUnit.MILLISECONDS)
                    .get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
