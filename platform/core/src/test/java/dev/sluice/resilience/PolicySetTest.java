package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.log.Failure;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicySetTest {
    private static PolicySet compile(String yaml) {
        return PolicySet.compile(PolicyFile.read(yaml, "p.yaml"));
    }

    private static String outbound(String name, String address, String yaml) {
        return "  - { name: " + name + ", match: { address: '" + address + "' }, outbound: { " + yaml + " } }\n";
    }

    @Test
    void saysWhichPolicyAnAddressHasAndWhyTheOthersLost() {
        var set = compile("policies:\n" + outbound("all", "**", "") + outbound("shards", "shard.*.append", "")
                + outbound("first", "shard.0.**", ""));

        var explanation = set.explain("shard.0.append");

        assertThat(explanation.policy()).isEqualTo(set.of("shard.0.append"));
        assertThat(explanation.lost())
                .extracting(lost -> lost.policy().name() + ": " + lost.reason())
                .containsExactly(
                        "shards: segment 2: '0' of 'shard.0.**' is more specific than '*' of 'shard.*.append'",
                        "all: segment 1: 'shard' of 'shard.0.**' is more specific than '**' of '**'");
        assertThat(set.of("query")).isNotNull();
        assertThat(PolicySet.EMPTY.explain("query")).isEqualTo(new PolicySet.Explanation("query", null, List.of()));
    }

    @Test
    void isNamedAfterWhatItSaysAndNotWhereThatIsWritten() {
        String one = outbound("p", "a", "breaker: { failOn: [ 5xx, timeout ] }");
        String other = outbound("q", "b", "");

        var version = compile("policies:\n" + one + other).version();

        assertThat(compile("\n\npolicies:\n" + other + one.replace("5xx, timeout", "timeout, 5xx"))
                        .version())
                .isEqualTo(version)
                .matches("[0-9a-f]{16}");
        assertThat(compile("policies:\n" + one).version()).isNotEqualTo(version);
        assertThat(compile("policies:\n" + one.replace("5xx", "503") + other).version())
                .isNotEqualTo(version);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "deadline: 1s, perTryTimeout: 2s     | outbound.perTryTimeout | found 2s, expected at most the deadline of 1s",
                "retry: { max: 3, budget: { minPerSecond: 2 } } | outbound.retry.budget.minPerSecond | found 2, expected at least retry.max (3)",
                "retry: { backoff: { base: 1s } }    | outbound.retry.backoff.base | found 1s, expected at most backoff.max, 250ms",
                "breaker: { openFor: { initial: 9s, max: 8s } } | outbound.breaker.openFor.initial | found 9s, expected at most openFor.max, 8s",
                "breaker: { trips: [ { slowRatio: 0.5 } ] } | outbound.breaker.trips | found slowRatio without slowerThan",
                "breaker: { failOn: [ 503, 5xx ], exclude: [ 503 ] } | outbound.breaker.exclude | found '503', which failOn names",
                "fallback: { address: a }            | outbound.fallback.address | found a cycle, p → p, expected fallbacks that end",
                "rateLimit: [ { capacity: 1 }, { capacity: 2 } ] | rateLimit | found two limits with the name 'address'",
            })
    void refusesWhatCannotWork(String yaml, String key, String message) {
        var failure = catchThrowableOfType(Failure.class, () -> compile("policies:\n" + outbound("p", "a", yaml)));

        assertThat(failure.kind()).isEqualTo(Failure.Kind.DEFINITION_INVALID);
        assertThat(failure.getMessage())
                .startsWith("p.yaml:2: p: " + key + ": ")
                .contains(message);
    }

    @Test
    void tellsAllThatIsWrongWithTheSetEachWithItsPlace() {
        var yaml = "policies:\n" + outbound("p", "a.**", "fallback: { address: b.x }")
                + outbound("p", "a.**", "")
                + outbound("q", "b.**", "fallback: { address: c }")
                + outbound("r", "c", "fallback: { address: a.x }, deadline: 1s, perTryTimeout: 2s")
                + outbound("s", "d.**", "")
                + outbound("t", "d", "")
                + outbound("u", "d.*.**", "");

        var failure = catchThrowableOfType(Failure.class, () -> compile(yaml));

        assertThat(failure.getMessage().split("; "))
                .satisfiesExactlyInAnyOrder(
                        each -> assertThat(each)
                                .startsWith("p.yaml:3: p: name: found 'p', which the policy at p.yaml:2"),
                        each -> assertThat(each).startsWith("p.yaml:3: p: match.address: found 'a.**', as specific as"),
                        each -> assertThat(each)
                                .startsWith("p.yaml:2: p: outbound.fallback.address: found a cycle, p → q → r → p"),
                        each -> assertThat(each).startsWith("p.yaml:5: r: outbound.perTryTimeout"),
                        each -> assertThat(each)
                                .startsWith("p.yaml:6: s: match.address")
                                .contains("taken by d, d.*.**"));
        assertThat((List<?>) failure.details().get("violations")).hasSize(5).allSatisfy(each -> assertThat(
                        ((Map<?, ?>) each).keySet())
                .hasToString("[place, policy, key, found, expected, next]"));
    }
}
