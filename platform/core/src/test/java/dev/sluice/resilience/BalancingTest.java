package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two minutes of calls to four instances in simulated time, some of which are worse than the others. */
class BalancingTest {
    private static final long MILLI = 1_000_000L;
    private static final long CALLS_PER_SECOND = 500;
    private static final long SECONDS = 120;
    private static final long TIMEOUT = 500 * MILLI;

    /**
     * How an instance is.
     *
     * @param millis that an answer takes, half as many to twice as many
     */
    private record Nature(long millis, double failures, int weight) {
        static final Nature HEALTHY = new Nature(10, 0, 1);
    }

    private record Ended(long atNanos, Member member, Outcome outcome, long tookNanos) {}

    private record Run(List<Double> shares, long p99Nanos, List<InstanceListener.Change> changes) {
        long count(InstanceListener.Kind kind) {
            return changes.stream().filter(change -> change.kind() == kind).count();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void oneThatIsTenTimesSlowerHasASmallShareAndIsNotFelt(long seed) {
        var healthy = run(seed, Nature.HEALTHY, Nature.HEALTHY, Nature.HEALTHY, Nature.HEALTHY);

        var run = run(seed, new Nature(100, 0, 1), Nature.HEALTHY, Nature.HEALTHY, Nature.HEALTHY);

        assertThat(run.shares.get(0)).isBetween(0.0001, 0.01);
        assertThat(run.p99Nanos).isLessThan(2 * healthy.p99Nanos);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void oneThatDoesNotAnswerInTimeIsEjectedAgainAndAgainForLonger(long seed) {
        var run = run(seed, new Nature(5_000, 0, 1), Nature.HEALTHY, Nature.HEALTHY, Nature.HEALTHY);

        assertThat(run.shares.get(0)).isLessThan(0.01);
        assertThat(run.count(InstanceListener.Kind.EJECTED)).isBetween(2L, 5L);
        assertThat(run.changes)
                .noneMatch(
                        change -> isEjection(change) && !change.endpoint().id().equals("a#0"));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void oneThatFailsHalfOfTheTimeIsEjected(long seed) {
        var run = run(seed, new Nature(10, 0.5, 1), Nature.HEALTHY, Nature.HEALTHY, Nature.HEALTHY);

        assertThat(run.shares.get(0)).isLessThan(0.1);
        var ejections = run.changes.stream().filter(BalancingTest::isEjection).toList();
        assertThat(ejections).hasSizeBetween(2, 5);
        assertThat(ejections).isSortedAccordingTo(Comparator.comparingLong(InstanceListener.Change::ejectedNanos));
    }

    @Test
    void thoseThatAreAlikeHaveEqualSharesAndOthersTheirWeights() {
        var alike = run(1, Nature.HEALTHY, Nature.HEALTHY, Nature.HEALTHY, Nature.HEALTHY);
        var weighted = run(1, new Nature(10, 0, 3), Nature.HEALTHY);

        assertThat(alike.shares).allSatisfy(share -> assertThat(share).isBetween(0.23, 0.27));
        assertThat(weighted.shares.get(0)).isBetween(0.7, 0.8);
    }

    @Test
    void atMostHalfAreEjectedWhenAllFail() {
        var broken = new Nature(10, 1, 1);

        var run = run(1, broken, broken, broken, broken);

        assertThat(run.shares).allSatisfy(share -> assertThat(share).isGreaterThan(0.01));
        int ejected = 0;
        for (var change : run.changes) {
            ejected += isEjection(change) ? 1 : change.kind() == InstanceListener.Kind.RESTORED ? -1 : 0;
            assertThat(ejected).isBetween(0, 2);
        }
    }

    private static boolean isEjection(InstanceListener.Change change) {
        return change.kind() == InstanceListener.Kind.EJECTED;
    }

    private static Run run(long seed, Nature... natures) {
        var random = new SplittableRandom(seed);
        var changes = new ArrayList<InstanceListener.Change>();
        var registry = new Registry(changes::add, random.split());
        IntStream.range(0, natures.length)
                .forEach(i ->
                        registry.register(new Registry.Endpoint("a#" + i, "a", "n1", null, natures[i].weight, "1"), 0));
        var underWay = new PriorityQueue<Ended>(Comparator.comparingLong(Ended::atNanos));
        var tookNanos = new ArrayList<Long>();
        long everyNanos = 1_000 * MILLI / CALLS_PER_SECOND;
        for (long now = 0; now < SECONDS * 1_000 * MILLI; now += everyNanos) {
            while (!underWay.isEmpty() && underWay.peek().atNanos <= now) {
                var ended = underWay.remove();
                registry.settle(ended.member, ended.outcome, ended.tookNanos, ended.atNanos);
                tookNanos.add(ended.tookNanos);
            }
            if (now % (1_000 * MILLI) == 0) {
                for (int i = 0; i < natures.length; i++) {
                    registry.renew("a#" + i, now);
                }
                registry.expire(now);
            }
            var member = registry.pool("a").pick(random, now, Member::begin);
            member.countPick();
            var id = member.endpoint().id();
            underWay.add(call(member, natures[Integer.parseInt(id.substring(2))], now, random));
        }
        var picks = registry.instances(0).stream().map(Registry.Instance::picks).toList();
        double all = picks.stream().mapToLong(count -> count).sum();
        return new Run(
                picks.stream().map(count -> count / all).collect(Collectors.toList()),
                tookNanos.stream()
                        .flatMapToLong(LongStream::of)
                        .sorted()
                        .skip(tookNanos.size() * 99L / 100)
                        .findFirst()
                        .orElseThrow(),
                changes);
    }

    private static Ended call(Member member, Nature nature, long now, SplittableRandom random) {
        long took = (long) (nature.millis * MILLI * (0.5 + 1.5 * random.nextDouble()));
        var outcome = took > TIMEOUT || random.nextDouble() < nature.failures ? Outcome.FAILURE : Outcome.SUCCESS;
        long until = Math.min(took, TIMEOUT);
        return new Ended(now + until, member, outcome, until);
    }
}
