package dev.sluice.resilience;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The instances of an address at a moment, and which of them is called next: the better of two that are drawn by weight (Mitzenmacher,
 * The Power of Two Choices in Randomized Load Balancing), where better is the smaller product of what is under way and how long answers
 * take. Costs that are about the same are the same, so that instances alike have equal shares. A pick keeps no count, so none can overflow.
 */
final class Pool {
    static final Pool EMPTY = new Pool(List.of());

    /** The second of the two is called when it costs less than this part of the first. */
    private static final double CLEARLY_LESS = 0.8;

    private final List<Member> members;
    private final Member[] open;
    private final long[] weightsUpTo;

    /** @param members in the order in which they came; under the lock of the registry */
    Pool(List<Member> members) {
        this.members = List.copyOf(members);
        var up = members.stream().filter(Registry.State.UP::is).toList();
        // none up: better one that has failed than nobody
        this.open = (up.isEmpty() ? members.stream().filter(Registry.State.EJECTED::is) : up.stream())
                .toArray(Member[]::new);
        this.weightsUpTo = new long[open.length];
        long sum = 0;
        for (int i = 0; i < open.length; i++) {
            sum += open[i].endpoint().weight();
            weightsUpTo[i] = sum;
        }
    }

    List<Member> members() {
        return members;
    }

    Pool with(Member member) {
        var more = new ArrayList<>(members);
        more.add(member);
        return new Pool(more);
    }

    Pool without(Member member) {
        return new Pool(members.stream().filter(each -> each != member).toList());
    }

    /** Whether there is a choice, now or since somebody has not quite left. */
    boolean isShared() {
        return members.size() > 1;
    }

    /** Whether nobody is there to be called. */
    boolean isClosed() {
        return open.length == 0;
    }

    /**
     * Who is called next, null when nobody admits the call.
     *
     * @param admits whether an instance takes the call; it is called when it says so
     */
    @Nullable
    Member pick(RandomGenerator random, long nowNanos, Predicate<Member> admits) {
        if (open.length <= 1) {
            return open.length == 1 && admits.test(open[0]) ? open[0] : null;
        }
        int first = drawn(random.nextLong(weightsUpTo[open.length - 1]));
        int second = drawnBeside(first, random);
        if (isClearlyBetter(open[second], open[first], nowNanos)) {
            int better = second;
            second = first;
            first = better;
        }
        if (admits.test(open[first])) {
            return open[first];
        }
        return admits.test(open[second]) ? open[second] : any(first, second, admits);
    }

    /** Until the breaker of one of them admits a trial. */
    long nanosUntilTrial(long nowNanos) {
        return Arrays.stream(open)
                .mapToLong(member -> member.nanosUntilTrial(nowNanos))
                .min()
                .orElse(0);
    }

    /** Whose part of the weights a number lies in. */
    private int drawn(long number) {
        int from = 0;
        int to = open.length - 1;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (number < weightsUpTo[middle]) {
                to = middle;
            } else {
                from = middle + 1;
            }
        }
        return from;
    }

    private int drawnBeside(int first, RandomGenerator random) {
        if (open.length == 2) {
            return 1 - first;
        }
        long weight = open[first].endpoint().weight();
        long number = random.nextLong(weightsUpTo[open.length - 1] - weight);
        return drawn(number < weightsUpTo[first] - weight ? number : number + weight);
    }

    /** Who is new is taken for as quick as the other. */
    private static boolean isClearlyBetter(Member one, Member other, long nowNanos) {
        double oneNanos = one.latencyNanos(nowNanos);
        double otherNanos = other.latencyNanos(nowNanos);
        double known = Math.max(1, Math.max(oneNanos, otherNanos));
        return one.cost(oneNanos == 0 ? known : oneNanos)
                < CLEARLY_LESS * other.cost(otherNanos == 0 ? known : otherNanos);
    }

    private @Nullable Member any(int first, int second, Predicate<Member> admits) {
        for (int i = 1; i < open.length; i++) {
            int next = (first + i) % open.length;
            if (next != second && admits.test(open[next])) {
                return open[next];
            }
        }
        return null;
    }
}
