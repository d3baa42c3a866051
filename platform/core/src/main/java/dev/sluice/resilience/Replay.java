package dev.sluice.resilience;

import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** The recorded attempts of one address, sent through the machines of one policy in the order in which they began and ended. */
final class Replay {
    private final List<Limit> outboundLimits;
    private final List<Limit> inboundLimits;
    private final Policy.@Nullable Retry retry;
    private final @Nullable RetryBudget budget;
    private final Policy.@Nullable Breaker settings;
    private final @Nullable CircuitBreaker breaker;
    private final PriorityQueue<UnderWay> underWay =
            new PriorityQueue<>(Comparator.comparingLong(each -> each.attempt.endNanos()));
    private long denied;
    private long rejected;
    private long trips;
    private long retries;

    private Replay(Policy policy) {
        var outbound = policy.outbound();
        var inbound = policy.inbound();
        outboundLimits = outbound == null ? List.of() : limits(outbound.rateLimits());
        inboundLimits = inbound == null ? List.of() : limits(inbound.rateLimits());
        retry = outbound == null ? null : outbound.retry();
        budget = retry == null ? null : new RetryBudget(retry.budget());
        settings = outbound == null ? null : outbound.breaker();
        // The same seed for all, so that what differs is due to the settings.
        breaker = settings == null
                ? null
                : new CircuitBreaker(policy.name(), settings, this::changed, null, new SplittableRandom(1));
    }

    private static List<Limit> limits(List<Policy.RateLimit> all) {
        return all.stream()
                .filter(each -> !each.key().startsWith("header:"))
                .map(each -> new Limit(new RateLimit(each), each.key().equals("client")))
                .toList();
    }

    /** @param recorded in the order in which they began */
    static DryRun.Tally of(@Nullable Policy policy, List<RecordedOutcome> recorded) {
        if (policy == null) {
            return new DryRun.Tally(0, 0, 0, 0);
        }
        var replay = new Replay(policy);
        for (var attempt : recorded) {
            replay.endUntil(attempt.atNanos());
            replay.begin(attempt);
        }
        replay.endUntil(Long.MAX_VALUE);
        return new DryRun.Tally(replay.denied, replay.rejected, replay.trips, replay.retries);
    }

    private void changed(StateListener.Change change) {
        if (change.to() == CircuitBreaker.State.OPEN) {
            trips++;
        }
    }

    private void begin(RecordedOutcome attempt) {
        long nowNanos = attempt.atNanos();
        if (attempt.attempt() > 1 + (retry == null ? 0 : retry.max())) {
            return;
        }
        if (attempt.attempt() == 1) {
            if (isDenied(outboundLimits, attempt)) {
                denied++;
                return;
            }
            if (budget != null) {
                budget.request(nowNanos);
            }
        }
        long ticket = breaker == null ? 0 : breaker.acquire(nowNanos);
        if (ticket == CircuitBreaker.REJECTED) {
            rejected++;
        } else if (isDenied(inboundLimits, attempt)) {
            denied++;
            settle(ticket, Outcome.EXCLUDED, nowNanos);
        } else {
            underWay.add(new UnderWay(attempt, ticket));
        }
    }

    private static boolean isDenied(List<Limit> limits, RecordedOutcome attempt) {
        for (var limit : limits) {
            if (limit.machine.take(limit.isByClient ? attempt.client() : null, attempt.atNanos()) > 0) {
                return true;
            }
        }
        return false;
    }

    private void endUntil(long nowNanos) {
        while (!underWay.isEmpty() && underWay.peek().attempt.endNanos() <= nowNanos) {
            end(underWay.remove());
        }
    }

    private void end(UnderWay ended) {
        var attempt = ended.attempt;
        var failure = attempt.failure();
        if (settings != null) {
            var outcome = attempt.isKnown() ? settings.outcome(failure, attempt.durationNanos()) : Outcome.EXCLUDED;
            settle(ended.ticket, outcome, attempt.endNanos());
        }
        if (retry != null
                && budget != null
                && failure != null
                && failure.isIn(retry.on())
                && attempt.attempt() <= retry.max()
                && budget.retry(attempt.endNanos())) {
            retries++;
        }
    }

    private void settle(long ticket, Outcome outcome, long nowNanos) {
        if (breaker != null) {
            breaker.settle(ticket, outcome, nowNanos);
        }
    }

    private record Limit(RateLimit machine, boolean isByClient) {}

    private record UnderWay(RecordedOutcome attempt, long ticket) {}
}
