package dev.sluice.resilience;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Recorded attempts, sent through the machines of a set of policies in the order in which they began and ended. */
final class Replay {
    private final PolicySet set;
    /** As in the sidecar: the addresses of a policy share its rate limits, and each has its own breaker and budget. */
    private final Map<String, List<Limit>> limits = new HashMap<>();

    private final Map<String, Lane> lanes = new HashMap<>();
    private final PriorityQueue<UnderWay> underWay =
            new PriorityQueue<>(Comparator.comparingLong(each -> each.attempt.endNanos()));

    private Replay(PolicySet set) {
        this.set = set;
    }

    /**
     * How each address fares.
     *
     * @param recorded in the order in which they began
     */
    static Map<String, DryRun.Tally> of(PolicySet set, List<RecordedOutcome> recorded) {
        var replay = new Replay(set);
        for (var attempt : recorded) {
            replay.endUntil(attempt.atNanos());
            replay.begin(attempt);
        }
        replay.endUntil(Long.MAX_VALUE);
        var tallies = new HashMap<String, DryRun.Tally>();
        replay.lanes.forEach((address, lane) -> tallies.put(address, lane.tally()));
        return tallies;
    }

    private void begin(RecordedOutcome attempt) {
        var lane = lanes.computeIfAbsent(attempt.address(), address -> new Lane(set.of(address)));
        long ticket = lane.begin(attempt);
        if (ticket != CircuitBreaker.REJECTED) {
            underWay.add(new UnderWay(lane, attempt, ticket));
        }
    }

    private void endUntil(long nowNanos) {
        while (!underWay.isEmpty() && underWay.peek().attempt.endNanos() <= nowNanos) {
            var ended = underWay.remove();
            ended.lane.end(ended.attempt, ended.ticket);
        }
    }

    private List<Limit> limits(@Nullable Policy policy, String direction, List<Policy.RateLimit> settings) {
        return policy == null
                ? List.of()
                : limits.computeIfAbsent(policy.name() + " " + direction, name -> settings.stream()
                        .filter(each -> !each.key().startsWith("header:"))
                        .map(each -> new Limit(new RateLimit(each), each.key().equals("client")))
                        .toList());
    }

    /** What one address has. */
    private final class Lane {
        private final Policy.@Nullable Outbound outbound;
        private final List<Limit> outboundLimits;
        private final List<Limit> inboundLimits;
        private final @Nullable RetryBudget budget;
        private final Conditions retried;
        private final Policy.@Nullable Breaker settings;
        private final Conditions failures;
        private final Conditions excluded;
        private final @Nullable CircuitBreaker breaker;
        private long denied;
        private long rejected;
        private long trips;
        private long retries;

        Lane(@Nullable Policy policy) {
            outbound = policy == null ? null : policy.outbound();
            var inbound = policy == null ? null : policy.inbound();
            outboundLimits = outbound == null ? List.of() : limits(policy, "outbound", outbound.rateLimits());
            inboundLimits = inbound == null ? List.of() : limits(policy, "inbound", inbound.rateLimits());
            var retry = outbound == null ? null : outbound.retry();
            budget = retry == null ? null : new RetryBudget(retry.budget());
            retried = new Conditions(retry == null ? Set.of() : retry.on());
            settings = outbound == null ? null : outbound.breaker();
            failures = new Conditions(settings == null ? Set.of() : settings.failOn());
            excluded = new Conditions(settings == null ? Set.of() : settings.exclude());
            // The same seed for all, so that what differs is due to the settings.
            breaker = settings == null
                    ? null
                    : new CircuitBreaker("dry run", settings, this::changed, null, new SplittableRandom(1));
        }

        private void changed(StateListener.Change change) {
            if (change.to() == CircuitBreaker.State.OPEN) {
                trips++;
            }
        }

        /** The breaker's ticket, or REJECTED for an attempt that is not made. */
        long begin(RecordedOutcome attempt) {
            if (attempt.attempt() > 1 + mostRetries()) {
                return CircuitBreaker.REJECTED;
            }
            if (attempt.attempt() == 1) {
                if (isDenied(outboundLimits, attempt)) {
                    denied++;
                    return CircuitBreaker.REJECTED;
                }
                if (budget != null) {
                    budget.request(attempt.atNanos());
                }
            }
            long ticket = breaker == null ? 0 : breaker.acquire(attempt.atNanos());
            if (ticket == CircuitBreaker.REJECTED) {
                rejected++;
            } else if (isDenied(inboundLimits, attempt)) {
                denied++;
                settle(ticket, Outcome.EXCLUDED, attempt.atNanos());
                return CircuitBreaker.REJECTED;
            }
            return ticket;
        }

        private int mostRetries() {
            return outbound == null || outbound.retry() == null
                    ? 0
                    : outbound.retry().max();
        }

        private static boolean isDenied(List<Limit> limits, RecordedOutcome attempt) {
            for (var limit : limits) {
                if (limit.machine.take(limit.isByClient ? attempt.client() : null, attempt.atNanos()) > 0) {
                    return true;
                }
            }
            return false;
        }

        void end(RecordedOutcome attempt, long ticket) {
            settle(ticket, outcome(attempt), attempt.endNanos());
            boolean isRetried = attempt.isKnown()
                    && !attempt.isOk()
                    && attempt.attempt() <= mostRetries()
                    && retried.hold(attempt.failure());
            if (isRetried && budget != null && budget.retry(attempt.endNanos())) {
                retries++;
            }
        }

        private Outcome outcome(RecordedOutcome attempt) {
            if (attempt.isOk()) {
                var slowerThan = settings == null ? null : settings.slowerThan();
                return slowerThan != null && attempt.durationNanos() >= slowerThan.toNanos()
                        ? Outcome.SLOW
                        : Outcome.SUCCESS;
            }
            return attempt.isKnown() && !excluded.hold(attempt.failure()) && failures.hold(attempt.failure())
                    ? Outcome.FAILURE
                    : Outcome.EXCLUDED;
        }

        private void settle(long ticket, Outcome outcome, long nowNanos) {
            if (breaker != null) {
                breaker.settle(ticket, outcome, nowNanos);
            }
        }

        DryRun.Tally tally() {
            return new DryRun.Tally(denied, rejected, trips, retries);
        }
    }

    private record Limit(RateLimit machine, boolean isByClient) {}

    private record UnderWay(Lane lane, RecordedOutcome attempt, long ticket) {}
}
