package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.log.Failure;
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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyFileTest {
    static final String FULL = """
            policies:
              - name: orders-write
                match: { address: "command.order.**" }
                outbound:
                  deadline: 2s
                  perTryTimeout: 500ms
                  rateLimit: [ { name: all, capacity: 10, refill: 5/10m, maxKeys: 7, mode: observe } ]
                  retry: { max: 1, on: [ timeout, 503 ], backoff: { base: 5ms, max: 1s }, budget: { ratio: 0.5, minPerSecond: 3 } }
                  breaker: { scope: instance, trips: [ { consecutiveFailures: 6 }, { failureRatio: 0.5, minRequests: 9 } ], interval: 9s, openFor: { initial: 4s, factor: 3, max: 5s, jitter: 0 }, trials: 2, trialTimeout: 7s, slowerThan: 1s, failOn: [ "5xx" ], exclude: [ "501", 4xx ], mode: observe }
                  concurrency: { fixed: 8 }
                  fallback: { address: cache.order }
                inbound:
                  concurrency: { adaptive: aimd, min: 2, max: 64, mode: disabled }
                  rateLimit: [ { name: per-client, key: client, capacity: 100, refill: 100/s, scope: node, mode: enforce }, { key: header:X-Tenant, capacity: 1 } ]
            """;

    @Test
    void readsEveryKey() {
        var policy = PolicyFile.read(FULL, "p.yaml").get(0);

        var breaker = new Breaker(
                Breaker.Scope.INSTANCE,
                List.of(new Trip(6, 0, 0, 0), new Trip(0, 0.5, 0, 9)),
                Duration.ofSeconds(9),
                new OpenFor(Duration.ofSeconds(4), 3, Duration.ofSeconds(5), 0),
                2,
                Duration.ofSeconds(7),
                Duration.ofSeconds(1),
                conditions("5xx"),
                conditions("501", "4xx"),
                Mode.OBSERVE);
        var retry = new Retry(
                1,
                conditions("timeout", "503"),
                new Backoff(Duration.ofMillis(5), Duration.ofSeconds(1)),
                new Budget(0.5, 3));
        var all = new RateLimit("all", "address", 10, 5, Duration.ofMinutes(10), 7, Mode.OBSERVE);
        var perClient = new RateLimit("per-client", "client", 100, 100, Duration.ofSeconds(1), 8_192, Mode.ENFORCE);
        var perTenant = new RateLimit("x-tenant", "header:x-tenant", 1, 1, Duration.ofSeconds(1), 8_192, Mode.ENFORCE);
        assertThat(policy)
                .isEqualTo(new Policy(
                        "orders-write",
                        "command.order.**",
                        new Outbound(
                                Duration.ofSeconds(2),
                                Duration.ofMillis(500),
                                List.of(all),
                                retry,
                                breaker,
                                new Concurrency(Concurrency.Kind.FIXED, 8, 8, Mode.ENFORCE),
                                new Fallback(null, "cache.order")),
                        new Inbound(
                                List.of(perClient, perTenant),
                                new Concurrency(Concurrency.Kind.AIMD, 2, 64, Mode.DISABLED)),
                        "p.yaml:2"));
    }

    @Test
    void whatIsLeftOutHasADefaultThatWorks() {
        var text = "policies: [ { name: p, match: { address: a }, outbound: { retry: {}, breaker: {}, concurrency: {},"
                + " fallback: { reply: {} } } }, { name: q, match: { address: b }, outbound: {}, inbound: {} } ]";

        var set = PolicySet.compile(PolicyFile.read(text, "p.yaml"));

        var full = new Outbound(
                Duration.ofSeconds(30),
                Duration.ofSeconds(10),
                List.of(),
                new Retry(
                        2,
                        conditions("timeout", "no-handlers", "503"),
                        new Backoff(Duration.ofMillis(25), Duration.ofMillis(250)),
                        new Budget(0.2, 10)),
                new Breaker(
                        Breaker.Scope.ADDRESS,
                        List.of(new Trip(6, 0, 0, 0), new Trip(0, 0.5, 0, 20)),
                        Duration.ofSeconds(10),
                        new OpenFor(Duration.ofSeconds(5), 2, Duration.ofSeconds(60), 0.2),
                        3,
                        Duration.ofSeconds(20),
                        null,
                        conditions("timeout", "no-handlers", "5xx"),
                        Set.of(),
                        Mode.ENFORCE),
                new Concurrency(Concurrency.Kind.GRADIENT2, 4, 512, Mode.ENFORCE),
                new Fallback(503, null));
        var bare = new Outbound(Duration.ofSeconds(30), Duration.ofSeconds(30), List.of(), null, null, null, null);
        assertThat(set.of("a")).isEqualTo(new Policy("p", "a", full, null, "p.yaml:1"));
        assertThat(set.of("b")).isEqualTo(new Policy("q", "b", bare, new Inbound(List.of(), null), "p.yaml:1"));
    }

    @Test
    void theExampleOfTheDocumentationIsAPolicy() throws IOException {
        String doc = Files.readString(Path.of("../docs/mesh.md"));
        int begin = doc.indexOf("```yaml") + "```yaml".length();

        var policies = PolicyFile.read(doc.substring(begin, doc.indexOf("```", begin)), "mesh.md");

        assertThat(PolicySet.compile(policies).of("command.order.place")).isEqualTo(policies.get(0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1/1ms", "1/1d", "1000000000/1d", "1000000/1ms", "1000000000/s"})
    void whatMayBeWrittenMakesMachines(String refill) {
        for (String count : List.of("1", "1000000")) {
            var text =
                    "policies: [ { name: p, match: { address: a }, outbound: { breaker: { trials: 1000, interval: 1ms },"
                            + " concurrency: { min: " + count
                            + ", max: 1000000 }, rateLimit: [ { capacity: 1000000000, refill: "
                            + refill + " }, { name: b, capacity: 1, refill: " + refill + ", maxKeys: " + count
                            + " } ] } } ]";
            var outbound = Objects.requireNonNull(
                    PolicyFile.read(text, "p.yaml").get(0).outbound());

            assertThat(outbound.rateLimits())
                    .allSatisfy(limit -> assertThat(new dev.sluice.resilience.RateLimit(limit).take(null, -1))
                            .isZero());
            assertThat(new ConcurrencyLimit(Objects.requireNonNull(outbound.concurrency())).acquire())
                    .isTrue();
            assertThat(new CircuitBreaker("p", Objects.requireNonNull(outbound.breaker()), change -> {}).acquire(-1))
                    .isNotEqualTo(CircuitBreaker.REJECTED);
        }
    }

    @ParameterizedTest
    @MethodSource
    void refusesWithLineKeyFoundAndExpected(String text, int line, String key, String message) {
        var failure = catchThrowableOfType(Failure.class, () -> PolicyFile.read(text, "p.yaml"));

        assertThat(failure.kind()).isEqualTo(Failure.Kind.DEFINITION_INVALID);
        assertThat(failure.getMessage()).startsWith("p.yaml:" + line + ":").contains(message);
        assertThat(failure.details()).containsEntry("line", line).containsEntry("key", key);
    }

    static Stream<Arguments> refusesWithLineKeyFoundAndExpected() {
        return Stream.of(
                Arguments.of("", 1, "", "found nothing, expected a map with the key policies"),
                Arguments.of("policies:\n  a: 1\n", 2, "policies", "found a map, expected a list"),
                Arguments.of("{}", 1, "policies", "expected a list of policies"),
                Arguments.of("policy: []", 1, "policy", "an unknown key, expected policies"),
                Arguments.of("policies: [ { match: { address: a } } ]", 1, "policies[0].name", "the policy's name"),
                Arguments.of("policies: [ { name: a b } ]", 1, "policies[0].name", "found 'a b', expected 1 to 64"),
                Arguments.of("policies:\n  - name: p\n", 2, "policies[0].match.address", "expected a pattern"),
                refused("match: { address: a.**.b }", "match.address", "expected ** at the end only"),
                refused("match: { address: a..b }", "match.address", "found 'a..b', expected segments"),
                refused("match: { address: __vertx.reply }", "match.address", "not the event bus's own"),
                refused("match: { address: a, port: 1 }", "match.port", "an unknown key, expected address"),
                out("deadline: 2", "deadline", "found '2', expected a duration from 1ms to 1h"),
                out("deadline: 2h", "deadline", "found '2h'"),
                out("deadline: 0s", "deadline", "found '0s'"),
                out("deadline: { s: 1 }", "deadline", "found a map, expected text"),
                out("retries: 1", "retries", "an unknown key, expected breaker, concurrency, deadline"),
                out("retry: { max: 11 }", "retry.max", "found '11', expected a whole number from 1 to 10"),
                out("retry: { max: two }", "retry.max", "found 'two'"),
                out("retry: { on: [ late ] }", "retry.on[0]", "found 'late', expected timeout, no-handlers"),
                out("retry: { on: [ 200 ] }", "retry.on[0]", "found '200'"),
                out("retry: { budget: { ratio: -1 } }", "retry.budget.ratio", "expected a number from 0.0 to 10.0"),
                out("breaker: { scope: cluster }", "breaker.scope", "found 'cluster', expected address, instance"),
                out("breaker: { trips: [] }", "breaker.trips", "found an empty list"),
                out("breaker: { trips: [ {} ] }", "breaker.trips[0]", "consecutiveFailures, failureRatio or slowRatio"),
                out("breaker: { trips: [ { failureRatio: 2 } ] }", "breaker.trips[0].failureRatio", "0.001 to 1.0"),
                out("breaker: { failOn: [] }", "breaker.failOn", "what counts as a failure"),
                out("breaker: { exclude: 4xx }", "breaker.exclude", "found '4xx', expected a list"),
                out("breaker: { mode: on }", "breaker.mode", "found 'on', expected enforce, observe, disabled"),
                out("concurrency: { fixed: 3, min: 1 }", "concurrency.min", "found it beside fixed"),
                out("concurrency: { adaptive: fixed }", "concurrency.adaptive", "aimd or gradient2"),
                out("concurrency: { min: 9, max: 8 }", "concurrency.max", "a whole number from 9 to"),
                out("fallback: {}", "fallback", "found neither, expected one of reply and address"),
                out("fallback: { address: a, reply: {} }", "fallback", "found both"),
                out("fallback: { address: a.* }", "fallback.address", "without * and **"),
                out("rateLimit: [ {} ]", "rateLimit[0].capacity", "how many calls may come at once"),
                out("rateLimit: [ { capacity: 1, refill: 1 } ]", "rateLimit[0].refill", "such as 100/s or 5/10m"),
                out("rateLimit: [ { capacity: 1, refill: 9999999/1ms } ]", "rateLimit[0].refill", "in a millisecond"),
                out("rateLimit: [ { capacity: 1, refill: 1/2d } ]", "rateLimit[0].refill", "at most a day"),
                out("rateLimit: [ { capacity: 1, key: ip } ]", "rateLimit[0].key", "client or header:NAME"),
                out("rateLimit: [ { capacity: 1, scope: cluster } ]", "rateLimit[0].scope", "until scale-out"));
    }

    private static Arguments refused(String yaml, String key, String message) {
        return Arguments.of("policies:\n  - name: p\n    " + yaml + "\n", 3, "policies[0]." + key, message);
    }

    private static Arguments out(String yaml, String key, String message) {
        return Arguments.of(
                "policies:\n  - name: p\n    match: { address: a }\n    outbound:\n      " + yaml + "\n",
                5,
                "policies[0].outbound." + key,
                message);
    }

    private static Set<Condition> conditions(String... words) {
        return Set.copyOf(Stream.of(words).map(Condition::new).toList());
    }
}
