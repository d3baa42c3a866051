package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.Failure;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

/** Sets of random patterns, against a search over all addresses of an alphabet that is larger than that of the patterns. */
class PolicySetPropertyTest {
    private static final List<String> ADDRESSES = addresses(5);

    @Property(tries = 1_000)
    void anAddressHasThePolicyThatIsMostSpecificAndASetWithATieOrAnUnreachablePatternIsRefused(
            @ForAll("patterns") List<String> patterns) {
        var policies = IntStream.range(0, patterns.size())
                .mapToObj(i -> new Policy("p" + i, patterns.get(i), null, null, "p.yaml:" + i))
                .toList();
        var winners = new HashSet<Policy>();
        boolean hasTie = false;
        for (String address : ADDRESSES) {
            var best = mostSpecific(policies, address);
            hasTie |= best.size() > 1;
            winners.addAll(best);
        }
        boolean isExpected = !hasTie && winners.size() == policies.size();

        var set = compiled(policies);

        assertThat(set != null).as("%s is accepted", patterns).isEqualTo(isExpected);
        if (set != null) {
            for (String address : ADDRESSES) {
                var expected =
                        mostSpecific(policies, address).stream().findFirst().orElse(null);
                assertThat(set.of(address)).as(address).isEqualTo(expected);
                assertThat(set.of(address)).as("%s, remembered", address).isEqualTo(expected);
                assertThat(set.explain(address).policy()).isEqualTo(expected);
                assertThat(set.explain(address).lost()).hasSize((int) Math.max(
                        0,
                        policies.stream()
                                        .filter(each -> matches(each.address(), address))
                                        .count()
                                - 1));
            }
        }
    }

    @Provide
    Arbitrary<List<String>> patterns() {
        var segment = Arbitraries.of("a", "b", "*", "*");
        var closed = segment.list().ofMinSize(1).ofMaxSize(3).map(segments -> String.join(".", segments));
        var open = segment.list()
                .ofMaxSize(2)
                .map(segments -> String.join(".", segments))
                .map(begin -> begin.isEmpty() ? "**" : begin + ".**");
        return Arbitraries.oneOf(closed, open).list().ofMaxSize(7);
    }

    private static @Nullable PolicySet compiled(List<Policy> policies) {
        try {
            return PolicySet.compile(policies);
        } catch (Failure refused) {
            return null;
        }
    }

    /** Those that match and are beaten by none, by the words of the documentation. */
    private static List<Policy> mostSpecific(List<Policy> policies, String address) {
        var matching = policies.stream()
                .filter(each -> matches(each.address(), address))
                .toList();
        return matching.stream()
                .filter(each -> matching.stream().noneMatch(other -> beats(other.address(), each.address(), address)))
                .toList();
    }

    private static boolean matches(String pattern, String address) {
        String regex = ("." + pattern)
                .replace(".**", "(\u0000)*")
                .replace(".*", "\u0000")
                .replace(".", "\\.")
                .replace("\u0000", "\\.[a-z]+");
        return ("." + address).matches(regex);
    }

    private static boolean beats(String one, String other, String address) {
        var left = one.split("\\.");
        var right = other.split("\\.");
        for (int i = 0; i <= address.split("\\.").length; i++) {
            int difference = rank(left, i) - rank(right, i);
            if (difference != 0) {
                return difference > 0;
            }
        }
        return false;
    }

    private static int rank(String[] pattern, int at) {
        String segment = at < pattern.length ? pattern[at] : pattern[pattern.length - 1].equals("**") ? "**" : "end";
        return Set.of("*", "**").contains(segment) ? 3 - segment.length() : 3;
    }

    /** Of segments a and b, which patterns name, and c, which none does. */
    private static List<String> addresses(int length) {
        var all = new ArrayList<String>();
        var last = List.of("");
        for (int i = 0; i < length; i++) {
            last = last.stream()
                    .flatMap(begin -> List.of("a", "b", "c").stream()
                            .map(segment -> begin.isEmpty() ? segment : begin + "." + segment))
                    .toList();
            all.addAll(last);
        }
        return all;
    }
}
