package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.resilience.Policy.Concurrency;
import java.util.ArrayList;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ConcurrencyLimitTest {
    private static final long MILLISECOND = 1_000_000;

    @Test
    void admitsAsManyAsGivenAndOneForEachReleased() {
        var limit = new ConcurrencyLimit(settings(Concurrency.Kind.FIXED, 2, 2));

        assertThat(limit.acquire() && limit.acquire()).isTrue();
        assertThat(limit.acquire()).isFalse();
        limit.release(0, Outcome.SUCCESS, MILLISECOND);

        assertThat(limit.acquire()).isTrue();
        assertThat(limit.snapshot()).isEqualTo(new ConcurrencyLimit.Snapshot(2, 2, 1));
    }

    @Test
    void aimdGoesDownWithFailuresAndUpWithSuccessesAndStaysWithinItsBounds() {
        var limit = new ConcurrencyLimit(settings(Concurrency.Kind.AIMD, 5, 30));

        rounds(limit, 100, Outcome.FAILURE, MILLISECOND);
        assertThat(limit.snapshot().limit()).isEqualTo(5);
        rounds(limit, 10, Outcome.EXCLUDED, MILLISECOND);
        assertThat(limit.snapshot().limit()).isEqualTo(5);
        rounds(limit, 100, Outcome.SUCCESS, MILLISECOND);

        assertThat(limit.snapshot().limit()).isEqualTo(30);
    }

    @Test
    void gradientGoesDownWhenCallsTakeLonger() {
        var limit = new ConcurrencyLimit(settings(Concurrency.Kind.GRADIENT2, 4, 200));
        rounds(limit, 200, Outcome.SUCCESS, MILLISECOND);
        int before = limit.snapshot().limit();

        rounds(limit, 2, Outcome.SUCCESS, 50 * MILLISECOND);

        assertThat(before).isEqualTo(200);
        assertThat(limit.snapshot().limit()).isLessThan(before).isGreaterThanOrEqualTo(4);
    }

    @Test
    void aReloadKeepsWhatIsUnderWayAndWhatWasFoundWithinTheBounds() {
        var limit = new ConcurrencyLimit(settings(Concurrency.Kind.AIMD, 1, 30));
        rounds(limit, 100, Outcome.SUCCESS, MILLISECOND);
        limit.acquire();

        limit.reload(settings(Concurrency.Kind.GRADIENT2, 1, 25));
        assertThat(limit.snapshot()).extracting("limit", "inFlight").containsExactly(25, 1);
        limit.reload(settings(Concurrency.Kind.FIXED, 1, 1));
        assertThat(limit.acquire()).isFalse();
        limit.release(0, Outcome.SUCCESS, MILLISECOND);

        assertThat(limit.acquire()).isTrue();
    }

    @Test
    void observingItAdmitsAndCountsWhatItWouldHaveRejected() {
        var limit = new ConcurrencyLimit(new Concurrency(Concurrency.Kind.FIXED, 1, 1, Policy.Mode.OBSERVE));

        assertThat(limit.acquire() && limit.acquire()).isTrue();

        assertThat(limit.snapshot()).isEqualTo(new ConcurrencyLimit.Snapshot(1, 2, 1));
    }

    @Test
    void neverMoreThanTheLimitWhateverTheThreads() throws Exception {
        var limit = new ConcurrencyLimit(settings(Concurrency.Kind.FIXED, 3, 3));
        var underWay = new AtomicInteger();
        Callable<Integer> work = () -> {
            int most = 0;
            for (int i = 0; i < 200_000; i++) {
                if (limit.acquire()) {
                    most = Math.max(most, underWay.incrementAndGet());
                    underWay.decrementAndGet();
                    limit.release(0, Outcome.SUCCESS, MILLISECOND);
                }
            }
            return most;
        };

        var pool = Executors.newFixedThreadPool(8);
        var most = new ArrayList<Integer>();
        for (var done : pool.invokeAll(Collections.nCopies(8, work))) {
            most.add(done.get());
        }
        pool.shutdown();

        assertThat(Collections.max(most)).isBetween(1, 3);
        assertThat(limit.snapshot().inFlight()).isZero();
    }

    /** In each, as many calls as are admitted are under way at once. */
    private static void rounds(ConcurrencyLimit limit, int count, Outcome outcome, long nanos) {
        for (int round = 0; round < count; round++) {
            int admitted = 0;
            while (limit.acquire()) {
                admitted++;
            }
            for (int i = 0; i < admitted; i++) {
                limit.release(0, outcome, nanos);
            }
        }
    }

    private static Concurrency settings(Concurrency.Kind kind, int min, int max) {
        return new Concurrency(kind, min, max, Policy.Mode.ENFORCE);
    }
}
