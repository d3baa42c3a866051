package dev.sluice.resilience;

import dev.sluice.resilience.Policy.Breaker;
import dev.sluice.resilience.Policy.Outbound;
import dev.sluice.resilience.Policy.RateLimit;
import dev.sluice.resilience.Policy.Retry;
import dev.sluice.resilience.PolicySet.Entry;
import dev.sluice.yaml.Durations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What is wrong with policies: each by itself, then with each other. Types and ranges are looked at when they are read. */
final class PolicyChecks {
    private static final int MAX_VIOLATIONS = 100;

    private final List<Violation> violations = new ArrayList<>();

    private PolicyChecks() {}

    /** @param entries takes the policies with their patterns */
    static List<Violation> violations(List<Policy> policies, List<Entry> entries) {
        var checks = new PolicyChecks();
        checks.checkNames(policies);
        policies.forEach(policy -> checks.check(policy, entries));
        checks.checkTies(entries);
        checks.checkReachable(entries);
        checks.checkFallbacks(entries);
        return checks.violations.stream().limit(MAX_VIOLATIONS).toList();
    }

    private void checkNames(List<Policy> policies) {
        var byName = new HashMap<String, Policy>();
        for (var policy : policies) {
            var first = byName.putIfAbsent(policy.name(), policy);
            if (first != null) {
                add(
                        policy,
                        "name",
                        "'" + policy.name() + "', which the policy at " + first.place() + " has too",
                        "a name of its own",
                        "rename one of the two");
            }
        }
        if (policies.size() > PolicySet.MAX_POLICIES) {
            add(
                    policies.get(PolicySet.MAX_POLICIES),
                    "name",
                    policies.size() + " policies",
                    "at most " + PolicySet.MAX_POLICIES,
                    "join policies under wider patterns");
        }
    }

    private void check(Policy policy, List<Entry> entries) {
        entries.add(new Entry(AddressPattern.parse(policy.address()), policy));
        var outbound = policy.outbound();
        if (outbound != null) {
            checkOutbound(policy, outbound);
        }
        var limits = new ArrayList<RateLimit>();
        if (outbound != null) {
            limits.addAll(outbound.rateLimits());
        }
        if (policy.inbound() != null) {
            limits.addAll(policy.inbound().rateLimits());
        }
        checkLimits(policy, limits);
    }

    private void checkLimits(Policy policy, List<RateLimit> limits) {
        var names = new HashSet<String>();
        for (var limit : limits) {
            if (!names.add(limit.name())) {
                add(
                        policy,
                        "rateLimit",
                        "two limits with the name '" + limit.name() + "'",
                        "names of their own",
                        "rename one of the two");
            }
        }
    }

    private void checkOutbound(Policy policy, Outbound outbound) {
        if (outbound.perTryTimeout().compareTo(outbound.deadline()) > 0) {
            add(
                    policy,
                    "outbound.perTryTimeout",
                    shown(outbound.perTryTimeout()),
                    "at most the deadline of " + shown(outbound.deadline()),
                    "shorten it, or lengthen outbound.deadline");
        }
        if (outbound.retry() != null) {
            checkRetry(policy, outbound.retry());
        }
        if (outbound.breaker() != null) {
            checkBreaker(policy, outbound.breaker());
        }
    }

    /** Of a caller that asks once in a while the ratio pays nothing, so what comes beside it must pay for all its retries. */
    private void checkRetry(Policy policy, Retry retry) {
        if (retry.budget().minPerSecond() < retry.max()) {
            add(
                    policy,
                    "outbound.retry.budget.minPerSecond",
                    String.valueOf(retry.budget().minPerSecond()),
                    "at least retry.max (" + retry.max() + "), as a single request may use so many",
                    "raise it, or lower retry.max");
        }
        if (retry.backoff().base().compareTo(retry.backoff().max()) > 0) {
            add(
                    policy,
                    "outbound.retry.backoff.base",
                    shown(retry.backoff().base()),
                    "at most backoff.max, " + shown(retry.backoff().max()),
                    "shorten it, or lengthen backoff.max");
        }
    }

