package dev.sluice.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Direction;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Input.Verb;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.ParkReason;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.machine.Status;
import dev.sluice.testing.SagaInvariants;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A saga of which only so many instances go at once. */
class AdmissionTest {
    private static final Duration LONG = Duration.ofHours(1);

    @TempDir
    Path folder;

    private SagaHouse house;

    @AfterEach
    void close() {
        if (house != null) {
            house.close();
        }
    }

    private static Sagas resting(int version) {
        return Sagas.of("narrow", version).sleep("rest", LONG).pivot("ship");
    }

    private void open(SagaDefinition definition) {
        house = new SagaHouse(folder, 1).with(definition).serving("ship").start();
    }

    private void beginAll(String... keys) {
        for (var key : keys) {
            house.begin(key);
        }
        await().until(() -> house.find("narrow", keys[keys.length - 1]) != null);
    }

    private List<String> with(Status status) {
        var query = new InstanceQuery("narrow", Set.of(status), null, null, Set.of());
        return SagaHouse.answer(house.room().list(query, "", 100)).instances().stream()
                .map(Instance::key)
                .toList();
    }

    private void awaitRunning(String... keys) {
        await().untilAsserted(() -> assertThat(with(Status.RUNNING)).containsExactly(keys));
    }

    private void act(String key, Verb verb) {
        var action = new Input.OperatorAction("a" + verb + key, verb, "ann", "a test", null, null);
        SagaHouse.answer(house.room().act("narrow", key, action));
    }

    @Test
    void letsTheOldestGoWhenOneHasEnded() {
        open(resting(1).maxRunning(1).build());
        beginAll("c", "b", "a");
        assertThat(with(Status.RUNNING)).containsExactly("c");
        assertThat(with(Status.PENDING)).containsExactly("a", "b");
        assertThat(house.room().counts("narrow")).containsEntry(Status.PENDING, 2L);
        assertThat(house.gauge("saga.stalled")).isZero();

        house.pass(LONG);
        house.reach("narrow", "c", Status.COMPLETED);

        awaitRunning("b");
        assertThat(with(Status.PENDING)).containsExactly("a");
        assertThat(house.types("narrow", "b", 1)).contains("SagaPending", "SagaAdmitted");
    }

    @Test
    void doesNotCountOneThatIsParked() {
        open(resting(1).maxRunning(1).build());
        beginAll("a", "b");

        act("a", Verb.PAUSE);

        awaitRunning("b");
    }

    @Test
    void oneThatWaitsIsPausedAndKeepsItsTurn() {
        open(resting(1).maxRunning(1).build());
        beginAll("a", "b", "c");

        act("b", Verb.PAUSE);
        assertThat(with(Status.PENDING)).containsExactly("c");
        act("b", Verb.RESUME);
        act("a", Verb.ABANDON);

        awaitRunning("b");
    }

    @Test
    void oneThatIsCancelledWhileItWaitsDoesNothing() {
        open(resting(1).maxRunning(1).build());
        beginAll("a", "b");

        house.append("thing-b", "Cancelled", "{\"id\":\"b\"}");

        house.reach("narrow", "b", Status.COMPENSATED);
        assertThat(house.types("narrow", "b", 1))
                .containsExactly("SagaStarted", "SagaPending", "StateBegun", "CompensationStarted", "SagaCompensated");
        awaitRunning("a");
    }

    @Test
    void goesOnAfterARestartAndWhenANewVersionLetsMoreGo() {
        open(resting(1).maxRunning(1).build());
        beginAll("a", "b", "c", "d");
        house.restart();
        awaitRunning("a");

        house.with(resting(2).maxRunning(2).build());
        house.restart();
        awaitRunning("a", "b");

        SagaHouse.answer(house.room().register(resting(3).maxRunning(3).build()));
        awaitRunning("a", "b", "c");

        SagaHouse.answer(house.room().register(resting(4).build()));
        awaitRunning("a", "b", "c", "d");
    }

    @Test
    void oneWhoseDefinitionIsMissingIsParkedAndLetsTheNextGo() {
        var old = resting(1).maxRunning(1).build();
        open(old);
        beginAll("a", "b");

        house.without(old).with(resting(2).maxRunning(2).build());
        house.restart();

        var parked = house.reach("narrow", "b", Status.PARKED).parked();
        assertThat(parked.reason()).isEqualTo(ParkReason.DEFINITION_MISSING);
        house.begin("c");
        await().until(() -> with(Status.RUNNING).contains("c"));
    }

    @Test
    void oneThatEndsTheProcessWheneverItIsAdmittedIsParkedItself() {
        open(Sagas.of("narrow", 1).pivot("ship").maxRunning(1).build());
        house.ledger().manner(command -> Ledger.Manner.MUTE);
        house.begin("a");
        house.append("thing-bad", "Began", "{\"id\":\"bad\",\"diesInStep\":true}");
        beginAll("c");
        act("a", Verb.ABANDON);

        for (int crashes = 0; crashes < 4; crashes++) {
            await().dontCatchUncaughtExceptions().until(() -> !house.isHealthy(0));
            house.crash();
        }

        var parked = house.reach("narrow", "bad", Status.PARKED).parked();
        assertThat(parked.reason()).isEqualTo(ParkReason.POISON);
        assertThat(parked.direction()).isEqualTo(Direction.FORWARD);
        awaitRunning("c");
    }

    @Test
    void manyGoInTheOrderInWhichTheyBegan() {
        var definition = Sagas.of("narrow", 1)
                .step("reserve")
                .pivot("ship")
                .maxRunning(3)
                .build();
        house = new SagaHouse(folder, 2)
                .with(definition)
                .serving("reserve", "ship")
                .start();
        for (int i = 0; i < 60; i++) {
            house.begin("k" + i);
        }
        await().until(() -> house.room().counts("narrow").get(Status.COMPLETED) == 60);

        boolean haveSomeWaited = false;
        for (int i = 0; i < 60; i++) {
            haveSomeWaited |= house.types("narrow", "k" + i, 1).contains(SagaEvent.SagaPending.class.getSimpleName());
        }
        house.close();
        assertThat(haveSomeWaited).isTrue();
        try (var log = Log.open(folder.resolve("log"), LogOptions.defaults().withShards(2))) {
            assertThat(SagaInvariants.broken(log, List.of(definition), new NothingSeen(2, 2), event -> List.of()))
                    .isEmpty();
        }
        house = null;
    }
}
