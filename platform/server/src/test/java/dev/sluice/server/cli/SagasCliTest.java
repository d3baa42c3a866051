package dev.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.server.Deliveries;
import dev.sluice.server.Deliveries.Manner;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of those who operate sagas, against a real server. */
class SagasCliTest {
    @TempDir
    private Path folder;

    private Deliveries server;
    private Shell pipe;

    @BeforeEach
    void start() {
        server = Deliveries.in(folder);
        pipe = Shell.at("http://127.0.0.1:" + server.port());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void reach(String key, String status) {
        await().until(() -> pipe.run("sagas", "show", "delivery", key).output().contains("\"status\":\"" + status));
    }

    private void park(String key) {
        server.manner(command -> command.type().equals("ship") ? Manner.FAIL : Manner.DO);
        pipe.run("append", "wish-1", "DeliveryWanted", "id=" + key, "quantity=2");
        reach(key, "PARKED");
        server.manner(command -> Manner.DO);
    }

    @Test
    void listsSagasAndInstancesByAFilter() {
        park("o1");

        var sagas = pipe.run("sagas", "ls");
        var parked =
                pipe.run("sagas", "ls", "delivery", "--status", "PARKED", "--step", "ship", "--where", "quantity > 1");
        var ended = pipe.run("sagas", "ls", "delivery", "--status", "COMPLETED");
        var wrong = pipe.run("sagas", "ls", "--status", "PARKED");

        assertThat(Json.parseObject(sagas.output()))
                .containsEntry("name", "delivery")
                .containsEntry("live", 1L);
        assertThat(Json.parseObject(parked.output())).containsEntry("key", "o1");
        assertThat(ended.output()).isEmpty();
        assertThat(wrong.exit()).isEqualTo(2);
        assertThat(pipe.run("sagas", "ls", "nothing").exit()).isEqualTo(3);
        assertThat(pipe.run("sagas", "ls", "delivery", "-n", "0").exit()).isEqualTo(2);
    }

    @Test
    void showsAnInstanceAsATable() {
        park("o1");

        var shown = Shell.at("http://127.0.0.1:" + server.port())
                .asTerminal()
                .run("sagas", "show", "delivery", "o1", "-o", "table");

        assertThat(shown.exit()).as(shown.errors()).isZero();
        assertThat(shown.output())
                .contains("PIVOT_UNKNOWN", "reserve", "SUCCEEDED", "SagaParked")
                .contains("state {\"id\":\"o1\"");
    }

    @Test
    void retriesAndTracesToTheEnd() {
        park("o1");

        var retried = pipe.run("sagas", "retry", "delivery", "o1", "--reason", "the carrier is back");
        var traced = pipe.run("sagas", "trace", "delivery", "o1", "-o", "table");
        var again = pipe.run("sagas", "retry", "delivery", "o1");

        assertThat(retried.exit()).as(retried.errors()).isZero();
        assertThat(traced.exit()).as(traced.errors()).isZero();
        assertThat(traced.output().lines())
                .anyMatch(line -> line.contains("SagaStarted"))
                .anyMatch(line -> line.contains("OperatorActed") && line.contains("the carrier is back"))
                .last()
                .asString()
                .contains("SagaCompleted");
        assertThat(again.exit()).isEqualTo(4);
        assertThat(again.errors()).contains("wrong_status").contains("\n  next: ");
        assertThat(pipe.run("sagas", "trace", "delivery", "o1", "--no-follow")
                        .output()
                        .lines())
                .hasSize((int) traced.output().lines().count());
    }

    @Test
    void asksBeforeWhatCannotBeTakenBack() {
        park("o1");

        var unasked = pipe.run("sagas", "abandon", "delivery", "o1", "--reason", "lost");
        var tried = pipe.run("sagas", "abandon", "delivery", "o1", "--reason", "lost", "--dry-run");
        var reasonless = pipe.run("sagas", "abandon", "delivery", "o1", "--yes");
        var done = pipe.run("sagas", "abandon", "delivery", "o1", "--reason", "lost", "--yes");

        assertThat(unasked.exit()).isEqualTo(2);
        assertThat(unasked.errors()).contains("--yes");
        assertThat(Json.parseObject(tried.output())).containsEntry("status", "PARKED");
        assertThat(reasonless.exit()).isEqualTo(2);
        assertThat(Json.parseObject(done.output())).containsEntry("status", "FAILED");
    }

    @Test
    void actsOnThoseOfAFilter() {
        park("o1");
        park("o2");

        var tried = pipe.run("sagas", "retry", "delivery", "--status", "PARKED", "--dry-run");
        var done = pipe.run("sagas", "retry", "delivery", "--status", "PARKED", "--yes", "--action-id", "a1");
        var unfiltered = pipe.run("sagas", "retry", "delivery", "--yes");

        assertThat(Json.parseObject(tried.output()))
                .containsEntry("matched", 2L)
                .containsEntry("done", 0L);
        assertThat(Json.parseObject(done.output())).containsEntry("done", 2L);
        assertThat(done.exit()).isZero();
        assertThat(unfiltered.exit()).isEqualTo(2);
        reach("o1", "COMPLETED");
        reach("o2", "COMPLETED");
    }

    @Test
    void takesKeysWithOddCharactersAndDraws() {
        park("a/b %ü");

        var shown = pipe.run("sagas", "show", "delivery", "a/b %ü");
        var drawn = pipe.run("sagas", "diagram", "delivery", "a/b %ü");
        pipe.run("sagas", "retry", "delivery", "a/b %ü");

        assertThat(Json.parseObject(shown.output())).containsEntry("key", "a/b %ü");
        assertThat(drawn.output()).startsWith("flowchart TD").contains("class s_reserve succeeded");
        assertThat(pipe.run("sagas", "trace", "delivery", "a/b %ü").output()).contains("SagaCompleted");
    }

    @Test
    void retriesDeadLettersAndSaysWhatBecameOfThem() {
        pipe.run("append", "wish-1", "DeliveryWanted", "--data", "{\"id\":\"o1\",\"poison\":true}");
        await().until(() -> pipe.run("dead-letters", "ls", "--consumer", "saga:delivery")
                .output()
                .contains("evaluation-failed"));
        var screen = Shell.at("http://127.0.0.1:" + server.port()).asTerminal();

        var failed = screen.run("dead-letters", "retry", "--consumer", "saga:delivery", "-o", "table");
        server.poisoned(false);
        var retried = screen.run("dead-letters", "retry", "--consumer", "saga:delivery", "-o", "table");

        assertThat(failed.exit()).isEqualTo(1);
        assertThat(failed.output()).contains("1 failed", "failed again as 0:", "dead_lettered");
        assertThat(retried.exit()).as(retried.errors()).isZero();
        assertThat(retried.output()).contains("1 retried", "began  o1");
        reach("o1", "COMPLETED");
    }
}
