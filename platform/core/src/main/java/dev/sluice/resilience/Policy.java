package dev.sluice.resilience;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the mesh does for calls to the addresses of a pattern; see {@code docs/mesh.md} for the form in YAML. What is null is not done.
 *
 * @param name unique among the policies of a set
 * @param address segments with a dot between them: {@code *} is any one, {@code **} at the end any number of them, none included
 * @param place where it was written, such as {@code policies.yaml:12}, for messages
 */
public record Policy(
        String name,
        String address,
        @Nullable Outbound outbound,
        @Nullable Inbound inbound,
        String place) {
    /** IllegalArgumentException for an address that is no pattern. */
    public Policy {
        AddressPattern.parse(address);
    }

    /** What it says, the same text wherever it is written. */
    String settings() {
        return new Policy(name, address, outbound, inbound, "").toString();
    }

    /** Whether a guard acts, only counts what it would have done, or does nothing. */
    public enum Mode {
        ENFORCE,
        OBSERVE,
        DISABLED
    }

    /**
     * For those who call.
     *
     * @param deadline of a call with all its attempts; a caller's own that is nearer wins
     * @param perTryTimeout of one attempt
     */
    public record Outbound(
            Duration deadline,
            Duration perTryTimeout,
            List<RateLimit> rateLimits,
            @Nullable Retry retry,
            @Nullable Breaker breaker,
            @Nullable Concurrency concurrency,
            @Nullable Fallback fallback) {
        public Outbound {
            rateLimits = List.copyOf(rateLimits);
        }
    }

    /** For those who answer: rate limits in their order, then the concurrency limit. */
    public record Inbound(
            List<RateLimit> rateLimits, @Nullable Concurrency concurrency) {
        public Inbound {
            rateLimits = List.copyOf(rateLimits);
        }
    }

    /**
     * Attempts after the first, of requests that may be repeated only.
     *
     * @param max after the first
     * @param on what is tried again
     */
    public record Retry(int max, Set<Condition> on, Backoff backoff, Budget budget) {
        public Retry {
            // In order, so that the same settings have the same text.
            on = Collections.unmodifiableSet(new TreeSet<>(on));
        }
    }

    /** The n-th wait is drawn evenly from 0 to {@code base × 2^(n-1)}, at most {@code max} (full jitter). */
    public record Backoff(Duration base, Duration max) {
        /** The wait before the n-th attempt after the first, n from 1. */
        public long delayNanos(int attempt, RandomGenerator random) {
            double most = Math.min(base.toNanos() * Math.pow(2, attempt - 1), max.toNanos());
            return random.nextLong((long) most + 1);
        }
    }

    /** Retries may be {@code ratio} of the first attempts, and {@code minPerSecond} beside that. */
    public record Budget(double ratio, int minPerSecond) {}

    /**
     * A circuit breaker. Its collections are taken as they are, immutable.
     *
     * @param trips it opens when one of them holds
     * @param interval counts in CLOSED reach back so far
     * @param trials requests that are admitted half-open; all must succeed
     * @param trialTimeout a trial not settled by then is a failure
     * @param slowerThan a success that took longer is slow; null: none is
     * @param failOn what counts as a failure
     * @param exclude what counts as nothing, though a class in {@code failOn} has it
     */
    public record Breaker(
            Scope scope,
            List<Trip> trips,
            Duration interval,
            OpenFor openFor,
            int trials,
            Duration trialTimeout,
            @Nullable Duration slowerThan,
            Set<Condition> failOn,
            Set<Condition> exclude,
            Mode mode) {
        /** Whether an address has one breaker, or each instance behind it has its own. */
        public enum Scope {
            ADDRESS,
            INSTANCE
        }
    }

    /**
     * Holds when each part that is given does: 0 is not given.
     *
     * @param minRequests what the ratios need at least
     */
    public record Trip(int consecutiveFailures, double failureRatio, double slowRatio, int minRequests) {}

    /** The n-th time in a row it stays open for {@code initial × factor^(n-1)}, at most {@code max}, times 1 ± {@code jitter}. */
    public record OpenFor(Duration initial, double factor, Duration max, double jitter) {
        /** How long the n-th time in a row takes, n from 1. */
        long nanos(int opening, RandomGenerator random) {
            double grown = Math.min(initial.toNanos() * Math.pow(factor, opening - 1), max.toNanos());
            return Math.max(1, (long) (grown * (1 + jitter * (2 * random.nextDouble() - 1))));
        }
    }

    /**
     * A token bucket for each key.
     *
     * @param name unique in its policy
     * @param key {@code address} (one for all), {@code client}, or {@code header:NAME}
     * @param capacity tokens of a full bucket
     * @param refill tokens in {@code refillPeriod}, evenly
     * @param maxKeys the least used key beyond is forgotten
     */
    public record RateLimit(
            String name, String key, long capacity, long refill, Duration refillPeriod, int maxKeys, Mode mode) {}

    /** How many calls may be under way: as many as given ({@code min} = {@code max}), or found out between the two. */
    public record Concurrency(Kind kind, int min, int max, Mode mode) {
        /** How the limit is found. */
        public enum Kind {
            FIXED,
            AIMD,
            GRADIENT2
        }
    }

    /** What is answered when all attempts failed or none was allowed; one of the two is given. */
    public record Fallback(
            @Nullable Integer status, @Nullable String address) {
        private static final int TOO_MANY_REQUESTS = 429;
        private static final int UNAVAILABLE = 503;

        public Fallback {
            if ((status == null) == (address == null)) {
                throw new IllegalArgumentException(
                        "found status " + status + " and address " + address + ", expected one of the two");
            }
            if (status != null && status != TOO_MANY_REQUESTS && status != UNAVAILABLE) {
                throw new IllegalArgumentException("found status " + status + ", expected 429 or 503");
            }
            if (address != null) {
                AddressPattern.address(address);
            }
        }
    }

    /** What may become of an attempt: {@code timeout}, {@code no-handlers}, a status such as {@code 503}, or a class such as {@code 5xx}. */
    public record Condition(String word) implements Comparable<Condition> {
        public static final String TIMEOUT = "timeout";
        public static final String NO_HANDLERS = "no-handlers";
        private static final Pattern STATUS = Pattern.compile("[45](xx|[0-9]{2})");

        public Condition {
            if (!word.equals(TIMEOUT)
                    && !word.equals(NO_HANDLERS)
                    && !STATUS.matcher(word).matches()) {
                throw new IllegalArgumentException(
                        "found '" + word + "', expected timeout, no-handlers, a status from 400 to 599, 4xx or 5xx");
            }
        }

        @Override
        public int compareTo(Condition other) {
            return word.compareTo(other.word);
        }
    }
}
