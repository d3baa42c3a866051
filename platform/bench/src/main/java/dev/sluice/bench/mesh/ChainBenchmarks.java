package dev.sluice.bench.mesh;

import dev.sluice.bus.Call;
import dev.sluice.bus.Mesh;
import dev.sluice.resilience.PolicyFile;
import dev.sluice.resilience.PolicySet;
import dev.sluice.resilience.Registry;
import dev.sluice.resilience.Sidecar;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A call through all that a policy can have, and the same call without: to a bus that answers at once, so that the difference is the sidecar. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class ChainBenchmarks {
    private static final String ADDRESS = "command.order.place";
    private static final String POLICY = """
            policies:
              - name: orders-write
                match: { address: "command.order.**" }
                outbound:
                  deadline: 2s
                  perTryTimeout: 500ms
                  rateLimit: [ { key: client, capacity: 1000000000, refill: 1000000000/s } ]
                  retry: { max: 2, on: [ timeout ], budget: { ratio: 0.2, minPerSecond: 10 } }
                  breaker: { trips: [ { consecutiveFailures: 6 }, { failureRatio: 0.5, minRequests: 20 } ] }
                  concurrency: { fixed: 512 }
            """;

    /** Of which each call goes to the better of two. */
    private static final int INSTANCES = 4;

    private final Vertx vertx = Vertx.vertx();
    private final Mesh bus = new Immediate();
    private final Sidecar sidecar = new Sidecar(
            vertx,
            bus,
            System::nanoTime,
            change -> {},
            new Sidecar.Node("n1", null, "bench"),
            new Registry(change -> {}));
    private final Call call = Call.from("client-1").withIdempotencyKey("k");

    public ChainBenchmarks() {
        for (int i = 0; i < INSTANCES; i++) {
            sidecar.<String, String>consumer(ADDRESS, String.class, Future::succeededFuture);
        }
        sidecar.apply(PolicySet.compile(PolicyFile.read(POLICY, "bench.yaml")));
    }

    @TearDown
    public void close() {
        vertx.close().await();
    }

    @Benchmark
    public Future<String> bareRequest() {
        return bus.request(ADDRESS, "body", call);
    }

    @Benchmark
    public Future<String> sluiceChain() {
        return sidecar.request(ADDRESS, "body", call);
    }

    /** Answers each request with its body. */
    private static final class Immediate implements Mesh {
        @Override
        @SuppressWarnings("unchecked") // the benchmark asks for what it sends
        public <A> Future<A> request(String address, Object body, Call call) {
            return Future.succeededFuture((A) body);
        }

        @Override
        public <Q, A> Registration consumer(String address, Class<Q> question, BiFunction<Q, Call, Future<A>> answer) {
            return Future::succeededFuture;
        }

        @Override
        public void publish(String address, Object body) {}

        @Override
        public boolean isHeard(String address) {
            return false;
        }

        @Override
        public <Q> Registration listen(String address, Class<Q> message, Consumer<Q> hear) {
            return Future::succeededFuture;
        }
    }
}
