package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {
    private static final long SECOND = 1_000_000_000L;

    private final RetryBudget budget = new RetryBudget(new Policy.Budget(0.2, 10));
    private long nowNanos = -3 * SECOND;

    @Test
    void whenEverythingFailsThereAreAtMostThreeTenthsMoreAttemptsFromTheFirstSecondOn() {
        int perSecond = 200;
        long requests = 0;
        long retries = 0;
        for (int second = 0; second < 60; second++) {
            for (int i = 0; i < perSecond; i++, nowNanos += SECOND / perSecond) {
                budget.request(nowNanos);
                requests++;
                for (int attempt = 1; attempt <= 2 && budget.retry(nowNanos); attempt++) {
                    retries++;
                }
            }

            assertThat((double) (requests + retries) / requests).isBetween(1.2, 1.3);
        }
    }

    @Test
    void withoutRequestsThereAreAsManyRetriesASecondAsGivenAndNoneAreSavedUp() {
        nowNanos += 3600 * SECOND;
        assertThat(retriesNow()).isEqualTo(10);

        nowNanos += SECOND;
        assertThat(retriesNow()).isEqualTo(10);
    }

    @Test
    void requestsOfMoreThanTenSecondsAgoGiveNothing() {
        for (int i = 0; i < 1_000; i++) {
            budget.request(nowNanos);
        }

        nowNanos += 10 * SECOND;

        assertThat(retriesNow()).isEqualTo(10);
    }

    @Test
    void aReloadKeepsWhatWasDrawn() {
        for (int i = 0; i < 100; i++) {
            budget.request(nowNanos);
        }
        assertThat(retriesNow()).isEqualTo(30);

        budget.reload(new Policy.Budget(0.3, 10));

        assertThat(retriesNow()).isEqualTo(10);
    }

    @Test
    void aDelayIsDrawnFromAllOfARangeThatDoublesUpToItsMost() {
        var backoff = new Policy.Backoff(Duration.ofMillis(25), Duration.ofMillis(250));
        var random = new Random(5);
        long[] most = {25, 50, 100, 200, 250, 250};

        for (int attempt = 1; attempt <= most.length; attempt++) {
            long highest = 0;
            for (int i = 0; i < 10_000; i++) {
                highest = Math.max(highest, backoff.delayNanos(attempt, random));
            }
            assertThat(highest / 1e6).isBetween(most[attempt - 1] * 0.99, (double) most[attempt - 1]);
        }
        assertThat(backoff.delayNanos(10_000, random)).isBetween(0L, 250_000_000L);
    }

    private int retriesNow() {
        int count = 0;
        while (budget.retry(nowNanos)) {
            count++;
        }
        return count;
    }
}
