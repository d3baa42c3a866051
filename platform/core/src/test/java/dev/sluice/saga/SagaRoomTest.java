package dev.sluice.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.ingest.DeadLetters;
import dev.sluice.ingest.NoProjections;
import dev.sluice.log.Failure;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Input.Verb;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.ParkReason;
import dev.sluice.saga.machine.Status;
import dev.sluice.spi.ParticipantCommand;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SagaRoomTest {
    @TempDir
    Path folder;

    private SagaHouse house;

    @AfterEach
    void close() {
        if (house != null) {
            house.close();
        }
    }

    private SagaHouse open(Sagas saga, String... addresses) {
        house = new SagaHouse(folder, 2).with(saga.build()).serving(addresses).start();
        return house;
    }

    private static Input.OperatorAction action(String id, Verb verb) {
        return new Input.OperatorAction(id, verb, "ann", "a test", null, null);
    }

    @Test
    void goesThroughItsStepsAndCompletes() {
        open(Sagas.of("two-step", 1).step("reserve").pivot("ship"), "reserve", "ship");

        house.begin("k1");

        var ended = house.reach("two-step", "k1", Status.COMPLETED);
        assertThat(house.types("two-step", "k1", 1))
                .containsExactly(
                        "SagaStarted",
                        "StateBegun",
                        "StepScheduled",
                        "StepSucceeded",
                        "StepScheduled",
                        "StepSucceeded",
                        "SagaCompleted");
        assertThat(ended.state().path("ship").textValue()).isEqualTo("shipDone");
        assertThat(house.ledger().net("two-step/k1")).isEqualTo(2);
        assertThat(house.room().counts("two-step")).containsEntry(Status.COMPLETED, 1L);
        assertThat(house.gauge("saga.stalled")).isZero();
    }

    @Test
    void undoesWhatItDidInReverseWhenAStepIsRejected() {
        open(Sagas.of("two-step", 1).step("reserve").step("charge").pivot("ship"), "reserve", "charge", "ship");
        house.ledger().manner(command -> command.type().equals("ship") ? Ledger.Manner.REJECT : Ledger.Manner.DO);

        house.begin("k1");

        house.reach("two-step", "k1", Status.COMPENSATED);
        assertThat(house.ledger().seen())
                .extracting(ParticipantCommand::type)
                .containsExactly("reserve", "charge", "ship", "uncharge", "unreserve");
        assertThat(house.ledger().net("two-step/k1")).isZero();
    }

    @Test
    void undoesAlsoWhatNobodyAnswered() {
        open(Sagas.of("two-step", 1).step("reserve").step("charge").pivot("ship"), "reserve", "charge", "ship");
        house.ledger().manner(command -> command.type().equals("charge") ? Ledger.Manner.FAIL : Ledger.Manner.DO);

        house.begin("k1");

        house.reach("two-step", "k1", Status.COMPENSATED);
        var charges = house.ledger().seen().stream()
                .filter(command -> command.type().equals("charge"))
                .toList();
        assertThat(charges).hasSize(3);
        assertThat(charges)
                .extracting(ParticipantCommand::commandId)
                .containsOnly(charges.get(0).commandId());
        assertThat(house.ledger().net("two-step/k1")).isZero();
    }

    @Test
    void sendsAgainUnderTheSameIdWhatWasNotAnsweredBeforeARestart() {
        open(
                Sagas.of("two-step", 1)
                        .timeout(Duration.ofSeconds(20))
                        .step("reserve")
                        .pivot("ship"),
                "reserve",
                "ship");
        house.ledger().manner(command -> Ledger.Manner.MUTE);
        house.begin("k1");
        await().until(() -> house.ledger().seen().size() == 1);

        house.ledger().manner(command -> Ledger.Manner.DO);
        house.restart();

        house.reach("two-step", "k1", Status.COMPLETED);
        var reserves = house.ledger().seen().stream()
                .filter(command -> command.type().equals("reserve"))
                .map(ParticipantCommand::commandId)
                .toList();
        assertThat(reserves).hasSize(2);
        assertThat(reserves.get(1)).isEqualTo(reserves.get(0));
        assertThat(house.ledger().net("two-step/k1")).isEqualTo(2);
    }

    @Test
    void defersWhatNobodyListensTo() {
        open(Sagas.of("two-step", 1).step("reserve").pivot("ship"), "reserve");

        house.begin("k1");
        await().until(() -> house.find("two-step", "k1") != null
                && house.types("two-step", "k1", 1).contains("StepDeferred"));
        house.ledger().serve(house.mesh(), "ship");

        house.reach("two-step", "k1", Status.COMPLETED);
        assertThat(house.types("two-step", "k1", 1)).doesNotContain("AttemptFailed");
    }

    @Test
    void sleepsAcrossARestart() {
        open(Sagas.of("slow", 1).sleep("rest", Duration.ofHours(5)).pivot("ship"), "ship");
        house.begin("k1");
        await().until(() -> house.find("slow", "k1") != null);

        house.restart();
        house.pass(Duration.ofHours(5));

        house.reach("slow", "k1", Status.COMPLETED);
    }

    @Test
    void takesAnEventThatCameBeforeItsInstance() {
        open(
                Sagas.of("waiting", 1)
                        .await("payment", "Paid", Duration.ofHours(1))
                        .pivot("ship"),
                "ship");
        house.append("payment-k1", "Paid", "{\"id\":\"k1\"}");

        house.begin("k1");

        house.reach("waiting", "k1", Status.COMPLETED);
    }

    @Test
    void makesADeadLetterOfAnEventWhoseInstanceNeverComes() {
        open(
                Sagas.of("waiting", 1)
                        .await("payment", "Paid", Duration.ofHours(1))
                        .pivot("ship"),
                "ship");

        house.append("payment-k1", "Paid", "{\"id\":\"k1\"}");

        await().until(() -> letters("waiting").size() == 1);
        assertThat(letters("waiting").get(0)).contains("\"reason\":\"expired\"", "\"consumer\":\"saga:waiting\"");
    }

    @Test
    void makesADeadLetterOfAnEventThatIsTooManyToBeHeld() {
        open(
                Sagas.of("waiting", 1)
                        .sleep("rest", Duration.ofHours(1))
                        .await("payment", "Paid", Duration.ofHours(1))
                        .pivot("ship"),
                "ship");
        house.begin("k1");
        for (int i = 0; i < 101; i++) {
            house.append("thing-k1", "Paid", "{\"id\":\"k1\"}");
        }

        await().until(() -> letters("waiting").size() == 1);
        assertThat(letters("waiting").get(0)).contains("\"reason\":\"too-many-early\"", "\"key\":\"k1\"");
        house.pass(Duration.ofHours(1));
        house.reach("waiting", "k1", Status.COMPLETED);
    }

    @Test
    void makesADeadLetterOfAnEventWhoseKeyCannotBeTold() {
        open(Sagas.of("two-step", 1).pivot("ship"), "ship");

        house.append("thing-1", "Began", "{\"poison\":true}");
        house.begin("k1");

        house.reach("two-step", "k1", Status.COMPLETED);
        assertThat(letters("two-step")).hasSize(1);
    }

    @Test
    void listsItsDeadLettersAmongThoseOfAllConsumers() {
        open(Sagas.of("two-step-2", 1).pivot("ship"), "ship");
        house.append("thing-1", "Began", "{\"poison\":true}");
        await().until(() -> letters("two-step-2").size() == 1);

        var filter = new DeadLetters.Filter("saga:two-step-2", null, DeadLetters.State.OPEN);
        var letters =
                SagaHouse.answer(new DeadLetters(house.events(), new NoProjections(false)).list(filter, 10, null));

        assertThat(letters.letters()).extracting(DeadLetters.DeadLetter::reason).containsExactly("evaluation-failed");
    }

    @Test
    void firesOverdueTimersInTheOrderInWhichTheyWereDue() {
        open(Sagas.of("slow", 1).restart().sleep("rest", Duration.ofHours(5)).pivot("ship"), "ship");
        var keys = IntStream.range(0, 30).mapToObj(i -> "k" + i).toList();
        keys.forEach(key -> {
            house.begin(key);
            house.pass(Duration.ofMillis(5));
        });
        await().until(() -> house.room().counts("slow").get(Status.RUNNING) == 30);

        house.close();
        house.pass(Duration.ofHours(6));
        house.start();
        keys.forEach(key -> house.reach("slow", key, Status.COMPLETED));

        for (int shard = 0; shard < 2; shard++) {
            assertThat(house.ends("rest", shard))
                    .as("shard %d", shard)
                    .isNotEmpty()
                    .isSorted();
        }
    }

    private List<String> letters(String saga) {
        return IntStream.range(0, 2)
                .boxed()
                .flatMap(shard -> house.stream(DeadLetter.stream(saga, shard)).stream())
                .map(event -> new String(event.data(), java.nio.charset.StandardCharsets.UTF_8))
                .toList();
    }

    @Test
    void beginsAnotherRunOnlyWhenTheDefinitionSaysSo() {
        open(Sagas.of("again", 1).restart().pivot("ship"), "ship");
        house.begin("k1");
        house.reach("again", "k1", Status.COMPLETED);

        house.begin("k1");

        await().until(() -> house.find("again", "k1").run() == 2);
        house.reach("again", "k1", Status.COMPLETED);
        assertThat(house.types("again", "k1", 2)).startsWith("SagaStarted").endsWith("SagaCompleted");
    }

    @Test
    void isPausedAndResumedByAnOperator() {
        open(Sagas.of("slow", 1).sleep("rest", Duration.ofMillis(300)).pivot("ship"), "ship");
        house.begin("k1");
        await().until(() -> house.find("slow", "k1") != null);

        var paused = SagaHouse.answer(house.room().act("slow", "k1", action("a1", Verb.PAUSE)));
        assertThat(paused.status()).isEqualTo(Status.PARKED);
        assertThatThrownBy(() -> SagaHouse.answer(house.room().act("slow", "k1", action("a2", Verb.RETRY))))
                .isInstanceOfSatisfying(
                        Failure.class, refused -> assertThat(refused.kind()).isEqualTo(Failure.Kind.WRONG_STATUS));
        SagaHouse.answer(house.room().act("slow", "k1", action("a3", Verb.RESUME)));

        house.reach("slow", "k1", Status.COMPLETED);
    }

    @Test
    void parksAnInstanceWhoseDefinitionIsMissingAndGoesOnWhenItIsBack() {
        var old = Sagas.of("slow", 1)
                .sleep("rest", Duration.ofHours(1))
                .pivot("ship")
                .build();
        house = new SagaHouse(folder, 1).with(old).serving("ship").start();
        house.begin("k1");
        await().until(() -> house.find("slow", "k1") != null);

        house.without(old).with(Sagas.of("slow", 2).pivot("ship").build());
        house.restart();
        house.pass(Duration.ofHours(1));
        var parked = house.reach("slow", "k1", Status.PARKED).parked();
        house.with(old);
        house.restart();
        SagaHouse.answer(house.room().act("slow", "k1", action("a1", Verb.RETRY)));

        assertThat(parked.reason()).isEqualTo(ParkReason.DEFINITION_MISSING);
        house.reach("slow", "k1", Status.COMPLETED);
    }

    @Test
    void refusesAVersionThatWasRegisteredWithAnotherContent() {
        open(Sagas.of("two-step", 1).pivot("ship"), "ship");

        assertThatThrownBy(() -> SagaHouse.answer(house.room()
                        .register(
                                Sagas.of("two-step", 1).step("a").pivot("ship").build())))
                .isInstanceOfSatisfying(Failure.class, refused -> assertThat(refused.kind())
                        .isEqualTo(Failure.Kind.DEFINITION_INVALID));
    }

    @Test
    void refusesItAfterARestartTooWhoeverComesFirst() {
        open(Sagas.of("two-step", 1).pivot("ship"), "ship");
        house.close();
        house = new SagaHouse(folder, 2).start();

        assertThatThrownBy(() -> SagaHouse.answer(house.room()
                        .register(
                                Sagas.of("two-step", 1).step("a").pivot("ship").build())))
                .isInstanceOfSatisfying(Failure.class, refused -> assertThat(refused.kind())
                        .isEqualTo(Failure.Kind.DEFINITION_INVALID));
    }

    @Test
    void startsWithTheOutboxAndTheTimersWhateverInstancesThereAre() {
        open(
                Sagas.of("slow", 1)
                        .step("reserve")
                        .sleep("rest", Duration.ofHours(5))
                        .pivot("ship"),
                "reserve",
                "ship");
        var ended = IntStream.range(0, 60).mapToObj(i -> "ended" + i).toList();
        ended.forEach(house::begin);
        await().until(() -> ended.stream()
                .allMatch(key -> house.find("slow", key) != null
                        && house.types("slow", key, 1).contains("StepWaiting")));
        house.pass(Duration.ofHours(5));
        ended.forEach(key -> house.reach("slow", key, Status.COMPLETED));
        house.begin("resting");
        await().until(() -> house.types("slow", "resting", 1).contains("StepWaiting"));
        house.ledger().manner(command -> Ledger.Manner.SILENT);
        house.begin("sending");
        await().until(() -> house.types("slow", "sending", 1).contains("StepScheduled"));

        house.restart();
        await().until(() -> house.rowsRead(RowKeys.TIMERS) > 0);

        assertThat(house.rowsRead(RowKeys.OUTBOX)).isLessThanOrEqualTo(1);
        assertThat(house.rowsRead(RowKeys.TIMERS)).isLessThanOrEqualTo(2);
        assertThat(house.rowsRead(RowKeys.INSTANCES)).isZero();
        assertThat(house.rowsRead(RowKeys.STATUSES)).isZero();
    }

    @Test
    void publishesAtItsEnd() {
        open(Sagas.of("telling", 1).publishing().pivot("ship"), "ship");

        house.begin("k1");

        house.reach("telling", "k1", Status.COMPLETED);
        assertThat(house.stream("ended-k1")).extracting(event -> event.type()).containsExactly("WentThrough");
    }

    @Test
    void givesUpAnInputThatEndsTheProcessWheneverItComes() {
        house = new SagaHouse(folder, 1)
                .with(Sagas.of("two-step", 1).pivot("ship").build())
                .serving("ship")
                .start();
        house.append("thing-bad", "Began", "{\"id\":\"bad\",\"dies\":true}");

        for (int crashes = 0; crashes < 4; crashes++) {
            await().dontCatchUncaughtExceptions().until(() -> !house.isHealthy(0));
            house.crash();
        }

        await().until(() -> !house.stream(DeadLetter.stream("two-step", 0)).isEmpty());
        house.begin("k1");
        house.reach("two-step", "k1", Status.COMPLETED);
        assertThat(house.isHealthy(0)).isTrue();
    }

    @Test
    void listsInstancesByStatusAndPage() {
        open(Sagas.of("two-step", 1).pivot("ship"), "ship");
        house.ledger().manner(command -> command.saga().contains("no") ? Ledger.Manner.REJECT : Ledger.Manner.DO);
        for (var key : List.of("a/1", "a%2", "no1", "b", "no2")) {
            house.begin(key);
        }
        for (var key : List.of("a/1", "a%2", "b")) {
            house.reach("two-step", key, Status.COMPLETED);
        }
        house.reach("two-step", "no1", Status.COMPENSATED);
        house.reach("two-step", "no2", Status.COMPENSATED);

        var first = SagaHouse.answer(house.room().list(InstanceQuery.of("two-step"), "", 3));
        var rest = SagaHouse.answer(house.room().list(InstanceQuery.of("two-step"), first.after(), 10));
        var completed = SagaHouse.answer(house.room()
                .list(new InstanceQuery("two-step", Set.of(Status.COMPLETED), null, null, Set.of()), "", 10));

        assertThat(first.instances()).extracting(Instance::key).containsExactly("a%2", "a/1", "b");
        assertThat(rest.instances()).extracting(Instance::key).containsExactly("no1", "no2");
        assertThat(rest.after()).isNull();
        assertThat(completed.instances()).extracting(Instance::key).containsExactly("a%2", "a/1", "b");
    }

    @Test
    void saysWhatItDidWithAnEvent() {
        open(
                Sagas.of("waiting", 1)
                        .await("payment", "Paid", Duration.ofHours(1))
                        .pivot("ship"),
                "ship");
        house.begin("k1");
        house.append("payment-k1", "Paid", "{\"id\":\"k1\"}");
        house.reach("waiting", "k1", Status.COMPLETED);
        house.begin("k1");
        await().until(() -> house.types("waiting", "k1", 1).contains("EventIgnored"));

        assertThat(verdicts("thing-k1", 0)).containsExactly(Verdict.Kind.STARTED);
        assertThat(verdicts("payment-k1", 0)).containsExactly(Verdict.Kind.RECEIVED);
        assertThat(verdicts("thing-k1", 1)).containsExactly(Verdict.Kind.IGNORED);
    }

    private List<Verdict.Kind> verdicts(String stream, int number) {
        return SagaHouse.answer(house.room().why(house.stream(stream).get(number))).stream()
                .map(Verdict::kind)
                .toList();
    }
}
