package dev.sluice.bench.mesh;

import dev.sluice.resilience.CircuitBreaker;
import dev.sluice.resilience.Outcome;
import dev.sluice.resilience.Policy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Sluice's breaker, on a clock of its own. */
final class SluiceSubject implements Subject {
    static final Kind KIND = new Kind() {
        @Override
        public String name() {
            return "sluice";
        }

        @Override
        public Subject make(Trip trip, boolean hasTimeLimit, Runnable listener) {
            return new SluiceSubject(trip, listener);
        }
    };

    private final CircuitBreaker breaker;
    private long nowNanos;

    private SluiceSubject(Trip trip, Runnable listener) {
        var trips =
                switch (trip) {
                    case FEW_FAILURES -> new Policy.Trip(4, 0, 0, 0);
                    case HALF_FAILING -> new Policy.Trip(0, 0.5, 0, 20);
                };
        breaker = new CircuitBreaker("bench", settings(trips), change -> listener.run());
    }

    static Policy.Breaker settings(Policy.Trip trip) {
        return new Policy.Breaker(
                Policy.Breaker.Scope.ADDRESS,
                List.of(trip),
                Duration.ofSeconds(10),
                new Policy.OpenFor(OPEN_FOR, 1, OPEN_FOR, 0),
                TRIALS,
                TIME_LIMIT,
                null,
                Set.of(),
                Set.of(),
                Policy.Mode.ENFORCE);
    }

    @Override
    public Optional<Call> begin() {
        long ticket = breaker.acquire(nowNanos);
        return ticket == CircuitBreaker.REJECTED ? Optional.empty() : Optional.of(new Ticket(ticket));
    }

    @Override
    public void pass(Duration time) {
        nowNanos += time.toNanos();
    }

    @Override
    public String state() {
        return breaker.snapshot(nowNanos).state().name();
    }

    private final class Ticket implements Call {
        private final long ticket;

        Ticket(long ticket) {
            this.ticket = ticket;
        }

        @Override
        public void succeed() {
            breaker.settle(ticket, Outcome.SUCCESS, nowNanos);
        }

        @Override
        public void fail() {
            breaker.settle(ticket, Outcome.FAILURE, nowNanos);
        }

        @Override
        public boolean exclude() {
            breaker.settle(ticket, Outcome.EXCLUDED, nowNanos);
            return true;
        }
    }
}
