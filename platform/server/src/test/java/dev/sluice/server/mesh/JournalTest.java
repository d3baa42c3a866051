package dev.sluice.server.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.log.Append;
import dev.sluice.log.Appended;
import dev.sluice.log.Failure;
import dev.sluice.resilience.InstanceListener;
import dev.sluice.resilience.Registry;
import dev.sluice.watch.ExpectsErrors;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the mesh does is appended in order, by somebody else than who does it, and within bounds. */
class JournalTest {
    private final Vertx vertx = Vertx.vertx();
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final List<Append> appends = new CopyOnWriteArrayList<>();
    private final List<String> threads = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Appended> answer = new CompletableFuture<>();
    private final Journal journal = new Journal(vertx, this::append, () -> 7, metrics);

    private CompletionStage<Appended> append(Append append) {
        threads.add(Thread.currentThread().getName());
        appends.add(append);
        return answer;
    }

    @AfterEach
    void stop() {
        vertx.close().await();
    }

    private void tell(int count) {
        for (int i = 0; i < count; i++) {
            journal.tell("T", new JsonObject().put("n", i));
        }
    }

    private List<Integer> told() {
        return appends.stream()
                .flatMap(append -> append.writes().get(0).events().stream())
                .map(event -> new JsonObject(new String(event.data(), StandardCharsets.UTF_8)))
                .map(data -> data.getInteger("n"))
                .toList();
    }

    private int dropped() {
        return (int) metrics.get("mesh.events.dropped").counter().count();
    }

    @Test
    void appendsInOrderOnAnotherThread() {
        answer.complete(null);

        tell(250);
        journal.close().await();

        assertThat(told()).isEqualTo(IntStream.range(0, 250).boxed().toList());
        assertThat(threads).doesNotContain(Thread.currentThread().getName());
        assertThat(dropped()).isZero();
    }

    @Test
    void tellsWhichInstancesFailAndNotThoseThatComeAndGo() {
        answer.complete(null);
        var endpoint = new Registry.Endpoint("a#1", "a", "n1", null, 1, "1");

        for (var kind : InstanceListener.Kind.values()) {
            journal.changed(new InstanceListener.Change(kind, endpoint, 5, 10_000_000_000L));
        }
        journal.close().await();

        var events = appends.stream()
                .flatMap(append -> append.writes().get(0).events().stream())
                .toList();
        assertThat(events)
                .extracting(event -> event.type())
                .containsExactly("InstanceLost", "InstanceEjected", "InstanceRestored");
        assertThat(new JsonObject(new String(events.get(1).data(), StandardCharsets.UTF_8)).getMap())
                .containsEntry("instance", "a#1")
                .containsEntry("ejectedForMillis", 10_000);
    }

    @Test
    void holdsAThousandAndCountsWhatItDrops() {
        tell(1);
        await().until(() -> appends.size() == 1);

        tell(Journal.MOST_WAITING + 30);
        answer.complete(null);
        journal.close().await();

        assertThat(dropped()).isEqualTo(30);
        assertThat(told()).hasSize(1 + Journal.MOST_WAITING);
    }

    @Test
    @ExpectsErrors("mesh_journal_stopped")
    void aBugEndsItAndItsCloseDoesNotWait() {
        var broken = new Journal(
                vertx,
                append -> {
                    throw new IllegalStateException("a bug");
                },
                () -> 7,
                metrics);

        broken.tell("T", new JsonObject());

        await().until(() -> broken.close().isComplete());
    }

    @Test
    void whatCannotBeAppendedIsCountedAndWhatFollowsIsTriedAgain() {
        answer.completeExceptionally(
                Failure.of(Failure.Kind.UNAVAILABLE, "found a stopped shard, expected an open one"));

        tell(1);
        await().until(() -> dropped() == 1);
        tell(1);
        journal.close().await();

        assertThat(dropped()).isEqualTo(2);
        assertThat(appends).hasSize(2);
    }
}
