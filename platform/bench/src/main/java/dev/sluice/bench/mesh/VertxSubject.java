package dev.sluice.bench.mesh;

import io.vertx.circuitbreaker.CircuitBreaker;
import io.vertx.circuitbreaker.CircuitBreakerOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/** vertx-circuit-breaker: it counts failures only, and admits one trial at a time. */
final class VertxSubject implements Subject {
    static final Kind KIND = new Kind() {
        @Override
        public String name() {
            return "vertx";
        }

        @Override
        public Subject make(Trip trip, boolean hasTimeLimit, Runnable listener) {
            return new VertxSubject(trip, hasTimeLimit, listener);
        }
    };

    private static final int NO_TIME_LIMIT = -1;

    private final Vertx vertx = Vertx.vertx();
    private final CircuitBreaker breaker;

    private VertxSubject(Trip trip, boolean hasTimeLimit, Runnable listener) {
        int failures =
                switch (trip) {
                    case FEW_FAILURES -> 4;
                    case HALF_FAILING -> 10;
                };
        breaker = CircuitBreaker.create(
                        "bench",
                        vertx,
                        new CircuitBreakerOptions()
                                .setMaxFailures(failures)
                                .setTimeout(hasTimeLimit ? TIME_LIMIT.toMillis() : NO_TIME_LIMIT)
                                .setResetTimeout(OPEN_FOR.toMillis()))
                .openHandler(opened -> listener.run())
                .halfOpenHandler(halfOpened -> listener.run())
                .closeHandler(closed -> listener.run());
    }

    @Override
    public Optional<Call> begin() {
        var answer = Promise.<String>promise();
        var isRun = new AtomicBoolean();
        var result = breaker.execute(() -> {
            isRun.set(true);
            return answer.future();
        });
        return isRun.get() ? Optional.of(new Execution(answer, result)) : Optional.empty();
    }

    @Override
    public String state() {
        return breaker.state().name();
    }

    @Override
    public void close() {
        vertx.close().await();
    }

    private record Execution(Promise<String> answer, Future<String> result) implements Call {
        @Override
        public void succeed() {
            answer.tryComplete("done");
            settled();
        }

        @Override
        public void fail() {
            answer.tryFail("failed");
            settled();
        }

        @Override
        public boolean exclude() {
            return false;
        }

        private void settled() {
            try {
                result.otherwiseEmpty().await(1, TimeUnit.SECONDS);
            } catch (TimeoutException unanswered) {
                throw new IllegalStateException("the caller never hears of its call", unanswered);
            }
        }
    }
}
