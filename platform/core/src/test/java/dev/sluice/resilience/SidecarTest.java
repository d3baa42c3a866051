package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.bus.Call;
import dev.sluice.bus.EventBusMesh;
import dev.sluice.log.Failure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.ReplyException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SidecarTest {
    private static final Failure BROKEN = Failure.of(Failure.Kind.UNAVAILABLE, "broken");

    private final Vertx vertx = Vertx.vertx();
    private final EventBusMesh bus = EventBusMesh.on(vertx);
    private final AtomicLong clockNanos = new AtomicLong(System.nanoTime());
    private final List<CircuitBreaker.State> states = new CopyOnWriteArrayList<>();
    private final Sidecar mesh = new Sidecar(
            vertx,
            bus,
            clockNanos::get,
            change -> states.add(change.to()),
            new Sidecar.Node("n1", null, "1"),
            new Registry(change -> {}));
    private final AtomicInteger asked = new AtomicInteger();

    @AfterEach
    void close() throws Exception {
        vertx.close().await(20, TimeUnit.SECONDS);
    }

    @Test
    void asksNobodyWhileTheBreakerIsOpenAndRecoversWithATrial() throws Exception {
        apply(
                "outbound: { breaker: { trips: [ { consecutiveFailures: 3 } ], openFor: { initial: 5s, jitter: 0 }, trials: 1 } }");
        var isBroken = new AtomicInteger(1);
        answer(call -> isBroken.get() == 1 ? Future.failedFuture(BROKEN) : Future.succeededFuture("well"));

        for (int i = 0; i < 3; i++) {
            assertThat(failure(Call.PLAIN)).isSameAs(BROKEN);
        }
        var refused = (Failure) failure(Call.PLAIN);

        assertThat(asked).hasValue(3);
        assertThat(refused.kind()).isEqualTo(Failure.Kind.CIRCUIT_OPEN);
        assertThat(refused.details().get("retryAfterMillis")).isEqualTo(5_000L);
        isBroken.set(0);
        pass(Duration.ofSeconds(5));
        assertThat(ask(Call.PLAIN)).isEqualTo("well");
        assertThat(states)
                .containsExactly(
                        CircuitBreaker.State.OPEN, CircuitBreaker.State.HALF_OPEN, CircuitBreaker.State.CLOSED);
        assertThat(mesh.breakers().get(0).calls()).isEqualTo(new Sidecar.Calls(1, 3, 0, 0, 1));
    }

    @Test
    void takesARefusalOfWhoIsAskedForNoFailureAndDoesNotRepeatIt() throws Exception {
        apply(
                "outbound: { retry: { max: 2, on: [ \"5xx\" ], backoff: { base: 1ms, max: 1ms } }, breaker: { trips: [ { consecutiveFailures: 1 } ] } }");
        answer(call -> Future.failedFuture(Failure.of(Failure.Kind.OVERLOADED, "full")));

        for (int i = 0; i < 5; i++) {
            failure(Call.PLAIN.withIdempotencyKey("k"));
        }

        assertThat(asked).hasValue(5);
        assertThat(states).isEmpty();
    }

    @Test
    void repeatsWhatMayBeRepeatedAndNothingElse() throws Exception {
        apply("outbound: { retry: { max: 2, on: [ \"503\" ], backoff: { base: 1ms, max: 1ms } } }");
        var attempts = new CopyOnWriteArrayList<Integer>();
        answer(call -> {
            attempts.add(call.attempt());
            return call.attempt() < 3 ? Future.failedFuture(BROKEN) : Future.succeededFuture("third");
        });

        assertThat(ask(Call.PLAIN.withIdempotencyKey("k"))).isEqualTo("third");
        assertThat(failure(Call.PLAIN)).isSameAs(BROKEN);

        assertThat(attempts).containsExactly(1, 2, 3, 1);
    }

    @Test
    void repeatsLittleWhenEverythingFails() throws Exception {
        apply(
                "outbound: { deadline: 20s, retry: { max: 3, on: [ \"503\" ], backoff: { base: 1ms, max: 1ms }, budget: { ratio: 0.2, minPerSecond: 10 } } }");
        answer(call -> Future.failedFuture(BROKEN));
        int calls = 2_000;

        for (int i = 0; i < calls; i++) {
            failure(Call.PLAIN.withIdempotencyKey("k"));
            pass(Duration.ofMillis(5));
        }

        assertThat(asked.get()).isGreaterThan(calls).isLessThanOrEqualTo((int) (1.3 * calls));
    }

    @Test
    void givesUpAnAttemptThatIsNotAnsweredInItsTime() throws Exception {
        apply("outbound: { deadline: 200ms, perTryTimeout: 50ms, breaker: { trips: [ { consecutiveFailures: 1 } ] } }");
        answer(call -> Promise.<String>promise().future());

        var late = (Failure) failure(Call.PLAIN);

        assertThat(late.kind()).isEqualTo(Failure.Kind.DEADLINE_EXCEEDED);
        assertThat(states).containsExactly(CircuitBreaker.State.OPEN);
    }

    @Test
    void doesNotBeginWhatIsTooLate() throws Exception {
        apply("inbound: { concurrency: { fixed: 10 } }");
        answer(call -> Future.succeededFuture("done"));

        var late = (Failure) failure(Call.PLAIN.attempt(1, clockNanos.get() - 1));

        assertThat(late.kind()).isEqualTo(Failure.Kind.DEADLINE_EXCEEDED);
        assertThat(asked).hasValue(0);
    }

    @Test
    void limitsEachClientAndSaysWhenToComeAgain() throws Exception {
        apply("inbound: { rateLimit: [ { name: each, key: client, capacity: 2, refill: 1/s } ] }");
        answer(call -> Future.succeededFuture("done"));

        ask(Call.from("ann"));
        ask(Call.from("ann"));
        var refused = (Failure) failure(Call.from("ann"));
        ask(Call.from("bob"));
        pass(Duration.ofSeconds(1));
        ask(Call.from("ann"));

        assertThat(refused.kind()).isEqualTo(Failure.Kind.RATE_LIMITED);
        assertThat((Long) refused.details().get("retryAfterMillis")).isBetween(1L, 1_000L);
        assertThat(mesh.limits().get(0)).satisfies(limit -> {
            assertThat(limit.keys()).isEqualTo(2);
            assertThat(limit.denied()).isEqualTo(1);
        });
    }

    @Test
    void limitsByAHeaderOfTheRequestFromOutside() throws Exception {
        apply("outbound: { rateLimit: [ { key: header:Tenant, capacity: 1, refill: 1/h } ] }");
        answer(call -> Future.succeededFuture("done"));

        ask(Call.from("ann").withHeaders(name -> name.equals("tenant") ? "t1" : null));
        ask(Call.from("ann").withHeaders(name -> name.equals("tenant") ? "t2" : null));
        var refused = (Failure) failure(Call.from("bob").withHeaders(name -> "t1"));

        assertThat(refused.kind()).isEqualTo(Failure.Kind.RATE_LIMITED);
        assertThat(asked).hasValue(2);
    }

    @Test
    void refusesMoreAtOnceThanItMayAnswer() throws Exception {
        apply("inbound: { concurrency: { fixed: 2 } }");
        Promise<String> gate = Promise.promise();
        answer(call -> gate.future());

        var first = mesh.<String>request("room.a", "x", Call.PLAIN);
        var second = mesh.<String>request("room.a", "x", Call.PLAIN);
        var third = (Failure) failure(Call.PLAIN);
        gate.complete("done");

        assertThat(third.kind()).isEqualTo(Failure.Kind.OVERLOADED);
        assertThat(Future.all(first, second).await(20, TimeUnit.SECONDS).succeeded())
                .isTrue();
        assertThat(ask(Call.PLAIN)).isEqualTo("done");
    }

    @Test
    void asksAnotherAddressInsteadButNotForACallersMistake() throws Exception {
        apply("outbound: { fallback: { address: other } }");
        var failing = new AtomicInteger();
        answer(call -> Future.failedFuture(
                failing.getAndIncrement() == 0 ? BROKEN : Failure.of(Failure.Kind.INVALID_REQUEST, "wrong")));
        mesh.<String, String>consumer("other", String.class, body -> Future.succeededFuture("instead"));

        assertThat(ask(Call.PLAIN)).isEqualTo("instead");
        assertThat(((Failure) failure(Call.PLAIN)).kind()).isEqualTo(Failure.Kind.INVALID_REQUEST);
    }

    @Test
    void saysWithAFallbackTooWhenToComeAgainAndThatNobodyKnows() throws Exception {
        apply("outbound: { rateLimit: [ { capacity: 1, refill: 1/1m } ], fallback: { reply: { status: 503 } } }");
        answer(call -> Future.failedFuture(Failure.of(Failure.Kind.OUTCOME_UNKNOWN, "the sync failed")));

        var unknown = (Failure) failure(Call.PLAIN);
        var refused = (Failure) failure(Call.PLAIN);

        assertThat(unknown.kind()).isEqualTo(Failure.Kind.OUTCOME_UNKNOWN);
        assertThat(refused.kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
        assertThat(refused.details().get("retryAfterMillis")).isEqualTo(60_000L);
    }

    @Test
    void losesNothingInAThousandReloads() throws Exception {
        String policy =
                "outbound: { deadline: 20s, breaker: { trips: [ { consecutiveFailures: 2 } ] } }, inbound: { rateLimit: [ { name: all, capacity: 100000, refill: 1/s } ] }";
        apply(policy);
        answer(call -> "fail".equals(call.caller()) ? Future.failedFuture(BROKEN) : Future.succeededFuture("done"));
        failure(Call.from("fail"));
        var answers = new ArrayList<Future<String>>();

        for (int i = 0; i < 1_000; i++) {
            for (int n = 0; n < 10; n++) {
                answers.add(mesh.request("room.a", "x", Call.PLAIN));
            }
            apply(i % 2 == 0 ? policy.replace("20s", "21s") : policy);
        }
        Future.all(answers).await(60, TimeUnit.SECONDS);

        assertThat(mesh.breakers().get(0).state().counts().requests()).isEqualTo(10_001);
        assertThat(mesh.breakers().get(0).state().counts().failures()).isEqualTo(1);
        assertThat(mesh.limits()).hasSize(1).allSatisfy(limit -> assertThat(limit.admitted())
                .isEqualTo(10_001));
        mesh.apply(PolicySet.EMPTY);
        assertThat(mesh.breakers()).isEmpty();
        assertThat(mesh.limits()).isEmpty();
    }

    @Test
    void callsInTheMiddleOfASwapBringNoLimitBack() throws Exception {
        String limited = "outbound: { rateLimit: [ { name: all, capacity: 1000000000 } ] }";
        answer(call -> Future.succeededFuture("done"));
        var isDone = new AtomicBoolean();
        var caller = Executors.newSingleThreadExecutor();
        var calls = caller.submit(() -> {
            while (!isDone.get()) {
                ask(Call.PLAIN);
            }
            return null;
        });

        int left = 0;
        for (int i = 0; i < 2_000; i++) {
            apply(limited);
            mesh.apply(PolicySet.EMPTY);
            left += mesh.limits().size();
        }

        isDone.set(true);
        calls.get(20, TimeUnit.SECONDS);
        caller.shutdown();
        assertThat(left + mesh.limits().size()).isZero();
    }

    @Test
    void aCallThatTheBusThrowsAtIsUnderWayNoMore() throws Exception {
        apply("outbound: { breaker: { trips: [ { consecutiveFailures: 3 } ] }, concurrency: { fixed: 1 } }");
        vertx.close().await(20, TimeUnit.SECONDS);

        var first = failure(Call.PLAIN);
        var second = failure(Call.PLAIN);

        assertThat(List.of(first, second)).hasOnlyElementsOfType(RejectedExecutionException.class);
        assertThat(mesh.limits().get(0).inFlight()).isZero();
    }

    @Test
    void saysThatAnOperatorHasOpenedIt() throws Exception {
        apply("outbound: { breaker: {} }");
        answer(call -> Future.succeededFuture("done"));
        ask(Call.PLAIN);

        var breaker = mesh.breaker("room.a");
        assertThat(breaker).isNotNull();
        breaker.forceOpen(clockNanos.get());

        assertThat(failure(Call.PLAIN)).hasMessageContaining("opened by an operator");
    }

    @Test
    void answersWhatWasBegunBeforeAConsumerEnds() throws Exception {
        Promise<String> gate = Promise.promise();
        var registration = mesh.<String, String>consumer("room.a", String.class, body -> {
            asked.incrementAndGet();
            return gate.future();
        });
        var begun = mesh.<String>request("room.a", "x", Call.PLAIN);
        awaitAsked(1);

        var ended = registration.end();
        assertThat(ended.isComplete()).isFalse();
        gate.complete("done");

        assertThat(begun.await(20, TimeUnit.SECONDS)).isEqualTo("done");
        ended.await(20, TimeUnit.SECONDS);
        assertThat(((Failure) failure(Call.PLAIN)).kind()).isEqualTo(Failure.Kind.NO_HANDLERS);
    }

    @Test
    void refusesWhatComesPastThePoliciesOfAnAddress() throws Exception {
        apply("inbound: { concurrency: { fixed: 2 } }");
        bus.guard(address -> mesh.policies().of(address) != null);
        answer(call -> Future.succeededFuture("done"));
        vertx.eventBus().consumer("free", message -> message.reply("hello"));

        var refused = vertx.eventBus()
                .request("room.a", "past it")
                .<Throwable>map(answer -> new AssertionError("answered"))
                .recover(Future::succeededFuture)
                .await(20, TimeUnit.SECONDS);

        assertThat(refused).isInstanceOfSatisfying(ReplyException.class, failure -> assertThat(failure.failureCode())
                .isEqualTo(403));
        assertThat(vertx.eventBus()
                        .request("free", "x")
                        .await(20, TimeUnit.SECONDS)
                        .body())
                .isEqualTo("hello");
        assertThat(asked).hasValue(0);
    }

    private void apply(String policy) {
        mesh.apply(PolicySet.compile(PolicyFile.read(
                "policies: [ { name: room, match: { address: \"room.**\" }, " + policy + " } ]", "test.yaml")));
    }

    private void answer(java.util.function.Function<Call, Future<String>> answer) {
        mesh.<String, String>consumer("room.a", String.class, (body, call) -> {
            asked.incrementAndGet();
            return answer.apply(call);
        });
    }

    private String ask(Call call) throws Exception {
        return mesh.<String>request("room.a", "x", call).await(20, TimeUnit.SECONDS);
    }

    private Throwable failure(Call call) throws Exception {
        return mesh.<String>request("room.a", "x", call)
                .<Throwable>map(answer -> new AssertionError("answered " + answer))
                .recover(Future::succeededFuture)
                .await(20, TimeUnit.SECONDS);
    }

    private void awaitAsked(int times) {
        org.awaitility.Awaitility.await().untilAtomic(asked, org.hamcrest.Matchers.is(times));
    }

    private void pass(Duration time) {
        clockNanos.addAndGet(time.toNanos());
    }
}
