package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.resilience.CircuitBreaker.Mode;
import dev.sluice.resilience.Policy.Breaker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Random schedules against the naive breaker; {@code -Dbreaker.operations=10000000} for the long form. */
class CircuitBreakerPropertyTest {
    private static final int TRIES = 100;
    private static final long OPERATIONS = Long.getLong("breaker.operations", 250_000L) / TRIES;
    private static final int MOST_CALLS = 24;
    private static final Outcome[] OUTCOMES = Outcome.values();

    private record Call(long ticket, NaiveBreaker.Ticket naive) {}

    @Property(tries = TRIES)
    void agreesWithTheNaiveBreaker(@ForAll long seed) {
        var schedule = new Schedule(new Random(seed));

        for (long i = 0; i < OPERATIONS; i++) {
            schedule.step();
        }

        assertThat(schedule.changes).isEqualTo(schedule.naive.changes);
    }

    private static final class Schedule {
        final Random random;
        final List<StateListener.Change> changes = new ArrayList<>();
        final List<Call> calls = new ArrayList<>();
        final CircuitBreaker breaker;
        final NaiveBreaker naive;
        long now;
        /** From 0, all is well, to 3, nearly nothing is. */
        int trouble;

        Schedule(Random random) {
            this.random = random;
            now = random.nextLong() >> 2;
            var settings = settings(Policy.Mode.ENFORCE);
            breaker = new CircuitBreaker("random", settings, changes::add);
            naive = new NaiveBreaker("random", settings, now);
            breaker.snapshot(now);
        }

        void step() {
            now += random.nextInt(4) == 0 ? random.nextInt(random.nextInt(50) == 0 ? 5_000 : 60) : 0;
            trouble = random.nextInt(100) == 0 ? random.nextInt(4) : trouble;
            int choice = random.nextInt(10_000);
            if (choice < 4_900) {
                acquire();
            } else if (choice < 9_900) {
                settle();
            } else if (choice < 9_990) {
                var settings = settings(Policy.Mode.values()[Math.max(0, random.nextInt(6) - 3)]);
                breaker.reload(settings);
                naive.reload(settings);
            } else if (choice < 9_993) {
                breaker.forceOpen(now);
                naive.order(Mode.FORCED_OPEN, now);
            } else if (choice < 9_995) {
                breaker.disable(now);
                naive.order(Mode.DISABLED, now);
            } else {
                breaker.reset(now);
                naive.order(null, now);
            }
            assertThat(breaker.snapshot(now)).isEqualTo(naive.snapshot(now));
        }

        private void acquire() {
            long ticket = breaker.acquire(now);
            var expected = naive.acquire(now);
            if (expected == null) {
                assertThat(ticket).isEqualTo(CircuitBreaker.REJECTED);
                return;
            }
            assertThat(ticket >> 16).isEqualTo(expected.generation);
            if (calls.size() == MOST_CALLS) {
                calls.remove(random.nextInt(MOST_CALLS));
            }
            calls.add(new Call(ticket, expected));
        }

        private void settle() {
            if (calls.isEmpty()) {
                return;
            }
            var call = calls.remove(random.nextInt(calls.size()));
            var outcome = OUTCOMES[random.nextInt(4) < trouble ? random.nextInt(OUTCOMES.length) : 0];
            breaker.settle(call.ticket, outcome, now);
            naive.settle(call.naive, outcome, now);
        }

        private Breaker settings(Policy.Mode mode) {
            var trips = List.of(
                    new Policy.Trip(3 + random.nextInt(4), 0, 0, 0),
                    new Policy.Trip(0, 0.4 + random.nextDouble() / 2, 0, 5 + random.nextInt(10)),
                    new Policy.Trip(random.nextInt(2), 0.2, random.nextInt(2) * 0.3, 5));
            return new Breaker(
                    Breaker.Scope.ADDRESS,
                    trips.subList(0, 1 + random.nextInt(3)),
                    Duration.ofNanos(1_000),
                    new Policy.OpenFor(
                            Duration.ofNanos(1 + random.nextInt(300)), 1 + random.nextInt(2), Duration.ofNanos(900), 0),
                    1 + random.nextInt(4),
                    Duration.ofNanos(1 + random.nextInt(400)),
                    null,
                    Set.of(),
                    Set.of(),
                    mode);
        }
    }
}
