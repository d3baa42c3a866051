package dev.sluice.saga.machine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Step;
import dev.sluice.saga.machine.Input.Verb;
import dev.sluice.testing.SagaScenario;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** An instance that begins while as many others go as may. */
class PendingTest {
    private static final Map<String, Object> NOTHING = Map.of();

    private static SagaScenario waiting(Step... steps) {
        return waiting(Made.saga(steps));
    }

    private static SagaScenario waiting(SagaDefinition definition) {
        return SagaScenario.of(definition).full().given("Started", NOTHING).expectStatus(Status.PENDING);
    }

    private static List<String> types(SagaScenario scenario) {
        return scenario.scenario().trial().recorded().stream()
                .map(each -> SagaJson.type(each.event()))
                .toList();
    }

    @Test
    void beginsItsStepsWhenItIsAdmitted() {
        var scenario = waiting(Made.step("a"))
                .admit()
                .expectSend("a")
                .reply("Done", NOTHING)
                .expectStatus(Status.COMPLETED);

        assertThat(types(scenario))
                .startsWith("SagaStarted", "SagaPending", "StateBegun", "SagaAdmitted", "StepScheduled");
    }

    @Test
    void turnsBackWithoutAStepAtACancelAtItsDeadlineAndByAnOperator() {
        waiting(Made.step("a")).given("Cancelled", NOTHING).expectStatus(Status.COMPENSATED);
        waiting(Made.step("a")).advance(Duration.ofMinutes(10)).expectStatus(Status.COMPENSATED);
        waiting(Made.step("a")).operator(Verb.COMPENSATE).expectStatus(Status.COMPENSATED);
    }

    @Test
    void saysAtItsEndThatItTurnedBack() {
        waiting(Made.saga(List.of(List.of(Made.step("a"))), true))
                .given("Cancelled", NOTHING)
                .expectPublish("MadeUndone", Map.of("rate", 1.10, "count", 1L << 40))
                .expectStatus(Status.COMPENSATED);
    }

    @Test
    void isAbandonedByAnOperator() {
        waiting(Made.step("a")).operator(Verb.ABANDON).expectStatus(Status.FAILED);
    }

    @Test
    void holdsTheEventsThatItWillWaitFor() {
        waiting(Made.await("w", "Came", null))
                .given("Came", NOTHING)
                .expectStatus(Status.PENDING)
                .admit()
                .expectStatus(Status.COMPLETED);
    }

    @Test
    void keepsItsTurnThroughAPause() {
        var scenario = waiting(Made.step("a"));
        Long turn = scenario.instance().turn();

        scenario.operator(Verb.PAUSE).expectParked(ParkReason.PAUSED).admit().expectParked(ParkReason.PAUSED);
        assertThat(scenario.instance().turn()).isNull();
        scenario.operator(Verb.RESUME).expectStatus(Status.PENDING);

        assertThat(scenario.instance().turn()).isEqualTo(turn);
    }

    @Test
    void isCancelledByWhatCameDuringAPause() {
        waiting(Made.step("a"))
                .operator(Verb.PAUSE)
                .given("Cancelled", NOTHING)
                .operator(Verb.RESUME)
                .expectStatus(Status.COMPENSATED);
    }

    @Test
    void waitsAgainWhenItsStateCouldNotBegin() {
        var faulty = new boolean[] {true};
        var made = Made.saga(Made.step("a"));
        var definition = new SagaDefinition(made.structure(), Made.throwingIf(() -> faulty[0]));
        var scenario =
                SagaScenario.of(definition).full().given("Started", NOTHING).expectParked(ParkReason.POISON);

        faulty[0] = false;
        scenario.operator(Verb.RETRY).expectStatus(Status.PENDING).admit().expectSend("a");
    }

    @Test
    void isParkedForTheWayForwardWhenItsDefinitionIsMissing() {
        var event = new ReceivedEvent("0:1", "e", "Started", "s-1", 0, JsonNodeFactory.instance.objectNode(), null);
        var pending =
                Machine.begin(Made.saga(Made.step("a")), "k", 1, event, 7L, 0).after();

        var parked = Machine.park(pending, new Input.Admit(), ParkReason.DEFINITION_MISSING, "gone", 1)
                .after();

        assertThat(parked.parked().direction()).isEqualTo(Direction.FORWARD);
        assertThat(pending.isStalled()).isFalse();
    }

    @Test
    void isNotAdmittedTwice() {
        var scenario = waiting(Made.step("a")).admit().expectSend("a");
        int events = types(scenario).size();

        scenario.admit();

        assertThat(types(scenario)).hasSize(events);
    }
}
