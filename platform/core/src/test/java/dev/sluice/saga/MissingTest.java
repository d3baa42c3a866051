package dev.sluice.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.SagaVersion;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Input.Verb;
import dev.sluice.saga.machine.ParkReason;
import dev.sluice.saga.machine.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Events for instances whose version this process has no code of. */
class MissingTest {
    private static final SagaDefinition OLD = Sagas.of("waiting", 1)
            .await("payment", "Paid", Duration.ofHours(1))
            .pivot("ship")
            .build();

    @TempDir
    Path folder;

    private SagaHouse house;

    @AfterEach
    void close() {
        house.close();
    }

    /** An instance of the old version waits, and only those versions are there. */
    private void without(SagaDefinition... newer) {
        house = new SagaHouse(folder, 1).with(OLD).serving("ship").start();
        house.begin("k1");
        await().until(() -> house.find("waiting", "k1") != null);
        house.without(OLD);
        List.of(newer).forEach(house::with);
        house.restart();
    }

    private void pay() {
        house.append("payment-k1", "Paid", "{\"id\":\"k1\"}");
    }

    private List<String> letters() {
        return house.stream(DeadLetter.stream("waiting", 0)).stream()
                .map(letter -> Json.data(letter).path("reason").textValue())
                .toList();
    }

    @Test
    void areKeptByTheInstanceWhenAnotherVersionTellsItsKey() {
        var newer = Sagas.of("waiting", 2)
                .await("money", "Paid", Duration.ofHours(1))
                .pivot("ship")
                .build();
        without(newer);

        pay();
        var parked = house.reach("waiting", "k1", Status.PARKED);
        house.with(OLD);
        house.restart();
        SagaHouse.answer(house.room()
                .act(
                        "waiting",
                        "k1",
                        new Input.OperatorAction("a1", Verb.RETRY, "ann", "its code is back", null, null)));

        assertThat(parked.parked().reason()).isEqualTo(ParkReason.DEFINITION_MISSING);
        assertThat(parked.held()).extracting(held -> held.trigger()).containsExactly("payment");
        house.reach("waiting", "k1", Status.COMPLETED);
        assertThat(letters()).isEmpty();
    }

    @Test
    void becomeDeadLettersWhenNoVersionKnowsTheirType() {
        without(Sagas.of("waiting", 2).pivot("ship").build());

        pay();

        await().until(() -> !letters().isEmpty());
        assertThat(letters()).containsExactly(DeadLetter.DEFINITION_MISSING);
        assertThat(why("payment-k1")).containsExactly(Verdict.Kind.DEAD_LETTER);
    }

    @Test
    void becomeDeadLettersWhenNoVersionIsThere() {
        without();
        assertThat(house.room().versions().get("waiting")).containsExactly(new SagaVersion(OLD.structure(), false));

        pay();

        await().until(() -> !letters().isEmpty());
        assertThat(letters()).containsExactly(DeadLetter.DEFINITION_MISSING);
    }

    private List<Verdict.Kind> why(String stream) {
        return SagaHouse.answer(house.room().why(house.stream(stream).get(0))).stream()
                .map(Verdict::kind)
                .toList();
    }

    /** Code of before could tell its key. */
    @Test
    void areToldAsUntoldWhenTheCodeOfNowCannotTellTheirKeyAndTheyAreNoDeadLetters() {
        var healed = Sagas.of("waiting", 1).pivot("ship").healed().build();
        house = new SagaHouse(folder, 1).with(healed).serving("ship").start();
        house.append("thing-1", "Began", "{\"id\":\"k1\",\"poison\":true}");
        house.reach("waiting", "k1", Status.COMPLETED);
        house.without(healed).with(Sagas.of("waiting", 1).pivot("ship").build());
        house.restart();

        assertThat(why("thing-1")).containsExactly(Verdict.Kind.UNTOLD);
    }

    /** Neither a start event nor one that nobody waits for any more is passed over in silence. */
    @Test
    void areToldAsUntoldWhenThereIsNoCodeAtAllUnlessTheyAreDeadLetters() {
        without();
        pay();
        await().until(() -> !letters().isEmpty());
        var give = new Input.OperatorAction("a1", Verb.ABANDON, "ann", "its code is lost", null, null);
        SagaHouse.answer(house.room().act("waiting", "k1", give));

        assertThat(why("payment-k1")).containsExactly(Verdict.Kind.DEAD_LETTER);
        assertThat(why("thing-k1")).containsExactly(Verdict.Kind.UNTOLD);
    }

    @Test
    void areLetGoByWhoIsAbandonedWithoutItsCode() {
        without(Sagas.of("waiting", 2)
                .await("money", "Paid", Duration.ofHours(1))
                .pivot("ship")
                .build());
        pay();
        house.reach("waiting", "k1", Status.PARKED);
        var give = new Input.OperatorAction("a1", Verb.ABANDON, "ann", "its code is lost", null, null);

        SagaHouse.answer(house.room().act("waiting", "k1", give));
        SagaHouse.answer(house.room().act("waiting", "k1", give));

        var failed = house.reach("waiting", "k1", Status.FAILED);
        assertThat(failed.held()).isEmpty();
        assertThat(house.room().counts("waiting")).containsEntry(Status.FAILED, 1L);
    }

    @Test
    void arePassedOverWhenNobodyWaitsForThem() {
        house = new SagaHouse(folder, 1).with(OLD).serving("ship").start();
        house.begin("k1");
        pay();
        house.reach("waiting", "k1", Status.COMPLETED);
        house.without(OLD).with(Sagas.of("waiting", 2).pivot("ship").build());
        house.restart();

        pay();
        house.begin("k2");

        house.reach("waiting", "k2", Status.COMPLETED);
        assertThat(letters()).isEmpty();
    }
}
