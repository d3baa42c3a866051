package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.bus.Call;
import dev.sluice.bus.EventBusMesh;
import dev.sluice.bus.Mesh;
import dev.sluice.log.Failure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Several consumers of one address on a real bus. */
class InstancesTest {
    private static final Failure BROKEN = Failure.of(Failure.Kind.UNAVAILABLE, "broken");

    private final Vertx vertx = Vertx.vertx();
    private final AtomicLong clockNanos = new AtomicLong(System.nanoTime());
    private final List<InstanceListener.Change> changes = new CopyOnWriteArrayList<>();
    private final Sidecar mesh = new Sidecar(
            vertx,
            EventBusMesh.on(vertx),
            clockNanos::get,
            change -> {},
            new Sidecar.Node("n1", null, "1"),
            new Registry(changes::add));

    @AfterEach
    void close() throws Exception {
        mesh.close();
        vertx.close().await(20, TimeUnit.SECONDS);
    }

    @Test
    void losesNothingWhileInstancesComeAndGoUnderLoad() throws Exception {
        var answered = new LongAdder();
        var instances = new ArrayList<Mesh.Registration>();
        instances.add(instance(answered));
        instances.add(instance(answered));
        var callers = new ArrayList<Future<List<Throwable>>>();
        var isOver = new AtomicBoolean();
        for (int i = 0; i < 4; i++) {
            Promise<List<Throwable>> failures = Promise.promise();
            vertx.runOnContext(now -> callOn(isOver, new ArrayList<>(), failures));
            callers.add(failures.future());
        }

        for (int i = 0; i < 200; i++) {
            instances.add(instance(answered));
            instances.remove(0).end().await(20, TimeUnit.SECONDS);
        }
        isOver.set(true);

        for (var caller : callers) {
            assertThat(caller.await(20, TimeUnit.SECONDS)).isEmpty();
        }
        assertThat(answered.sum()).isGreaterThan(1_000);
        assertThat(mesh.instances()).hasSize(2).allSatisfy(each -> assertThat(each.inFlight())
                .isZero());
        assertThat(changes).hasSize(202 + 200 + 200);
    }

    @Test
    void answersWhatHasPickedAnInstanceThatEndsAndHandsOverWhatComesByThePlainAddress() throws Exception {
        Promise<String> gate = Promise.promise();
        var leaving = consumer(() -> gate.future());
        var begun = mesh.<String>request("room.a", "x", Call.PLAIN);
        consumer(() -> Future.succeededFuture("the other"));

        var ended = leaving.end();
        for (int i = 0; i < 10; i++) {
            assertThat(ask()).isEqualTo("the other");
        }
        assertThat(ended.isComplete()).isFalse();
        gate.complete("done");

        assertThat(begun.await(20, TimeUnit.SECONDS)).isIn("done", "the other");
        ended.await(20, TimeUnit.SECONDS);
        assertThat(mesh.instances()).hasSize(1);
    }

    @Test
    void doesNotPickAnInstanceWhoseBreakerIsOpen() throws Exception {
        mesh.apply(PolicySet.compile(PolicyFile.read(
                "policies: [ { name: room, match: { address: \"room.**\" }, outbound: { breaker: { scope: instance, trips: [ { consecutiveFailures: 2 } ] } } } ]",
                "test.yaml")));
        consumer(() -> Future.failedFuture(BROKEN));
        var healthy = consumer(() -> Future.succeededFuture("well"));

        int failures = 0;
        for (int i = 0; i < 200; i++) {
            failures += askOrFail() instanceof Failure ? 1 : 0;
        }
        var breakers = mesh.breakers();
        healthy.end().await(20, TimeUnit.SECONDS);

        assertThat(failures).isEqualTo(2);
        assertThat(breakers)
                .extracting(breaker -> breaker.state().state())
                .containsExactly(CircuitBreaker.State.OPEN, CircuitBreaker.State.CLOSED);
        assertThat(breakers.get(0).address()).isEqualTo("room.a#1");
        assertThat(breakers.get(0).calls().failures()).isEqualTo(2);
        assertThat(mesh.instances().get(0).picks()).isEqualTo(2);
        assertThat(askOrFail()).isInstanceOfSatisfying(Failure.class, refused -> assertThat(refused.kind())
                .isEqualTo(Failure.Kind.CIRCUIT_OPEN));
        mesh.breaker("room.a#1").reset(clockNanos.get());
        assertThat(askOrFail()).isSameAs(BROKEN);
    }

    @Test
    void ejectsAnInstanceThatFailsWithoutAnyPolicyAndRestoresIt() throws Exception {
        consumer(() -> Future.failedFuture(BROKEN));
        consumer(() -> Future.succeededFuture("well"));

        int failures = 0;
        for (int i = 0; i < 200; i++) {
            failures += askOrFail() instanceof Failure ? 1 : 0;
        }

        assertThat(failures).isEqualTo(5);
        assertThat(changes).last().satisfies(change -> {
            assertThat(change.kind()).isEqualTo(InstanceListener.Kind.EJECTED);
            assertThat(change.endpoint().id()).isEqualTo("room.a#1");
        });
        clockNanos.addAndGet(TimeUnit.SECONDS.toNanos(12));
        Awaitility.await().untilAsserted(() -> assertThat(changes)
                .last()
                .extracting(InstanceListener.Change::kind)
                .isEqualTo(InstanceListener.Kind.RESTORED));
        assertThat(mesh.instances()).allSatisfy(each -> assertThat(each.state()).isEqualTo(Registry.State.UP));
    }

    private void callOn(AtomicBoolean isOver, List<Throwable> failures, Promise<List<Throwable>> all) {
        if (isOver.get()) {
            all.complete(failures);
            return;
        }
        mesh.<String>request("room.a", "x", Call.PLAIN).onComplete(answer -> {
            if (answer.failed()) {
                failures.add(answer.cause());
            }
            vertx.runOnContext(now -> callOn(isOver, failures, all));
        });
    }

    /** Answers a turn of its event loop later. */
    private Mesh.Registration instance(LongAdder answered) {
        return consumer(() -> {
            Promise<String> later = Promise.promise();
            vertx.runOnContext(now -> {
                answered.increment();
                later.complete("done");
            });
            return later.future();
        });
    }

    /** On a context of its own. */
    private Mesh.Registration consumer(Supplier<Future<String>> answer) {
        var registered = new CompletableFuture<Mesh.Registration>();
        vertx.deployVerticle(new VerticleBase() {
                    @Override
                    public Future<?> start() {
                        registered.complete(
                                mesh.<String, String>consumer("room.a", String.class, body -> answer.get()));
                        return Future.succeededFuture();
                    }
                })
                .onFailure(registered::completeExceptionally);
        return registered.join();
    }

    private String ask() throws Exception {
        return mesh.<String>request("room.a", "x", Call.PLAIN).await(20, TimeUnit.SECONDS);
    }

    private Object askOrFail() throws Exception {
        return mesh.<String>request("room.a", "x", Call.PLAIN)
                .<Object>map(answer -> answer)
                .recover(Future::succeededFuture)
                .await(20, TimeUnit.SECONDS);
    }
}
