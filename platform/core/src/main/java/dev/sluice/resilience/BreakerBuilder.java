package dev.sluice.resilience;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Builds a circuit breaker from the classic parts. Unless said otherwise: one trial, counts that are never cleared in CLOSED, open for
 * 60 s, and more than five consecutive failures trip it.
 */
public final class BreakerBuilder {
    private final String name;
    private int maxRequests = 1;
    private Duration interval = Duration.ZERO;
    private Duration timeout = Duration.ofSeconds(60);
    private @Nullable Duration trialTimeout;
    private Predicate<Counts> readyToTrip = counts -> counts.consecutiveFailures() > 5;
    private StateListener listener = change -> {};

    BreakerBuilder(String name) {
        this.name = name;
    }

    /** Requests that are admitted half-open; all must succeed. */
    public BreakerBuilder maxRequests(int count) {
        maxRequests = count;
        return this;
    }

    /** Counts in CLOSED reach back so far; zero: to its beginning. */
    public BreakerBuilder interval(Duration duration) {
        interval = duration;
        return this;
    }

    /** How long it stays open. */
    public BreakerBuilder timeout(Duration duration) {
        timeout = duration;
        return this;
    }

    /** A trial not settled by then is a failure; the {@link #timeout} unless given. */
    public BreakerBuilder trialTimeout(Duration duration) {
        trialTimeout = duration;
        return this;
    }

    /** Asked after each failure and slow success in CLOSED, while other calls wait: quick and pure. What it throws means no. */
    public BreakerBuilder readyToTrip(Predicate<Counts> condition) {
        readyToTrip = condition;
        return this;
    }

    public BreakerBuilder onStateChange(StateListener told) {
        listener = told;
        return this;
    }

    public CircuitBreaker build() {
        var settings = new Policy.Breaker(
                Policy.Breaker.Scope.ADDRESS,
                List.of(),
                interval,
                new Policy.OpenFor(timeout, 1, timeout, 0),
                maxRequests,
                trialTimeout == null ? timeout : trialTimeout,
                null,
                Set.of(),
                Set.of(),
                Policy.Mode.ENFORCE);
        return new CircuitBreaker(name, settings, listener, readyToTrip, new SplittableRandom());
    }
}
