package dev.sluice.resilience;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What other policies would have made of recorded attempts. The same attempts are replayed under both sets, each address by itself and
 * beginning with a closed breaker and full buckets; what a set would have refused has no outcome, and what it would have tried beyond
 * what was recorded is counted only. Concurrency limits and limits by header are left out: how long calls take depends on the first,
 * and headers are not recorded. A breaker for each instance is replayed as one of the address.
 *
 * @param attempts that were replayed
 * @param differences by address, in order; none for an address that would have fared the same
 */
public record DryRun(int attempts, List<Difference> differences) {
    public DryRun {
        differences = List.copyOf(differences);
    }

    /** An address that would have fared differently; the names of policies are null where it has none. */
    public record Difference(
            String address,
            @Nullable String policyBefore,
            @Nullable String policyAfter,
            Tally before,
            Tally after) {}

    /**
     * How an address fares.
     *
     * @param denied by a rate limit
     * @param rejected by the breaker
     * @param trips of the breaker, reopenings too
     * @param retries that budget and conditions allow
     */
    public record Tally(long denied, long rejected, long trips, long retries) {}

    public static DryRun of(PolicySet before, PolicySet after, List<RecordedOutcome> outcomes) {
        var byAddress = outcomes.stream()
                .sorted(Comparator.comparingLong(RecordedOutcome::atNanos))
                .collect(Collectors.groupingBy(RecordedOutcome::address, TreeMap::new, Collectors.toList()));
        var differences = new ArrayList<Difference>();
        byAddress.forEach((address, recorded) -> {
            var one = before.of(address);
            var other = after.of(address);
            var then = Replay.of(one, recorded);
            var now = Replay.of(other, recorded);
            if (!then.equals(now)) {
                differences.add(new Difference(
                        address, one == null ? null : one.name(), other == null ? null : other.name(), then, now));
            }
        });
        return new DryRun(outcomes.size(), differences);
    }
}
