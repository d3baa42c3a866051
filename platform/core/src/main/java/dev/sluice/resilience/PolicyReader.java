package dev.sluice.resilience;

import dev.sluice.resilience.Policy.Backoff;
import dev.sluice.resilience.Policy.Breaker;
import dev.sluice.resilience.Policy.Budget;
import dev.sluice.resilience.Policy.Concurrency;
import dev.sluice.resilience.Policy.Condition;
import dev.sluice.resilience.Policy.Fallback;
import dev.sluice.resilience.Policy.Inbound;
import dev.sluice.resilience.Policy.Mode;
import dev.sluice.resilience.Policy.OpenFor;
import dev.sluice.resilience.Policy.Outbound;
import dev.sluice.resilience.Policy.RateLimit;
import dev.sluice.resilience.Policy.Retry;
import dev.sluice.resilience.Policy.Trip;
import dev.sluice.yaml.Document;
import dev.sluice.yaml.Durations;
import dev.sluice.yaml.Fields;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads policies from the tree of a document, strictly; what is left out has the defaults that stand here. */
final class PolicyReader {
    private static final Duration DEADLINE = Duration.ofSeconds(30);
    private static final Duration LONGEST_CALL = Duration.ofHours(1);
    private static final Duration LONGEST = Duration.ofDays(1);
    private static final int MAX_IN_LIST = 32;
    private static final int MAX_COUNT = 1_000_000;
    private static final long MAX_TOKENS = 1_000_000_000;

    private static final List<Condition> RETRIED = conditions(Condition.TIMEOUT, Condition.NO_HANDLERS, "503");
    private static final List<Condition> FAILURES = conditions(Condition.TIMEOUT, Condition.NO_HANDLERS, "5xx");
    private static final List<Trip> TRIPS = List.of(new Trip(6, 0, 0, 0), new Trip(0, 0.5, 0, 20));

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");
    private static final Pattern KEY = Pattern.compile("address|client|header:([A-Za-z0-9-]{1,64})");
    private static final Pattern REFILL = Pattern.compile("([1-9][0-9]{0,9})/([1-9][0-9]{0,5})?(ms|s|m|h|d)");

    private PolicyReader() {}

    static List<Policy> read(Document document) {
        var top = Fields.of(document, "policies");
        if (!top.has("policies")) {
            throw top.refused("policies", "nothing", "a list of policies");
        }
        return top.maps("policies", PolicySet.MAX_POLICIES, "name", "match", "outbound", "inbound").stream()
                .map(PolicyReader::policy)
                .toList();
    }

    private static Policy policy(Fields fields) {
        return new Policy(
                fields.text("name", "the policy's name", PolicyReader::name),
                fields.map("match", "address")
                        .text("address", "a pattern of addresses, such as query.**", PolicyReader::pattern),
                fields.has("outbound")
                        ? outbound(fields.map(
                                "outbound",
                                "deadline",
                                "perTryTimeout",
                                "rateLimit",
                                "retry",
                                "breaker",
                                "concurrency",
                                "fallback"))
                        : null,
                fields.has("inbound") ? inbound(fields.map("inbound", "rateLimit", "concurrency")) : null,
                fields.place());
    }

