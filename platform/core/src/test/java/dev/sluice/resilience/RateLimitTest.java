package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long START = -7 * SECOND;

    @Test
    void saysHowLongUntilAToken() {
        var limit = new RateLimit(settings(2, 10, 100));

        assertThat(limit.take("a", START)).isZero();
        assertThat(limit.take("a", START)).isZero();
        long waitNanos = limit.take("a", START);

        assertThat(waitNanos).isEqualTo(SECOND / 10);
        assertThat(limit.take("a", START + waitNanos - 1)).isEqualTo(1);
        assertThat(limit.take("a", START + waitNanos)).isZero();
        assertThat(limit.snapshot()).isEqualTo(new RateLimit.Snapshot(1, 3, 2));
    }

    @Test
    void keysHaveTheirOwnBucketsAndThoseWithoutShareOne() {
        var limit = new RateLimit(settings(1, 1, 100));

        assertThat(limit.take("a", START)).isZero();
        assertThat(limit.take("b", START)).isZero();
        assertThat(limit.take(null, START)).isZero();

        assertThat(limit.take(null, START)).isPositive();
        assertThat(limit.take("a", START)).isPositive();
    }

    @Test
    void theTableOfKeysIsBounded() {
        var limit = new RateLimit(settings(1, 1, 1_000));

        for (int i = 0; i < 100_000; i++) {
            limit.take("client-" + i, START);
        }

        assertThat(limit.snapshot().keys()).isLessThanOrEqualTo(1_000);
        limit.reload(settings(1, 1, 10));
        assertThat(limit.snapshot().keys()).isLessThanOrEqualTo(10);
    }

    @Test
    void whoHasBeenRefusedIsNotForgottenForAFloodOfNewKeys() {
        var limit = new RateLimit(settings(2, 1, 1_000));
        while (limit.take("busy", START) == 0) {}

        for (int i = 0; i < 100_000; i++) {
            limit.take("client-" + i, START);
        }

        assertThat(limit.take("busy", START)).isPositive();
        assertThat(limit.snapshot().keys()).isEqualTo(1_000);
    }

    @Test
    void keysOfOneHashAreNoLongSearchAndEachTakesFromItsOwnBucket() {
        var limit = new RateLimit(settings(3, 1, 8_192));
        var same = List.of("AaAaAa", "AaAaBB", "AaBBAa", "AaBBBB", "BBAaAa", "BBAaBB", "BBBBAa", "BBBBBB");

        for (String left : same) {
            for (String right : same) {
                limit.take(left + right, START);
            }
        }

        assertThat(limit.snapshot().keys()).isEqualTo(16);
        assertThat(limit.take("BBBBBBBBBBBB", START)).isZero();
        assertThat(limit.take("BBBBBBBBBBBB", START)).isZero();
        assertThat(limit.take("BBBBBBBBBBBB", START)).isPositive();
    }

    @Test
    void keysThatComeAtOnceHaveOneBucketEach() throws Exception {
        var limit = new RateLimit(settings(1, 1, 10_000));
        Callable<Void> work = () -> {
            for (int i = 0; i < 5_000; i++) {
                limit.take("client-" + i, START);
            }
            return null;
        };

        inThreads(4, work);

        assertThat(limit.snapshot()).isEqualTo(new RateLimit.Snapshot(5_000, 5_000, 15_000));
    }

    @Test
    void observingItAdmitsAndCountsWhatItWouldHaveDenied() {
        var limit = new RateLimit(
                new Policy.RateLimit("observed", "client", 1, 1, Duration.ofSeconds(1), 10, Policy.Mode.OBSERVE));

        assertThat(limit.take("a", START) + limit.take("a", START)).isZero();

        assertThat(limit.snapshot()).isEqualTo(new RateLimit.Snapshot(1, 1, 1));
    }

    @Test
    void aReloadKeepsTheTokensThatFitAndHandsNoneOut() {
        var limit = new RateLimit(settings(10, 1, 100));
        for (int i = 0; i < 4; i++) {
            limit.take("a", START);
        }

        limit.reload(settings(100, 1, 100));
        assertThat(admittedAt(limit, START)).isEqualTo(6);
        limit.reload(settings(5, 1, 100));

        assertThat(limit.take("a", START)).isEqualTo(SECOND);
        assertThat(admittedAt(limit, START + 60 * SECOND)).isEqualTo(5);
    }

    @Test
    void neverMoreThanCapacityAndRateWhateverTheThreads() throws Exception {
        var limit = new RateLimit(settings(100, 1_000, 100));

        long nanos = takeInThreads(limit, 4);

        long most = 100 + nanos / (SECOND / 1_000);
        assertThat(limit.snapshot().admitted()).isBetween(most - 2, most);
    }

    @Test
    void aReloadUnderLoadLosesNothing() throws Exception {
        var limit = new RateLimit(settings(100, 1_000, 100));
        var isDone = new AtomicBoolean();
        var pool = Executors.newSingleThreadExecutor();
        var reloads = pool.submit(() -> {
            int count = 0;
            while (!isDone.get() || count < 1_000) {
                limit.reload(settings(100 + count % 2, 1_000, 100));
                count++;
            }
            return count;
        });

        long nanos = takeInThreads(limit, 3);
        isDone.set(true);

        assertThat(reloads.get()).isGreaterThanOrEqualTo(1_000);
        pool.shutdown();
        long most = 101 + nanos / (SECOND / 1_000);
        assertThat(limit.snapshot().admitted()).isBetween(most - 3, most);
    }

    /** Every thread moves one clock on and takes; the nanoseconds it moved. */
    private static long takeInThreads(RateLimit limit, int threads) throws Exception {
        var clock = new AtomicLong(START);
        Callable<Void> work = () -> {
            var random = new Random(11);
            for (int i = 0; i < 50_000; i++) {
                limit.take("a", clock.addAndGet(random.nextInt(100_000)));
            }
            return null;
        };
        inThreads(threads, work);
        limit.take("a", clock.get());
        return clock.get() - START;
    }

    private static void inThreads(int threads, Callable<Void> work) throws Exception {
        var pool = Executors.newFixedThreadPool(threads);
        try {
            for (var done : pool.invokeAll(Collections.nCopies(threads, work))) {
                done.get();
            }
        } finally {
            pool.shutdown();
        }
    }

    private static int admittedAt(RateLimit limit, long nowNanos) {
        int count = 0;
        while (limit.take("a", nowNanos) == 0) {
            count++;
        }
        return count;
    }

    private static Policy.RateLimit settings(long capacity, long perSecond, int maxKeys) {
        return new Policy.RateLimit(
                "per-client", "client", capacity, perSecond, Duration.ofSeconds(1), maxKeys, Policy.Mode.ENFORCE);
    }
}
