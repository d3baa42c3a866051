package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.endpoint.InteractionMetrics;
import io.vertx.core.net.endpoint.LoadBalancer;
import io.vertx.core.net.endpoint.ServerEndpoint;
import io.vertx.core.net.endpoint.ServerInteraction;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RendezvousTest {
    private static final int KEYS = 100_000;

    @Property(tries = 100)
    void aNodeThatGoesMovesItsOwnKeysAndNoOther(@ForAll @IntRange(min = 2, max = 20) int count, @ForAll long seed) {
        var random = new Random(seed);
        var nodes = IntStream.range(0, count)
                .mapToObj(i -> new Rendezvous.Node("10.0." + random.nextInt(256) + "." + i, 0.5 + random.nextInt(8)))
                .toList();
        var gone = nodes.get(random.nextInt(count));
        var left = new ArrayList<>(nodes);
        left.remove(gone);
        Collections.shuffle(left, random);

        var before = new Rendezvous(nodes);
        var after = new Rendezvous(left);

        for (int i = 0; i < 1_000; i++) {
            String key = "user-" + random.nextInt();
            if (before.of(key).equals(gone.name())) {
                assertThat(after.of(key)).isNotEqualTo(gone.name());
            } else {
                assertThat(after.of(key)).isEqualTo(before.of(key));
            }
        }
    }

    @Test
    void sharesAreAsTheWeights() {
        var weights = List.of(1.0, 1.0, 2.0, 4.0, 0.5);
        double sum = weights.stream().mapToDouble(weight -> weight).sum();
        var nodes = IntStream.range(0, weights.size())
                .mapToObj(i -> new Rendezvous.Node("10.0.0." + i + ":8080", weights.get(i)))
                .toList();

        var shares = shares(new Rendezvous(nodes)::of);

        nodes.forEach(node -> assertThat(shares.get(node.name()) * sum / node.weight())
                .as(node.name())
                .isCloseTo(1, within(0.04)));
    }

    /** A ring of 4 points each, Vert.x's default, gives ten servers between 1 and 20 % of the keys. */
    @Test
    void sharesAreEvenerThanThoseOfTheStockBalancer() {
        var names =
                IntStream.range(0, 10).mapToObj(i -> "10.0.0." + i + ":8080").toList();
        var stock = LoadBalancer.CONSISTENT_HASHING.selector(
                names.stream().map(RendezvousTest::server).toList());

        var ours = shares(new Rendezvous(
                names.stream().map(name -> new Rendezvous.Node(name, 1)).toList())::of);
        var theirs = shares(key -> names.get(stock.select(key)));

        assertThat(ours.values()).hasSize(10).allSatisfy(share -> assertThat(share)
                .isBetween(0.097, 0.103));
        assertThat(theirs.values())
                .anySatisfy(share -> assertThat(share).isLessThan(0.03))
                .anySatisfy(share -> assertThat(share).isGreaterThan(0.15));
    }

    private static Map<String, Double> shares(Function<String, String> nodeOf) {
        return IntStream.range(0, KEYS)
                .mapToObj(i -> nodeOf.apply("user-" + i))
                .collect(Collectors.groupingBy(node -> node, Collectors.summingDouble(one -> 1.0 / KEYS)));
    }

    private static ServerEndpoint server(String name) {
        return new ServerEndpoint() {
            @Override
            public String key() {
                return name;
            }

            @Override
            public String protocolId() {
                return "";
            }

            @Override
            public Object unwrap() {
                return name;
            }

            @Override
            public InteractionMetrics<?> metrics() {
                return new InteractionMetrics<>() {};
            }

            @Override
            public ServerInteraction newInteraction() {
                throw new UnsupportedOperationException("nobody is asked");
            }

            @Override
            public SocketAddress address() {
                return SocketAddress.inetSocketAddress(80, "host");
            }
        };
    }
}
