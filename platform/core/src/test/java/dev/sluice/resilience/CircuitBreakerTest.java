package dev.sluice.resilience;

import static dev.sluice.resilience.CircuitBreaker.REJECTED;
import static dev.sluice.resilience.CircuitBreaker.State.CLOSED;
import static dev.sluice.resilience.CircuitBreaker.State.HALF_OPEN;
import static dev.sluice.resilience.CircuitBreaker.State.OPEN;
import static dev.sluice.resilience.Outcome.EXCLUDED;
import static dev.sluice.resilience.Outcome.FAILURE;
import static dev.sluice.resilience.Outcome.SLOW;
import static dev.sluice.resilience.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.sluice.resilience.CircuitBreaker.Mode;
import dev.sluice.resilience.Policy.Breaker;
import dev.sluice.resilience.StateListener.Cause;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class CircuitBreakerTest {
    private static final long SECOND = 1_000_000_000L;

    private final List<StateListener.Change> changes = new ArrayList<>();
    private final CircuitBreaker breaker = new CircuitBreaker("orders", settings(3), changes::add);
    private long nowNanos = -5 * SECOND;

    @Test
    void aLateSuccessFromBeforeItOpenedChangesNothing() {
        long slow = breaker.acquire(nowNanos);
        trip(breaker);
        nowNanos += 5 * SECOND;
        long trial = breaker.acquire(nowNanos);

        breaker.settle(slow, SUCCESS, nowNanos);

        assertThat(trial).isPositive();
        assertThat(breaker.snapshot(nowNanos).state()).isEqualTo(HALF_OPEN);
        assertThat(breaker.snapshot(nowNanos).counts()).isEqualTo(new Counts(1, 0, 0, 0, 0, 0, 1));
    }

    @Test
    void aLateFailureFromBeforeItOpenedChangesNothing() {
        long slow = breaker.acquire(nowNanos);
        trip(breaker);
        nowNanos += 5 * SECOND;
        breaker.acquire(nowNanos);

        breaker.settle(slow, FAILURE, nowNanos);

        assertThat(breaker.snapshot(nowNanos).state()).isEqualTo(HALF_OPEN);
        assertThat(breaker.snapshot(nowNanos).counts()).isEqualTo(new Counts(1, 0, 0, 0, 0, 0, 1));
    }

    @Test
    void aLostTrialIsAFailureThatRecovers() {
        trip(breaker);
        nowNanos += 5 * SECOND;
        breaker.acquire(nowNanos);

        assertThat(breaker.snapshot(nowNanos + SECOND - 1).state()).isEqualTo(HALF_OPEN);
        assertThat(breaker.snapshot(nowNanos + SECOND).state()).isEqualTo(OPEN);
        nowNanos += 3600 * SECOND;
        succeed(breaker, 3);

        assertThat(breaker.snapshot(nowNanos).state()).isEqualTo(CLOSED);
        assertThat(changes)
                .extracting(StateListener.Change::cause)
                .containsExactly(
                        Cause.TRIPPED,
                        Cause.OPEN_TIME_OVER,
                        Cause.TRIAL_LOST,
                        Cause.OPEN_TIME_OVER,
                        Cause.TRIALS_SUCCEEDED);
    }

    @Test
    void aTrialLostLongAgoDoesNotHoldTheNextCallUp() {
        trip(breaker);
        nowNanos += 5 * SECOND;
        breaker.acquire(nowNanos);

        nowNanos += 3600 * SECOND;

        assertThat(breaker.acquire(nowNanos)).isNotEqualTo(REJECTED);
    }

    @Test
    void eightyPercentFailingCallsTripAFailureRatio() {
        for (int i = 0; i < 20; i++) {
            breaker.settle(breaker.acquire(nowNanos), i % 5 == 4 ? SUCCESS : FAILURE, nowNanos);
        }

        // The twentieth is a success: the ratio is looked at when something got worse.
        breaker.settle(breaker.acquire(nowNanos), FAILURE, nowNanos);

        assertThat(breaker.snapshot(nowNanos).state()).isEqualTo(OPEN);
        assertThat(changes.get(0).counts()).isEqualTo(new Counts(21, 4, 17, 0, 1, 0, 0));
    }

    @Test
    void asManyTrialsAsGivenAreAdmittedAndOneFailureReopens() {
        trip(breaker);
        nowNanos += 5 * SECOND;
        long[] tickets = {breaker.acquire(nowNanos), breaker.acquire(nowNanos), breaker.acquire(nowNanos)};

        assertThat(breaker.acquire(nowNanos)).isEqualTo(REJECTED);
        breaker.settle(tickets[0], SUCCESS, nowNanos);
        assertThat(breaker.acquire(nowNanos)).isEqualTo(REJECTED);
        breaker.settle(tickets[1], FAILURE, nowNanos);
        breaker.settle(tickets[2], SUCCESS, nowNanos);

        assertThat(breaker.snapshot(nowNanos).state()).isEqualTo(OPEN);
        assertThat(breaker.snapshot(nowNanos).counts().stale()).isEqualTo(1);
    }

    @Test
    void aReloadKeepsGenerationAndCounts() {
        breaker.settle(breaker.acquire(nowNanos), FAILURE, nowNanos);
        long underWay = breaker.acquire(nowNanos);
        var before = breaker.snapshot(nowNanos);

        breaker.reload(settings(4));
        assertThat(breaker.snapshot(nowNanos)).isEqualTo(before);
        breaker.settle(underWay, SUCCESS, nowNanos);

        assertThat(breaker.snapshot(nowNanos).generation()).isEqualTo(before.generation());
        assertThat(breaker.snapshot(nowNanos).counts()).isEqualTo(new Counts(2, 1, 1, 1, 0, 0, 0));
    }

    @Test
    void aReloadKeepsTheOpenTimeAndTrialsUnderWay() {
        trip(breaker);
        breaker.reload(settings(1));
        assertThat(breaker.nanosUntilTrial(nowNanos)).isEqualTo(5 * SECOND);
        nowNanos += 5 * SECOND;
        long first = breaker.acquire(nowNanos);
        assertThat(breaker.acquire(nowNanos)).isEqualTo(REJECTED);

        breaker.reload(settings(2));
        long second = breaker.acquire(nowNanos);
        breaker.settle(first, SUCCESS, nowNanos);
        breaker.settle(second, SUCCESS, nowNanos);

        assertThat(breaker.snapshot(nowNanos).state()).isEqualTo(CLOSED);
    }

    @Test
    void whatIsExcludedCountsNothingAndGivesItsTrialBack() {
        for (int i = 0; i < 100; i++) {
            breaker.settle(breaker.acquire(nowNanos), EXCLUDED, nowNanos);
        }
        assertThat(breaker.snapshot(nowNanos).state()).isEqualTo(CLOSED);
        trip(breaker);
        nowNanos += 5 * SECOND;

        for (int i = 0; i < 100; i++) {
            breaker.settle(breaker.acquire(nowNanos), EXCLUDED, nowNanos);
        }
        succeed(breaker, 3);

        assertThat(breaker.snapshot(nowNanos).state()).isEqualTo(CLOSED);
    }

    @Test
    void slowSuccessesTripASlowRatioAndASlowTrialReopensIt() {
        for (int i = 0; i < 10; i++) {
            breaker.settle(breaker.acquire(nowNanos), SLOW, nowNanos);
        }
        assertThat(changes.get(0).counts()).isEqualTo(new Counts(10, 10, 0, 10, 0, 10, 0));
        nowNanos += 5 * SECOND;

        breaker.settle(breaker.acquire(nowNanos), SLOW, nowNanos);

        assertThat(breaker.snapshot(nowNanos).state()).isEqualTo(OPEN);
    }

    @Test
    void countsAreDroppedWhenTheIntervalIsOver() {
        for (int i = 0; i < 5; i++) {
            breaker.settle(breaker.acquire(nowNanos), FAILURE, nowNanos);
        }

        nowNanos += 10 * SECOND;
        breaker.settle(breaker.acquire(nowNanos), FAILURE, nowNanos);

        assertThat(breaker.snapshot(nowNanos).counts()).isEqualTo(new Counts(1, 0, 1, 0, 1, 0, 0));
    }

    @Test
    void staysOpenLongerEachTimeInARowAndAfterAClosingAsAtFirst() {
        trip(breaker);
        for (int i = 0; i < 5; i++) {
            nowNanos += breaker.nanosUntilTrial(nowNanos);
            breaker.settle(breaker.acquire(nowNanos), FAILURE, nowNanos);
        }
        nowNanos += breaker.nanosUntilTrial(nowNanos);
        succeed(breaker, 3);
        trip(breaker);

        assertThat(changes)
                .filteredOn(change -> change.to() == OPEN)
                .extracting(change -> change.openNanos() / SECOND)
                .containsExactly(5L, 10L, 20L, 40L, 60L, 60L, 5L);
    }

    @Test
    void jitterSpreadsTheOpenTimeEvenlyOnBothSides() {
        var openFor = new Policy.OpenFor(Duration.ofSeconds(10), 2, Duration.ofSeconds(60), 0.2);
        var random = new Random(7);

        var times = new ArrayList<Long>();
        for (int i = 0; i < 10_000; i++) {
            times.add(openFor.nanos(1, random));
        }

        assertThat(times).allMatch(time -> time >= 8 * SECOND && time <= 12 * SECOND);
        assertThat(times).anyMatch(time -> time < 8.1 * SECOND).anyMatch(time -> time > 11.9 * SECOND);
    }

    @Test
    void aThrowingListenerHarmsNothing() {
        var throwing = new CircuitBreaker("throwing", settings(3), change -> {
            throw new IllegalStateException("listener");
        });

        trip(throwing);
        nowNanos += 5 * SECOND;
        succeed(throwing, 3);

        assertThat(throwing.snapshot(nowNanos).state()).isEqualTo(CLOSED);
        assertThat(throwing.snapshot(nowNanos).generation()).isEqualTo(4);
    }

    @Test
    void aListenerSeesTheSettledStateAndMayUseTheBreaker() {
        var seen = new ArrayList<CircuitBreaker.State>();
        var self = new CircuitBreaker[1];
        self[0] = new CircuitBreaker("self", settings(3), change -> {
            seen.add(change.to());
            if (change.to() == OPEN) {
                assertThat(self[0].acquire(nowNanos)).isEqualTo(REJECTED);
                self[0].reset(nowNanos);
            }
        });

        trip(self[0]);

        assertThat(seen).containsExactly(OPEN, CLOSED);
    }

    @Test
    void aThrowingConditionTripsNothing() {
        var throwing = CircuitBreaker.builder("throwing")
                .readyToTrip(counts -> {
                    throw new IllegalStateException("condition");
                })
                .build();

        trip(throwing);

        assertThat(throwing.snapshot(nowNanos).state()).isEqualTo(CLOSED);
    }

    @Test
    void theClassicPartsDoWhatTheirNamesSay() {
        var classic = CircuitBreaker.builder("classic")
                .maxRequests(2)
                .interval(Duration.ofSeconds(10))
                .timeout(Duration.ofSeconds(3))
                .readyToTrip(counts -> counts.failures() == 2)
                .onStateChange(changes::add)
                .build();
        classic.settle(classic.acquire(nowNanos), FAILURE, nowNanos);
        classic.settle(classic.acquire(nowNanos), FAILURE, nowNanos);
        assertThat(classic.nanosUntilTrial(nowNanos)).isEqualTo(3 * SECOND);
        nowNanos += 3 * SECOND;
        succeed(classic, 2);

        assertThat(changes).extracting(StateListener.Change::to).containsExactly(OPEN, HALF_OPEN, CLOSED);
    }

    @Test
    void observingItAdmitsAndCountsWhatItWouldHaveRejected() {
        breaker.reload(settings(3, Policy.Mode.OBSERVE));
        trip(breaker);

        long[] tickets = {breaker.acquire(nowNanos), breaker.acquire(nowNanos)};
        breaker.settle(tickets[0], SUCCESS, nowNanos);

        assertThat(tickets).doesNotContain(REJECTED);
        assertThat(breaker.snapshot(nowNanos).state()).isEqualTo(OPEN);
        assertThat(breaker.snapshot(nowNanos).rejected()).isEqualTo(2);
        assertThat(breaker.snapshot(nowNanos).counts().stale()).isZero();
    }

    @Test
    void anOperatorsOrderHoldsUntilReset() {
        breaker.forceOpen(nowNanos);
        nowNanos += 3600 * SECOND;
        breaker.reload(settings(2));
        assertThat(breaker.acquire(nowNanos)).isEqualTo(REJECTED);
        assertThat(breaker.snapshot(nowNanos).mode()).isEqualTo(Mode.FORCED_OPEN);

        breaker.disable(nowNanos);
        trip(breaker);
        assertThat(breaker.snapshot(nowNanos).state()).isEqualTo(CLOSED);
        breaker.reset(nowNanos);
        trip(breaker);

        assertThat(breaker.snapshot(nowNanos).state()).isEqualTo(OPEN);
    }

    @Test
    void refusesAnImpossibleNumberOfTrials() {
        assertThatThrownBy(() -> new CircuitBreaker("none", settings(0), change -> {}))
                .hasMessage("found 0 trials, expected 1 to 1000");
    }

    @Test
    void countsOfManyThreadsAddUp() throws Exception {
        var patient =
                CircuitBreaker.builder("patient").readyToTrip(counts -> false).build();
        var outcomes = List.of(SUCCESS, FAILURE, SLOW, EXCLUDED);

        inThreads(4, () -> {
            for (int i = 0; i < 100_000; i++) {
                patient.settle(patient.acquire(nowNanos), outcomes.get(i % 4), nowNanos);
            }
            return null;
        });

        var counts = patient.snapshot(nowNanos).counts();
        assertThat(counts.requests()).isEqualTo(400_000);
        assertThat(counts.successes()).isEqualTo(200_000);
        assertThat(counts.failures()).isEqualTo(100_000);
        assertThat(counts.slow()).isEqualTo(100_000);
    }

    @Test
    void manyThreadsGetAsManyTrialsAsGivenAndEachChangeIsToldOnceAndInOrder() throws Exception {
        int phases = 500;
        var told = new ArrayList<StateListener.Change>();
        var shared = new CircuitBreaker("shared", settings(3), told::add);
        long start = nowNanos;

        for (int phase = 0; phase < phases; phase++) {
            long now = start + phase * 100 * SECOND;
            shared.forceOpen(now - SECOND);
            shared.reset(now - SECOND);
            shared.reload(settings(3));
            nowNanos = now - SECOND;
            trip(shared);
            long then = now + 10 * SECOND;
            var drawn = inThreads(4, () -> List.of(shared.acquire(then), shared.acquire(then)));
            var tickets = drawn.stream()
                    .flatMap(List::stream)
                    .filter(ticket -> ticket != REJECTED)
                    .toList();
            assertThat(tickets).hasSize(3).doesNotHaveDuplicates();
            for (long ticket : tickets) {
                shared.settle(ticket, SUCCESS, then);
            }
            assertThat(shared.snapshot(then).state()).isEqualTo(CLOSED);
        }

        assertThat(told)
                .hasSize(phases * 5)
                .extracting(StateListener.Change::generation)
                .isSorted();
    }

    @Test
    void aCallAllocatesNothing() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 20_000; i++) {
            breaker.settle(breaker.acquire(nowNanos), i % 3 == 0 ? FAILURE : SUCCESS, nowNanos);
        }

        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 100_000; i++) {
            breaker.settle(breaker.acquire(nowNanos), i % 3 == 0 ? FAILURE : SUCCESS, nowNanos);
        }

        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(10_000);
    }

    private void trip(CircuitBreaker tripped) {
        for (int i = 0; i < 6; i++) {
            tripped.settle(tripped.acquire(nowNanos), FAILURE, nowNanos);
        }
    }

    private void succeed(CircuitBreaker tried, int count) {
        for (int i = 0; i < count; i++) {
            tried.settle(tried.acquire(nowNanos), SUCCESS, nowNanos);
        }
    }

    private static <T> List<T> inThreads(int count, Callable<T> work) throws Exception {
        var pool = Executors.newFixedThreadPool(count);
        try {
            var results = new ArrayList<T>();
            for (Future<T> done : pool.invokeAll(java.util.Collections.nCopies(count, work))) {
                results.add(done.get());
            }
            return results;
        } finally {
            pool.shutdown();
        }
    }

    private static Breaker settings(int trials) {
        return settings(trials, Policy.Mode.ENFORCE);
    }

    private static Breaker settings(int trials, Policy.Mode mode) {
        return new Breaker(
                Breaker.Scope.ADDRESS,
                List.of(new Policy.Trip(6, 0, 0, 0), new Policy.Trip(0, 0.5, 0, 20), new Policy.Trip(0, 0, 0.5, 10)),
                Duration.ofSeconds(10),
                new Policy.OpenFor(Duration.ofSeconds(5), 2, Duration.ofSeconds(60), 0),
                trials,
                Duration.ofSeconds(1),
                null,
                Set.of(),
                Set.of(),
                mode);
    }
}
