package dev.sluice.resilience;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What other policies would have made of recorded attempts. The same attempts are replayed under both sets, beginning with closed
 * breakers and full buckets; what a set would have refused has no outcome, and what it would have tried beyond what was recorded is
 * counted only, as if every request might be repeated. Concurrency limits and limits by header are left out: how long calls take
 * depends on the first, and headers are not recorded. A breaker for each instance is replayed as one of the address.
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
        var inOrder = outcomes.stream()
                .sorted(Comparator.comparingLong(RecordedOutcome::atNanos))
                .toList();
        var then = new TreeMap<>(Replay.of(before, inOrder));
        var now = Replay.of(after, inOrder);
        var differences = new ArrayList<Difference>();
        then.forEach((address, tally) -> {
            var other = now.get(address);
            if (other != null && !other.equals(tally)) {
                differences.add(new Difference(address, name(before, address), name(after, address), tally, other));
            }
        });
        return new DryRun(outcomes.size(), differences);
    }

    private static @Nullable String name(PolicySet set, String address) {
        var policy = set.of(address);
        return policy == null ? null : policy.name();
    }
}