    private static String name(String text) {
        if (!NAME.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "found '" + text + "', expected 1 to 64 letters, digits, _ and -, first a letter or a digit");
        }
        return text;
    }

    private static String pattern(String text) {
        return AddressPattern.parse(text).toString();
    }

    private static Outbound outbound(Fields fields) {
        var deadline = fields.duration("deadline", DEADLINE, LONGEST_CALL);
        var retry = fields.has("retry") ? retry(fields.map("retry", "max", "on", "backoff", "budget")) : null;
        int attempts = retry == null ? 1 : retry.max() + 1;
        long share = Math.max(1, deadline.toMillis() / attempts);
        var perTryTimeout = fields.duration("perTryTimeout", Duration.ofMillis(share), LONGEST_CALL);
        return new Outbound(
                deadline,
                perTryTimeout,
                rateLimits(fields),
                retry,
                fields.has("breaker") ? breaker(fields, perTryTimeout) : null,
                concurrency(fields),
                fields.has("fallback") ? fallback(fields.map("fallback", "reply", "address")) : null);
    }

    private static Inbound inbound(Fields fields) {
        return new Inbound(rateLimits(fields), concurrency(fields));
    }

    private static Retry retry(Fields fields) {
        var backoff = fields.map("backoff", "base", "max");
        var budget = fields.map("budget", "ratio", "minPerSecond");
        return new Retry(
                fields.smallNumber("max", 2, 1, 10),
                conditions(fields, "on", RETRIED),
                new Backoff(
                        backoff.duration("base", Duration.ofMillis(25), LONGEST_CALL),
                        backoff.duration("max", Duration.ofMillis(250), LONGEST_CALL)),
                new Budget(budget.decimal("ratio", 0.2, 0, 10), budget.smallNumber("minPerSecond", 10, 0, MAX_COUNT)));
    }

    private static Breaker breaker(Fields outbound, Duration perTryTimeout) {
        var fields = outbound.map(
                "breaker",
                "scope",
                "trips",
                "interval",
                "openFor",
                "trials",
                "trialTimeout",
                "slowerThan",
                "failOn",
                "exclude",
                "mode");
        var failOn = conditions(fields, "failOn", FAILURES);
        if (failOn.isEmpty()) {
            throw fields.refused("failOn", "an empty list", "what counts as a failure");
        }
        return new Breaker(
                fields.word("scope", Breaker.Scope.ADDRESS),
                trips(fields),
                fields.duration("interval", Duration.ofSeconds(10), LONGEST_CALL),
                openFor(fields.map("openFor", "initial", "factor", "max", "jitter")),
                fields.smallNumber("trials", 3, 1, 1_000),
                fields.duration("trialTimeout", perTryTimeout.multipliedBy(2), LONGEST),
                fields.has("slowerThan") ? fields.duration("slowerThan", DEADLINE, LONGEST_CALL) : null,
                failOn,
                conditions(fields, "exclude", List.of()),
                fields.word("mode", Mode.ENFORCE));
    }

    private static List<Trip> trips(Fields breaker) {
        if (!breaker.has("trips")) {
            return TRIPS;
        }
        var trips =
                breaker
                        .maps("trips", MAX_IN_LIST, "consecutiveFailures", "failureRatio", "slowRatio", "minRequests")
                        .stream()
                        .map(PolicyReader::trip)
                        .toList();
        if (trips.isEmpty()) {
            throw breaker.refused("trips", "an empty list", "when it opens, such as { consecutiveFailures: 6 }");
        }
        return trips;
    }

    private static Trip trip(Fields fields) {
        boolean hasRatio = fields.has("failureRatio") || fields.has("slowRatio");
        if (!hasRatio && !fields.has("consecutiveFailures")) {
            throw fields.refused("", "none of them", "consecutiveFailures, failureRatio or slowRatio");
        }
        return new Trip(
                fields.smallNumber("consecutiveFailures", 0, 1, MAX_COUNT),
                fields.decimal("failureRatio", 0, 0.001, 1),
                fields.decimal("slowRatio", 0, 0.001, 1),
                fields.smallNumber("minRequests", hasRatio ? 20 : 0, 1, MAX_COUNT));
    }

    private static OpenFor openFor(Fields fields) {
        var initial = fields.duration("initial", Duration.ofSeconds(5), LONGEST);
        var longest = initial.compareTo(Duration.ofMinutes(1)) > 0 ? initial : Duration.ofMinutes(1);
        return new OpenFor(
                initial,
                fields.decimal("factor", 2, 1, 100),
                fields.duration("max", longest, LONGEST),
                fields.decimal("jitter", 0.2, 0, 0.9));
    }

    private static Set<Condition> conditions(Fields fields, String key, List<Condition> fallback) {
        return Collections.unmodifiableSet(new TreeSet<>(fields.texts(key, fallback, MAX_IN_LIST, Condition::new)));
    }

    private static List<Condition> conditions(String... words) {
        return List.of(words).stream().map(Condition::new).toList();
    }

    private static List<RateLimit> rateLimits(Fields fields) {
        return fields
                .maps("rateLimit", MAX_IN_LIST, "name", "key", "capacity", "refill", "maxKeys", "scope", "mode")
                .stream()
                .map(PolicyReader::rateLimit)
                .toList();
    }

    private static RateLimit rateLimit(Fields fields) {
        String key = fields.textOr("key", "address", PolicyReader::key);
        if (!fields.has("capacity")) {
            throw fields.refused("capacity", "nothing", "how many calls may come at once");
        }
        long capacity = fields.number("capacity", 0, 1, MAX_TOKENS);
        fields.textOr("scope", "node", PolicyReader::scope);
        var refill = fields.textOr("refill", new Refill(capacity, Duration.ofSeconds(1)), Refill::parse);
        return new RateLimit(
                fields.textOr("name", key.substring(key.indexOf(':') + 1), PolicyReader::name),
                key,
                capacity,
                refill.tokens(),
                refill.period(),
                fields.smallNumber("maxKeys", 8_192, 1, MAX_COUNT),
                fields.word("mode", Mode.ENFORCE));
    }

    private static String key(String text) {
        if (!KEY.matcher(text).matches()) {
            throw new IllegalArgumentException("found '" + text + "', expected address, client or header:NAME");
        }
        return text.startsWith("header:") ? text.toLowerCase(Locale.ROOT) : text;
    }

    private static String scope(String text) {
        if (text.equals("cluster")) {
            throw new IllegalArgumentException(
                    "found 'cluster', expected node: a limit of the whole cluster has to wait until scale-out");
        }
        if (!text.equals("node")) {
            throw new IllegalArgumentException("found '" + text + "', expected node");
        }
        return text;
    }

    private static @Nullable Concurrency concurrency(Fields parent) {
        if (!parent.has("concurrency")) {
            return null;
        }
        var fields = parent.map("concurrency", "fixed", "adaptive", "min", "max", "mode");
        var mode = fields.word("mode", Mode.ENFORCE);
        if (fields.has("fixed")) {
            for (String other : List.of("adaptive", "min", "max")) {
                if (fields.has(other)) {
                    throw fields.refused(other, "it beside fixed", "one of the two");
                }
            }
            int limit = fields.smallNumber("fixed", 0, 1, MAX_COUNT);
            return new Concurrency(Concurrency.Kind.FIXED, limit, limit, mode);
        }
        var kind = fields.word("adaptive", Concurrency.Kind.GRADIENT2);
        if (kind == Concurrency.Kind.FIXED) {
            throw fields.refused("adaptive", "'fixed'", "aimd or gradient2, or the key fixed with a number");
        }
        int min = fields.smallNumber("min", 4, 1, MAX_COUNT);
        return new Concurrency(kind, min, fields.smallNumber("max", Math.max(min, 512), min, MAX_COUNT), mode);
    }

    private static Fallback fallback(Fields fields) {
        if (fields.has("reply") == fields.has("address")) {
            throw fields.refused("", fields.has("reply") ? "both" : "neither", "one of reply and address");
        }
        if (fields.has("address")) {
            return new Fallback(null, fields.text("address", "an address", AddressPattern::address));
        }
        var reply = fields.map("reply", "status");
        int status = reply.smallNumber("status", 503, 400, 599);
        if (status != 429 && status != 503) {
            throw reply.refused("status", String.valueOf(status), "429 or 503");
        }
        return new Fallback(status, null);
    }

    /** Tokens in a time, as in 100/s or 5/10m. */
    private record Refill(long tokens, Duration period) {
        static Refill parse(String text) {
            var match = REFILL.matcher(text);
            long tokens = match.matches() ? Long.parseLong(match.group(1)) : 0;
            long millis = tokens == 0
                    ? 0
                    : Durations.millis((match.group(2) == null ? "1" : match.group(2)) + match.group(3))
                            .orElseThrow();
            var period = Duration.ofMillis(millis);
            // A token each nanosecond is the most that a bucket takes.
            if (tokens < 1 || tokens > MAX_TOKENS || millis > LONGEST.toMillis() || tokens > period.toNanos()) {
                throw new IllegalArgumentException("found '" + text + "', expected at most " + MAX_TOKENS
                        + " in at most a day and 1000000 in a millisecond, such as 100/s or 5/10m");
            }
            return new Refill(tokens, period);
        }
    }
}
