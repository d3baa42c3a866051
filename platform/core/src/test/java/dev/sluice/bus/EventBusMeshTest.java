package dev.sluice.bus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.Failure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventBusMeshTest {
    private final Vertx vertx = Vertx.vertx();
    private final EventBusMesh mesh = EventBusMesh.on(vertx);

    private record Question(byte[] bytes) {}

    @AfterEach
    void close() throws Exception {
        vertx.close().await(20, TimeUnit.SECONDS);
    }

    @Test
    void passesBodiesAndAnswersByReference() throws Exception {
        var question = new Question(new byte[] {1});
        mesh.consumer("room", Question.class, Future::succeededFuture);

        Object answer = mesh.<Question>request("room", question).await(20, TimeUnit.SECONDS);

        assertThat(answer).isSameAs(question);
    }

    @Test
    void bringsBackAFailureAsItself() throws Exception {
        var refused = Failure.of(Failure.Kind.OVERLOADED, "full");
        mesh.consumer("later", Question.class, question -> Future.failedFuture(refused));
        mesh.consumer("now", Question.class, question -> {
            throw refused;
        });

        assertThat(failureOf("later")).isSameAs(refused);
        assertThat(failureOf("now")).isSameAs(refused);
    }

    @Test
    void saysThatNobodyListens() throws Exception {
        mesh.consumer("room", Question.class, Future::succeededFuture).end().await(20, TimeUnit.SECONDS);

        assertThat(failureOf("room")).isInstanceOfSatisfying(Failure.class, failure -> assertThat(failure.kind())
                .isEqualTo(Failure.Kind.NO_HANDLERS));
    }

    @Test
    void whatComesBehindTheEndOfAConsumerFoundNobodyAndWasNotDone() throws Exception {
        var isBusy = new CountDownLatch(1);
        Promise<Throwable> behind = Promise.promise();
        var context = vertx.getOrCreateContext();
        Promise<Mesh.Registration> registered = Promise.promise();
        context.runOnContext(
                now -> registered.complete(mesh.consumer("room", Question.class, Future::succeededFuture)));
        var registration = registered.future().await(20, TimeUnit.SECONDS);

        context.runOnContext(now -> {
            uninterruptibly(isBusy);
            registration.end().onFailure(behind::tryFail);
        });
        mesh.request("room", new Question(new byte[0])).onComplete(answer -> behind.fail("answered"), behind::complete);
        isBusy.countDown();

        assertThat(behind.future().await(20, TimeUnit.SECONDS))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.NO_HANDLERS));
    }

    private static void uninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void waitsUntilTheDeadlineOfTheCallAndAMinuteWhereThereIsNone() {
        long inFiveMinutes = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);

        assertThat(mesh.within(Call.PLAIN).getSendTimeout()).isEqualTo(60_000);
        assertThat(mesh.within(Call.PLAIN.attempt(1, inFiveMinutes)).getSendTimeout())
                .isBetween(200_000L, 300_000L);
    }

    private Throwable failureOf(String address) throws Exception {
        return mesh.request(address, new Question(new byte[0]))
                .<Throwable>map(answer -> new AssertionError("answered " + answer))
                .recover(Future::succeededFuture)
                .await(20, TimeUnit.SECONDS);
    }
}
