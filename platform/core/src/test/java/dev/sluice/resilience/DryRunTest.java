package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.resilience.DryRun.Difference;
import dev.sluice.resilience.DryRun.Tally;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DryRunTest {
    private static final long BEGIN_NANOS = -5_000_000_000L;

    private static PolicySet set(String outbound, String inbound) {
        return PolicySet.compile(PolicyFile.read(
                "policies: [ { name: p, match: { address: 'a.*' }, outbound: " + outbound + ", inbound: " + inbound
                        + " } ]",
                "p.yaml"));
    }

    private static RecordedOutcome attempt(String address, String client, int number, long atMillis, String outcome) {
        return new RecordedOutcome(
                address,
                client,
                number,
                BEGIN_NANOS + TimeUnit.MILLISECONDS.toNanos(atMillis),
                TimeUnit.MILLISECONDS.toNanos(5),
                outcome);
    }

    /** 30 calls at 10/s, those of the second second fail as unavailable and are tried once more. */
    private static List<RecordedOutcome> outage(String address) {
        var recorded = new ArrayList<RecordedOutcome>();
        for (int i = 0; i < 30; i++) {
            boolean fails = i >= 10 && i < 20;
            recorded.add(attempt(address, "c" + i % 2, 1, i * 100, fails ? "unavailable" : RecordedOutcome.OK));
            if (fails) {
                recorded.add(attempt(address, "c" + i % 2, 2, i * 100 + 50, "unavailable"));
            }
        }
        return recorded;
    }

    private static Tally tally(PolicySet after) {
        return DryRun.of(PolicySet.EMPTY, after, outage("a.b")).differences().stream()
                .map(Difference::after)
                .findFirst()
                .orElse(new Tally(0, 0, 0, 0));
    }

    @Test
    void aBreakerWouldHaveTrippedAndRejectedUntilATrialSucceeded() {
        var after = set(
                "{ breaker: { trips: [ { consecutiveFailures: 4 } ], trials: 1, openFor: { initial: 400ms, factor: 1, jitter: 0 } } }",
                "{}");

        // Without retries only first attempts are replayed: fails 1.0 1.1 1.2 1.3, open to 1.7; 1.8 fails, open to
        // 2.205.
        assertThat(tally(after)).isEqualTo(new Tally(0, 4 + 4, 2, 0));
    }

    @Test
    void aLimitWouldHaveDeniedByAddressOrByClient() {
        assertThat(tally(set("{ rateLimit: [ { capacity: 12, refill: 1/h } ] }", "{}")))
                .isEqualTo(new Tally(18, 0, 0, 0));
        assertThat(tally(set("{}", "{ rateLimit: [ { key: client, capacity: 12, refill: 1/h } ] }")))
                .isEqualTo(new Tally(6, 0, 0, 0));
        assertThat(tally(set("{}", "{ rateLimit: [ { capacity: 12, refill: 1/h, mode: observe } ] }")))
                .isEqualTo(new Tally(0, 0, 0, 0));
        assertThat(tally(set("{}", "{ rateLimit: [ { key: header:x, capacity: 1, refill: 1/h } ] }")))
                .isEqualTo(new Tally(0, 0, 0, 0));
    }

    @Test
    void addressesOfAPolicyShareItsLimitsAndARefusalIsNoFailure() {
        var recorded = new ArrayList<RecordedOutcome>();
        for (int i = 0; i < 20; i++) {
            recorded.add(attempt(i % 2 == 0 ? "a.b" : "a.c", "c", 1, i, "overloaded"));
        }

        var limited =
                DryRun.of(PolicySet.EMPTY, set("{ rateLimit: [ { capacity: 8, refill: 1/h } ] }", "{}"), recorded);
        var broken = DryRun.of(PolicySet.EMPTY, set("{ breaker: {} }", "{}"), recorded);
        var named = DryRun.of(PolicySet.EMPTY, set("{ breaker: { failOn: [ 503 ] } }", "{}"), recorded);

        assertThat(limited.differences())
                .extracting(Difference::after)
                .containsExactly(new Tally(6, 0, 0, 0), new Tally(6, 0, 0, 0));
        assertThat(broken.differences()).isEmpty();
        assertThat(named.differences()).hasSize(2);
    }

    @Test
    void countsTheRetriesThatWouldHaveBeenAllowed() {
        assertThat(tally(set("{ retry: { max: 1 } }", "{}"))).isEqualTo(new Tally(0, 0, 0, 10));
        assertThat(tally(set("{ retry: { max: 2 } }", "{}")).retries()).isGreaterThan(10);
        assertThat(tally(set("{ retry: { on: [ timeout ] } }", "{}"))).isEqualTo(new Tally(0, 0, 0, 0));
    }

    @Test
    void tellsOnlyWhatDiffersInWhateverOrderItWasRecorded() {
        var before = set("{ breaker: {} }", "{}");
        var after = set("{ breaker: { trips: [ { consecutiveFailures: 7 } ] } }", "{}");
        var recorded = outage("a.b");
        recorded.add(attempt("a.c", "c", 1, 0, RecordedOutcome.UNKNOWN));
        recorded.addAll(outage("other"));
        var shuffled = new ArrayList<>(recorded);
        Collections.shuffle(shuffled, new Random(1));

        var run = DryRun.of(before, after, recorded);

        assertThat(run)
                .isEqualTo(new DryRun(
                        recorded.size(),
                        List.of(new Difference("a.b", "p", "p", new Tally(0, 14, 1, 0), new Tally(0, 13, 1, 0)))));
        assertThat(DryRun.of(before, after, shuffled)).isEqualTo(run);
        assertThat(DryRun.of(after, after, recorded).differences()).isEmpty();
    }
}
