package dev.sluice.saga.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.log.Failure;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Step;
import dev.sluice.saga.machine.Input.Verb;
import dev.sluice.testing.SagaScenario;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class MachineTest {
    private static final Map<String, Object> NOTHING = Map.of();
    private static final JsonNode EMPTY = JsonNodeFactory.instance.objectNode();

    private static SagaScenario started(Step... steps) {
        return started(Made.saga(steps));
    }

    private static SagaScenario started(SagaDefinition definition) {
        return SagaScenario.of(definition).given("Started", NOTHING);
    }

    @Test
    void undoesInReverseOrderAndWaitsForEach() {
        started(Made.step("a"), Made.step("b"), Made.step("c"))
                .expectSend("a")
                .reply("Done", NOTHING)
                .expectSend("b")
                .reply("Done", NOTHING)
                .expectSend("c")
                .reject("no")
                .expectUndo("b")
                .reply()
                .expectUndo("a")
                .reply()
                .expectStatus(Status.COMPENSATED);
    }

    @Test
    void anUndoAtAnotherStreamDoesNotNameACommandThatIsUnknownThere() {
        assertThat(undoneBy("stock-1")).isNotNull();
        assertThat(undoneBy("stock-2")).isNull();
        assertThat(undoneBy("http:stock/release")).isNotNull();
    }

    private static String undoneBy(String to) {
        var instance = Instance.of("made", "k", 1);
        instance.fold(new SagaEvent.StepScheduled("a", Direction.FORWARD, 1, 0, "c1", "stock-1", "Do", EMPTY, 1), 1);
        instance.fold(new SagaEvent.StepScheduled("a", Direction.UNDO, 1, 0, "c2", to, "Undo", EMPTY, 1), 2);
        return instance.outbox().get(0).undoes();
    }

    @Test
    void whatNobodyAnswersIsUndoneToo() {
        started(Made.step("a"))
                .expectSend("a")
                .noReply()
                .advance(Duration.ofMinutes(2))
                .expectUndo("a")
                .reply()
                .expectStatus(Status.COMPENSATED);
    }

    @Test
    void aDeferredStepIsNotSentAgainOnceCompensationHasBegun() {
        started(Made.step("a"))
                .expectSend("a")
                .given("Cancelled", NOTHING)
                .deferred(Duration.ofSeconds(1))
                .expectStep("a", StepStatus.UNDOING)
                .expectUndo("a")
                .reply()
                .expectStatus(Status.COMPENSATED);
    }

    @Test
    void aLateAnswerThatMeansRejectionIsNoSuccess() {
        started(List.of(List.of(Made.step("a"), Made.step("b"))), false)
                .expectSend("b")
                .expectSend("a")
                .fails("lost")
                .on("b")
                .reject("no")
                .expectStep("a", StepStatus.UNDOING);

        started(List.of(List.of(Made.step("a"), Made.step("b"), Made.step("c"))), false)
                .expectSend("c")
                .expectSend("b")
                .expectSend("a")
                .fails("lost")
                .on("b")
                .reject("no")
                .lateReply("a", "Refused", NOTHING)
                .expectStep("a", StepStatus.UNKNOWN)
                .lateReply("a", "Done", NOTHING)
                .expectStep("a", StepStatus.SUCCEEDED);
    }

    private static SagaScenario started(List<List<Step>> stages, boolean publishes) {
        return started(Made.saga(stages, publishes));
    }

    @Test
    void aClearAnswerOfAnEarlierAttemptCounts() {
        started(Made.step("a"))
                .expectSend("a")
                .fails("lost")
                .advance(Duration.ofSeconds(1))
                .expectSend("a")
                .lateReply("a", "Done", NOTHING)
                .expectStatus(Status.COMPLETED);
    }

    @Test
    void aWaitThatWasInVainBehindThePivotIsTakenUpAgainByRetry() {
        started(Made.pivot("p"), Made.await("w", "Came", Duration.ofMinutes(1)))
                .expectSend("p")
                .reply("Done", NOTHING)
                .advance(Duration.ofMinutes(2))
                .expectParked(ParkReason.REJECTED)
                .operator(Verb.RETRY)
                .expectStep("w", StepStatus.RUNNING)
                .given("Came", NOTHING)
                .expectStatus(Status.COMPLETED);
    }

    @Test
    void anEventThatTwoStepsWaitForIsGivenToBoth() {
        started(Made.step("a"), Made.await("v", "Came", null), Made.await("w", "Came", null))
                .given("Came", NOTHING)
                .expectSend("a")
                .reply("Done", NOTHING)
                .expectStatus(Status.COMPLETED);
    }

    @Test
    void noUndoIsLeftOutBecauseAnOperatorRetriesAnotherStep() {
        var scenario = started(Made.step("a"), Made.step("b"))
                .expectSend("a")
                .reply("Done", NOTHING)
                .expectSend("b")
                .given("Cancelled", NOTHING)
                .reply("Done", NOTHING)
                .expectUndo("b")
                .reject("locked")
                .expectParked(ParkReason.UNDO_REJECTED);

        assertThatThrownBy(() -> scenario.operator(Verb.RETRY, "a"))
                .isInstanceOfSatisfying(
                        Failure.class, refused -> assertThat(refused.kind()).isEqualTo(Failure.Kind.WRONG_STATUS));
        scenario.operator(Verb.RETRY)
                .expectUndo("b")
                .reply()
                .expectUndo("a")
                .reply()
                .expectStatus(Status.COMPENSATED);
    }

    @Test
    void whatIsDoneCannotBeSkipped() {
        var scenario = started(Made.step("a"), Made.pivot("p"))
                .expectSend("a")
                .reply("Done", NOTHING)
                .expectSend("p")
                .noReply()
                .advance(Duration.ofMinutes(2))
                .expectParked(ParkReason.PIVOT_UNKNOWN);

        assertThatThrownBy(() -> scenario.operator(Verb.SKIP, "a")).isInstanceOf(Failure.class);
        scenario.operator(Verb.COMPENSATE).expectUndo("a").reply().expectStatus(Status.COMPENSATED);
    }

    @Test
    void aSagaThatSaysThatItHasCompletedIsNotCancelled() {
        var scenario = started(List.of(List.of(Made.step("a"))), true)
                .expectSend("a")
                .reply("Done", NOTHING)
                .given("Cancelled", NOTHING);

        assertThatThrownBy(() -> scenario.operator(Verb.COMPENSATE)).isInstanceOf(Failure.class);
        scenario.expectPublish("MadeDone", scenario.instance().state()).expectStatus(Status.COMPLETED);
    }

    @Test
    void whatIsPublishedCanBeSkippedAndIsTriedAnewByRetry() {
        var definition = Made.saga(List.of(List.of(Made.step("a"))), true);
        var instance = react(definition, begun(definition), new Outcome.Succeeded("Done", EMPTY), "a", 0);
        for (int hours = 1; instance.status() != Status.PARKED; hours++) {
            instance = react(definition, instance, new Outcome.Unknown("no"), Course.PUBLISH, hours);
            var retry = instance.armed().stream()
                    .filter(timer -> timer.id().startsWith("retry"))
                    .findFirst();
            if (retry.isPresent()) {
                var fired = new Input.TimerFired(retry.get().id(), retry.get().dueMillis());
                instance = Machine.react(definition, instance, fired, hours * 3_600_000_000L + 1)
                        .after();
            }
        }

        long later = 9 * 3_600_000_000L;
        var retried = Machine.react(definition, instance, action("1", Verb.RETRY), later)
                .after();
        var again = react(definition, retried, new Outcome.Unknown("no"), Course.PUBLISH, 9);
        var skipped = Machine.react(definition, instance, action("2", Verb.SKIP), later)
                .after();

        assertThat(again.status()).isEqualTo(Status.RUNNING);
        assertThat(skipped.status()).isEqualTo(Status.COMPLETED);
    }

    @Test
    void anActionIdActsOnceAndForOneVerb() {
        var definition = Made.saga(List.of(List.of(Made.step("a"))), false);
        var paused = Machine.react(definition, begun(definition), action("1", Verb.PAUSE), 1)
                .after();

        assertThat(Machine.react(definition, paused, action("1", Verb.PAUSE), 2).events())
                .isEmpty();
        assertThatThrownBy(() -> Machine.react(definition, paused, action("1", Verb.ABANDON), 2))
                .isInstanceOf(Failure.class)
                .hasMessageContaining("found action id 1 used before to PAUSE");
    }

    private static Input action(String id, Verb verb) {
        return new Input.OperatorAction(id, verb, "ann", "because", null, null);
    }

    private static Instance begun(SagaDefinition definition) {
        return Machine.begin(definition, "k", 1, event("Started"), null, 0).after();
    }

    private static ReceivedEvent event(String type) {
        return new ReceivedEvent("0:1", "e", type, "s-1", 0, EMPTY, null);
    }

    private static Instance react(
            SagaDefinition definition, Instance instance, Outcome outcome, String step, long hours) {
        var sending = Objects.requireNonNull(instance.step(step).sending());
        var reply = new Input.Replied(
                step, sending.direction(), sending.epoch(), instance.step(step).attempt(), outcome);
        return Machine.react(definition, instance, reply, hours * 3_600_000_000L)
                .after();
    }

    @Test
    void anEventThatNothingWaitedForIsLetGoByName() {
        var scenario = started(Made.step("a"), Made.await("w", "Came", null))
                .given("Came", NOTHING)
                .expectSend("a")
                .reject("no")
                .expectStatus(Status.COMPENSATED);

        assertThat(scenario.scenario().trial().recorded())
                .extracting(each -> SagaJson.type(each.event()))
                .containsSubsequence("EventHeld", "EventReleased", "EventIgnored", "SagaCompensated");
    }

    @Test
    void anErrorOfADefinitionsCodeParksAndGoesNoFurther() {
        var made = Made.saga(Made.pivot("p"));
        var definition = new SagaDefinition(made.structure(), Made.throwingIf(() -> {
            throw new NoClassDefFoundError("Lost");
        }));

        assertThat(begun(definition).parked().reason()).isEqualTo(ParkReason.POISON);
    }

    @Test
    void timersKeepTheirOrderWhenAnInstanceIsReadBack() {
        var definition = Made.saga(
                List.of(List.of(Made.sleep("z", Duration.ofSeconds(1)), Made.sleep("b", Duration.ofSeconds(2)))),
                false);
        var instance = begun(definition);
        var read = SagaJson.instance(SagaJson.bytes(instance));
        var added = new SagaEvent.StepWaiting("a", 3, 9L);
        instance.fold(added, 1);
        read.fold(added, 1);

        assertThat(read.armed()).isEqualTo(instance.armed());
    }

    @Test
    void numbersStayExactWhenTheyAreReadBack() {
        var exact = JsonNodeFactory.instance.objectNode();
        exact.set("price", DecimalNode.valueOf(new BigDecimal("123456789012345678.10")));
        var read = (SagaEvent.StateBegun) SagaJson.event("StateBegun", SagaJson.bytes(new SagaEvent.StateBegun(exact)));

        assertThat(read.state().toString()).isEqualTo("{\"price\":123456789012345678.10}");
    }

    @Test
    void anActionThatCodeRefusesIsRememberedAndRetryFindsTheStep() {
        var faulty = new boolean[1];
        var made = Made.saga(Made.pivot("p"));
        var definition = new SagaDefinition(made.structure(), Made.throwingIf(() -> faulty[0]));
        var scenario = started(definition).expectSend("p").noReply().advance(Duration.ofMinutes(2));

        faulty[0] = true;
        scenario.operator(Verb.RETRY).expectParked(ParkReason.POISON);
        faulty[0] = false;
        scenario.operator(Verb.RETRY).expectSend("p").expectStatus(Status.RUNNING);

        assertThat(scenario.scenario().trial().recorded())
                .filteredOn(each -> each.event() instanceof SagaEvent.OperatorActed)
                .hasSize(2);
    }

    @Test
    void aStateThatCouldNotBeginIsNotTriedWhileItIsParked() {
        var faulty = new boolean[] {true};
        var made = Made.saga(Made.step("a"));
        var definition = new SagaDefinition(made.structure(), Made.throwingIf(() -> faulty[0]));
        var scenario = started(definition).expectParked(ParkReason.POISON);

        faulty[0] = false;
        scenario.given("Cancelled", NOTHING).expectParked(ParkReason.POISON);

        assertThat(scenario.scenario().trial().recorded())
                .noneMatch(each -> each.event() instanceof SagaEvent.StateBegun);
    }
}
