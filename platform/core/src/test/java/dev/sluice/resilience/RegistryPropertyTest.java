package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.resilience.InstanceListener.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Random schedules against a registry that is a list of what the documentation says. */
class RegistryPropertyTest {
    private static final int OPERATIONS = 2_000;
    private static final long SECOND = 1_000_000_000L;

    private static final class Naive {
        Registry.State state = Registry.State.UP;
        long leaseUntil;
        int failures;
        long restoredAt;
        long ejectedUntil;
        int inARow;
    }

    private final Map<String, Naive> naive = new TreeMap<>();
    private final List<InstanceListener.Change> told = new ArrayList<>();
    private final List<Kind> expected = new ArrayList<>();
    private long now;

    @Property(tries = 50)
    void agreesWithTheNaiveRegistryAndItsEventsFoldToItsStates(@ForAll long seed) {
        naive.clear();
        told.clear();
        expected.clear();
        now = 0;
        var random = new Random(seed);
        var registry = new Registry(told::add, new SplittableRandom(seed));
        for (int i = 0; i < OPERATIONS; i++) {
            String id = "a#" + random.nextInt(6);
            now += random.nextInt(4) == 0 ? (long) (random.nextDouble() * 2 * SECOND) : 0;
            step(registry, id, random);

            assertThat(told.stream().map(InstanceListener.Change::kind)).isEqualTo(expected);
            assertThat(states(registry)).isEqualTo(naiveStates()).isEqualTo(folded());
            assertThat(picked(registry)).isEqualTo(open());
        }
    }

    private void step(Registry registry, String id, Random random) {
        var known = naive.get(id);
        int action = random.nextInt(20);
        if (action == 0) {
            registry.drain(id);
            if (known != null && known.state != Registry.State.DRAINING) {
                known.state = Registry.State.DRAINING;
                expected.add(Kind.DRAINING);
            }
        } else if (action == 1) {
            registry.remove(id);
            if (naive.remove(id) != null) {
                expected.add(Kind.REMOVED);
            }
        } else if (action <= 4) {
            registry.register(new Registry.Endpoint(id, "a", "n1", null, 1, "1"), now);
            if (known == null) {
                naive.put(id, new Naive());
                naive.get(id).restoredAt = now;
                expected.add(Kind.REGISTERED);
            }
            naive.get(id).leaseUntil = now + 15 * SECOND;
        } else if (action <= 7) {
            assertThat(registry.renew(id, now)).isEqualTo(known != null);
            if (known != null) {
                known.leaseUntil = now + 15 * SECOND;
            }
        } else if (action == 8) {
            expire(registry);
        } else if (known != null) {
            settle(registry, id, known, random);
        }
    }

    private void expire(Registry registry) {
        int before = told.size();
        registry.expire(now);
        var due = naive.entrySet().stream()
                .filter(each -> each.getValue().leaseUntil <= now
                        || each.getValue().state == Registry.State.EJECTED && each.getValue().ejectedUntil <= now)
                .collect(Collectors.toMap(
                        Map.Entry::getKey, each -> each.getValue().leaseUntil <= now ? Kind.LOST : Kind.RESTORED));
        var happened = told.subList(before, told.size());
        assertThat(happened.stream()
                        .collect(Collectors.toMap(each -> each.endpoint().id(), each -> each.kind())))
                .isEqualTo(due);
        happened.forEach(each -> expected.add(each.kind()));
        due.forEach((id, kind) -> {
            if (kind == Kind.LOST) {
                naive.remove(id);
            } else {
                var restored = Objects.requireNonNull(naive.get(id));
                restored.state = Registry.State.UP;
                restored.failures = 0;
                restored.restoredAt = now;
            }
        });
    }

    private void settle(Registry registry, String id, Naive known, Random random) {
        var outcome =
                random.nextInt(8) == 0 ? Outcome.SUCCESS : random.nextInt(8) == 0 ? Outcome.EXCLUDED : Outcome.FAILURE;
        long took = (long) (random.nextDouble() * SECOND);
        int before = told.size();
        registry.settle(member(registry, id), outcome, took, now);
        if (now - took < known.restoredAt || outcome == Outcome.EXCLUDED) {
            return;
        }
        known.failures = outcome == Outcome.SUCCESS ? 0 : known.failures + 1;
        if (known.failures >= 5 && known.state == Registry.State.UP) {
            int failures = known.failures;
            known.failures = 0;
            long ejected = naive.values().stream()
                    .filter(each -> each.state == Registry.State.EJECTED)
                    .count();
            long there = naive.values().stream()
                    .filter(each -> each.state != Registry.State.DRAINING)
                    .count();
            if (2 * (ejected + 1) <= there) {
                var change = told.get(before);
                eject(known, change.ejectedNanos());
                assertThat(change.failures()).isEqualTo(failures);
                expected.add(Kind.EJECTED);
            }
        }
    }

    private void eject(Naive known, long forNanos) {
        boolean isLongAgo = known.inARow > 0
                && now - known.ejectedUntil >= Duration.ofMinutes(5).toNanos();
        known.inARow = isLongAgo ? 1 : known.inARow + 1;
        double grown = Math.min(10 * Math.pow(2, known.inARow - 1), 300) * SECOND;
        assertThat((double) forNanos).isBetween(0.8 * grown - 1, 1.2 * grown + 1);
        known.state = Registry.State.EJECTED;
        known.ejectedUntil = now + forNanos;
    }

    private static Member member(Registry registry, String id) {
        var member = Objects.requireNonNull(registry.pool("a")).members().stream()
                .filter(each -> each.endpoint().id().equals(id))
                .findFirst()
                .orElseThrow();
        member.begin();
        return member;
    }

    private Map<String, Registry.State> states(Registry registry) {
        return registry.instances(now).stream()
                .collect(Collectors.toMap(each -> each.endpoint().id(), Registry.Instance::state));
    }

    private Map<String, Registry.State> naiveStates() {
        return naive.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, each -> each.getValue().state));
    }

    private Map<String, Registry.State> folded() {
        var folded = new TreeMap<String, Registry.State>();
        for (var change : told) {
            String id = change.endpoint().id();
            switch (change.kind()) {
                case REGISTERED, RESTORED -> folded.put(id, Registry.State.UP);
                case DRAINING -> folded.put(id, Registry.State.DRAINING);
                case EJECTED -> folded.put(id, Registry.State.EJECTED);
                case REMOVED, LOST -> folded.remove(id);
            }
        }
        return folded;
    }

    private Set<String> open() {
        var up = naive.entrySet().stream()
                .filter(each -> each.getValue().state == Registry.State.UP)
                .toList();
        return (up.isEmpty()
                        ? naive.entrySet().stream()
                                .filter(each -> each.getValue().state == Registry.State.EJECTED)
                                .toList()
                        : up)
                .stream().map(Map.Entry::getKey).collect(Collectors.toSet());
    }

    /** All that a pick would offer a call to. */
    private Set<String> picked(Registry registry) {
        var offered = new HashSet<String>();
        var pool = registry.pool("a");
        if (pool != null) {
            pool.pick(
                    new SplittableRandom(now),
                    now,
                    member -> !offered.add(member.endpoint().id()) && false);
        }
        return offered;
    }
}
