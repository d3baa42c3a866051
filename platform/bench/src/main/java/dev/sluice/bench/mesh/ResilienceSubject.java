package dev.sluice.bench.mesh;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** resilience4j's breaker, over its count-based window. */
final class ResilienceSubject implements Subject {
    static final Kind KIND = new Kind() {
        @Override
        public String name() {
            return "resilience4j";
        }

        @Override
        public Subject make(Trip trip, boolean hasTimeLimit, Runnable listener) {
            return new ResilienceSubject(trip, hasTimeLimit, listener);
        }
    };

    private static final Exception FAILED = new IllegalStateException("failed");

    private final CircuitBreaker breaker;

    private ResilienceSubject(Trip trip, boolean hasTimeLimit, Runnable listener) {
        int calls =
                switch (trip) {
                    case FEW_FAILURES -> 4;
                    case HALF_FAILING -> 20;
                };
        var configuration = CircuitBreakerConfig.custom()
                .slidingWindowSize(calls)
                .minimumNumberOfCalls(calls)
                .failureRateThreshold(50)
                .permittedNumberOfCallsInHalfOpenState(TRIALS)
                .waitDurationInOpenState(OPEN_FOR);
        if (hasTimeLimit) {
            configuration.maxWaitDurationInHalfOpenState(TIME_LIMIT);
        }
        breaker = CircuitBreaker.of("bench", configuration.build());
        breaker.getEventPublisher().onStateTransition(event -> listener.run());
    }

    @Override
    public Optional<Call> begin() {
        return breaker.tryAcquirePermission() ? Optional.of(new Permission()) : Optional.empty();
    }

    @Override
    public String state() {
        return breaker.getState().name();
    }

    private final class Permission implements Call {
        @Override
        public void succeed() {
            breaker.onSuccess(1, TimeUnit.MILLISECONDS);
        }

        @Override
        public void fail() {
            breaker.onError(1, TimeUnit.MILLISECONDS, FAILED);
        }

        @Override
        public boolean exclude() {
            breaker.releasePermission();
            return true;
        }
    }
}
