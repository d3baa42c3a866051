package dev.sluice.bus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.Failure;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventBusMeshTest {
    private final Vertx vertx = Vertx.vertx();
    private final Mesh mesh = EventBusMesh.on(vertx);

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

    private Throwable failureOf(String address) throws Exception {
        return mesh.request(address, new Question(new byte[0]))
                .<Throwable>map(answer -> new AssertionError("answered " + answer))
                .recover(Future::succeededFuture)
                .await(20, TimeUnit.SECONDS);
    }
}