    private void checkBreaker(Policy policy, Breaker breaker) {
        if (breaker.openFor().initial().compareTo(breaker.openFor().max()) > 0) {
            add(
                    policy,
                    "outbound.breaker.openFor.initial",
                    shown(breaker.openFor().initial()),
                    "at most openFor.max, " + shown(breaker.openFor().max()),
                    "shorten it, or lengthen openFor.max");
        }
        if (breaker.slowerThan() == null && breaker.trips().stream().anyMatch(trip -> trip.slowRatio() > 0)) {
            add(
                    policy,
                    "outbound.breaker.trips",
                    "slowRatio without slowerThan",
                    "what is slow",
                    "say breaker.slowerThan");
        }
        breaker.failOn().stream()
                .filter(breaker.exclude()::contains)
                .sorted()
                .forEach(fails -> add(
                        policy,
                        "outbound.breaker.exclude",
                        "'" + fails.word() + "', which failOn names",
                        "it in one of the two",
                        "take it out of the other"));
    }

    private void checkTies(List<Entry> entries) {
        var byPattern = new HashMap<AddressPattern, Policy>();
        for (var entry : entries) {
            var first = byPattern.putIfAbsent(entry.pattern(), entry.policy());
            if (first != null) {
                add(
                        entry.policy(),
                        "match.address",
                        "'" + entry.pattern() + "', as specific as that of " + first.name() + " at " + first.place(),
                        "one policy for a pattern",
                        "join the two, or narrow one of them");
            }
        }
    }

    /**
     * A pattern that nothing is left of. Literals never exhaust a segment, so only {@code p.**} can be: by {@code p.*.**}, or a longer
     * one of that form, with {@code p}, {@code p.*} and so on for the addresses that are shorter.
     */
    private void checkReachable(List<Entry> entries) {
        Set<AddressPattern> all = entries.stream().map(Entry::pattern).collect(Collectors.toSet());
        for (var entry : entries) {
            var takers = entry.pattern().endsOpen() ? takers(entry.pattern(), all) : null;
            if (takers != null) {
                add(
                        entry.policy(),
                        "match.address",
                        "'" + entry.pattern() + "', all addresses of which are taken by " + String.join(", ", takers),
                        "a pattern that some address is left to",
                        "delete the policy, or one of those");
            }
        }
    }

    private static @Nullable Set<String> takers(AddressPattern open, Set<AddressPattern> all) {
        var segments = new ArrayList<>(open.segments());
        segments.remove(segments.size() - 1);
        var takers = new LinkedHashSet<String>();
        while (segments.isEmpty() || all.contains(new AddressPattern(segments))) {
            if (!segments.isEmpty()) {
                takers.add(String.join(".", segments));
            }
            segments.add(AddressPattern.ONE);
            var longer = new ArrayList<>(segments);
            longer.add(AddressPattern.REST);
            if (all.contains(new AddressPattern(longer))) {
                takers.add(String.join(".", longer));
                return takers;
            }
        }
        return null;
    }

    /** Each policy falls back to one address at most, which has one policy: a walk that comes back to where it was is a cycle. */
    private void checkFallbacks(List<Entry> entries) {
        var sorted = PolicySet.sorted(entries);
        var seen = new HashSet<Policy>();
        for (var entry : entries) {
            var walk = new LinkedHashSet<Policy>();
            Policy at = entry.policy();
            while (at != null && !seen.contains(at) && walk.add(at)) {
                at = next(at, sorted);
            }
            if (at != null && walk.contains(at)) {
                var policy = at;
                String way = walk.stream()
                        .dropWhile(each -> each != policy)
                        .map(Policy::name)
                        .collect(Collectors.joining(" → "));
                add(
                        policy,
                        "outbound.fallback.address",
                        "a cycle, " + way + " → " + policy.name(),
                        "fallbacks that end",
                        "let one of them answer with reply, or from an address of another policy");
            }
            seen.addAll(walk);
        }
    }

    private static @Nullable Policy next(Policy policy, List<Entry> sorted) {
        var outbound = policy.outbound();
        var fallback = outbound == null ? null : outbound.fallback();
        return fallback == null || fallback.address() == null ? null : PolicySet.first(sorted, fallback.address());
    }

    private void add(Policy policy, String key, String found, String expected, String next) {
        violations.add(new Violation(policy.place(), policy.name(), key, found, expected, next));
    }

    private static String shown(Duration duration) {
        return Durations.text(duration.toMillis());
    }
}
