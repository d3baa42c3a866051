package dev.sluice.resilience;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * An instance as its callers see it: what it has under way, how long it takes, how it fails. Any thread; a call takes no lock. The
 * fields that say so belong to the registry.
 */
final class Member {
    private final Registry.Endpoint endpoint;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicInteger failuresInARow = new AtomicInteger();
    private final LongAdder picks = new LongAdder();
    private final Tally calls = new Tally();
    /** An estimate: of two answers at the same moment one may be lost. */
    private volatile Latency latency = Latency.UNKNOWN;

    private volatile long freshSinceNanos;
    private volatile boolean isLeaving;
    private volatile @Nullable Runnable whenIdle;
    private volatile @Nullable Guard guard;

    /** Of the registry, as the next three are, under its lock. */
    Registry.State state = Registry.State.UP;

    long leaseUntilNanos;
    int ejections;
    int ejectionsInARow;
    /** The end of the ejection, when it is ejected; of the last one afterwards. */
    long ejectedUntilNanos;

    /** The breaker of an instance and the settings that it has. */
    private record Guard(CircuitBreaker breaker, Policy.Breaker settings) {}

    Member(Registry.Endpoint endpoint, long nowNanos) {
        this.endpoint = endpoint;
        this.freshSinceNanos = nowNanos;
    }

    Registry.Endpoint endpoint() {
        return endpoint;
    }

    /** Begins a call; false when it has begun to leave, and nobody is to call it any more. */
    boolean begin() {
        inFlight.incrementAndGet();
        if (isLeaving) {
            end();
            return false;
        }
        return true;
    }

    void countPick() {
        picks.increment();
    }

    /** Ends a call that was begun. */
    void end() {
        if (inFlight.decrementAndGet() == 0) {
            var told = whenIdle;
            if (told != null) {
                told.run();
            }
        }
    }

    /** Learns from a call; the failures in a row, 0 when it was none. One that began before a fresh start says nothing about it. */
    int learn(Outcome outcome, long tookNanos, long nowNanos) {
        if (nowNanos - tookNanos - freshSinceNanos < 0) {
            return 0;
        }
        return switch (outcome) {
            case SUCCESS, SLOW -> {
                latency = latency.with(tookNanos, nowNanos);
                if (failuresInARow.get() != 0) {
                    failuresInARow.set(0);
                }
                yield 0;
            }
            case FAILURE -> {
                latency = latency.withFailure(tookNanos, nowNanos);
                yield failuresInARow.incrementAndGet();
            }
            case EXCLUDED -> 0;
        };
    }

    int failuresInARow() {
        return failuresInARow.get();
    }

    void forgiveFailures() {
        failuresInARow.set(0);
    }

    /** Nothing of what was learned counts any more. */
    void startAfresh(long nowNanos) {
        freshSinceNanos = nowNanos;
        forgiveFailures();
        latency = Latency.UNKNOWN;
    }

    /** No call begins from now on. */
    void leave() {
        isLeaving = true;
    }

    /** Tells when nothing is under way, at least once; what is told may begin nothing. */
    void whenIdle(Runnable told) {
        whenIdle = told;
        if (inFlight.get() == 0) {
            told.run();
        }
    }

    /** What one more call costs: how long it would take behind those under way. */
    double cost(double latencyNanos) {
        return ((double) inFlight.get() / endpoint.weight() + 1) * latencyNanos;
    }

    double latencyNanos(long nowNanos) {
        return latency.at(nowNanos);
    }

    /** Its own breaker, made or reloaded. */
    CircuitBreaker breaker(Policy.Breaker settings, StateListener changes) {
        var now = guard;
        return now != null && now.settings == settings ? now.breaker : follow(settings, changes);
    }

    private synchronized CircuitBreaker follow(Policy.Breaker settings, StateListener changes) {
        var before = guard;
        if (before == null) {
            var made = new CircuitBreaker(endpoint.id(), settings, changes);
            guard = new Guard(made, settings);
            return made;
        }
        before.breaker.reload(settings);
        guard = new Guard(before.breaker, settings);
        return before.breaker;
    }

    /** Until its own breaker admits a trial, 0 when it has none or it admits. */
    long nanosUntilTrial(long nowNanos) {
        var now = guard;
        return now == null ? 0 : now.breaker.nanosUntilTrial(nowNanos);
    }

    /** What became of the attempts that its own breaker was asked for. */
    Tally calls() {
        return calls;
    }

    Registry.Instance shown(long nowNanos) {
        return new Registry.Instance(
                endpoint,
                state,
                inFlight.get(),
                Math.round(latencyNanos(nowNanos)),
                picks.sum(),
                failuresInARow.get(),
                ejections);
    }
}
