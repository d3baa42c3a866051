package dev.sluice.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.log.Failure;
import dev.sluice.saga.Told.Began;
import dev.sluice.saga.Told.Cancelled;
import dev.sluice.saga.Told.Chosen;
import dev.sluice.saga.Told.Left;
import dev.sluice.saga.definition.Effect;
import dev.sluice.saga.definition.Happened;
import dev.sluice.saga.machine.Input.Verb;
import dev.sluice.saga.machine.ParkReason;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.machine.Status;
import dev.sluice.saga.machine.StepStatus;
import dev.sluice.saga.scenario.Diagram;
import dev.sluice.testing.SagaFuzz;
import dev.sluice.testing.SagaScenario;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

class SagaMachineTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Effect COMPLETE = new Effect.Complete();
    private static final Effect TIMER = new Effect.SetTimer("soon", MINUTE);

    private static final SagaMachine<Told> IDLE = new SagaMachine<>() {
        @Override
        public Told evolve(Told state, Happened happened) {
            return state;
        }

        @Override
        public List<Effect> react(Told evolved, Happened happened) {
            return List.of();
        }
    };

    private static SagaScenario begun(Saga<Told> saga) {
        return SagaScenario.of(saga.definition()).given(new Began("k"));
    }

    /** Of a machine that does what is said of the word of what happened, and else waits for a timer. */
    private static SagaScenario begun(BiFunction<Told, String, List<Effect>> reacting) {
        return begun(Told.saga(Told.started(), reacting).build());
    }

    private static List<Effect> onStart(String word, Effect... effects) {
        return word.equals("Started") ? List.of(effects) : List.of(TIMER);
    }

    private static List<String> told(SagaScenario scenario) {
        return scenario.instance()
                .state()
                .path("happened")
                .valueStream()
                .map(each -> each.textValue())
                .toList();
    }

    private static List<String> commandIds(SagaScenario scenario) {
        return scenario.scenario().trial().recorded().stream()
                .filter(each -> each.event() instanceof SagaEvent.StepScheduled)
                .map(each -> ((SagaEvent.StepScheduled) each.event()).commandId())
                .toList();
    }

    @Test
    void isToldThatItStartedWhenItsTurnHasCome() {
        var definition = Told.saga(Told.started().maxRunning(1), (told, word) -> onStart(word, Told.left(), TIMER))
                .build()
                .definition();
        var waiting = SagaScenario.of(definition).full().given(new Began("k")).expectStatus(Status.PENDING);
        waiting.given(new Chosen("k", 8));
        assertThat(told(waiting)).isEmpty();

        waiting.admit().expectSend("left", new Left("k"));

        assertThat(told(waiting)).containsExactly("Started", "chosen came: Chosen[id=k, number=8]");
    }

    @Test
    void isToldWhatHappensInItsOrder() {
        var scenario = begun((told, word) -> onStart(word, Told.left(), Told.right(), TIMER));

        scenario.expectSend("left", new Left("k"))
                .to("bus:left")
                .reply(new Chosen("k", 7))
                .expectSend("right")
                .reject("Full")
                .given(new Chosen("k", 8))
                .given(new Chosen("k", 9))
                .advance(MINUTE)
                .given(new Cancelled("k"))
                .expectStatus(Status.COMPENSATING);

        assertThat(told(scenario))
                .containsExactly(
                        "Started",
                        "left did: Chosen[id=k, number=7]",
                        "right refused: Full",
                        "chosen came: Chosen[id=k, number=8]",
                        "chosen came: Chosen[id=k, number=9]",
                        "soon fired",
                        "back: cancelled");
    }

    @Test
    void aReplyThatSaysNothingIsNull() {
        var scenario = begun((told, word) -> onStart(word, Told.left()));

        scenario.expectSend("left").reply();

        assertThat(told(scenario)).endsWith("left did: null");
    }

    @Test
    void isAnotherCommandAfterAClearAnswerAndTheSameWhileTheOutcomeIsUnknown() {
        var scenario = begun((told, word) -> List.of(Told.left()));

        scenario.expectSend("left")
                .reply(new Chosen("k", 1))
                .expectSend("left")
                .reject("Full")
                .expectSend("left")
                .noReply()
                .advance(Duration.ofHours(1))
                .expectSend("left");

        var ids = commandIds(scenario);
        assertThat(ids).hasSize(4).startsWith(ids.get(0), ids.get(1), ids.get(2), ids.get(2));
        assertThat(ids.stream().distinct()).hasSize(3);
    }

    @Test
    void hearsOfASuccessThatComesLate() {
        var scenario = begun((told, word) -> onStart(word, Told.left()));

        scenario.expectSend("left").noReply().advance(Duration.ofSeconds(180)).lateReply("left", new Chosen("k", 1));

        assertThat(told(scenario)).contains("left unknown", "left did: Chosen[id=k, number=1]");
    }

    @Test
    void setsATimerAgainAndCancelsIt() {
        var later = new Effect.SetTimer("soon", Duration.ofHours(1));
        var cancel = new Effect.CancelTimer("soon");
        var scenario = begun((told, word) -> switch (told.happened().size()) {
            case 1 -> List.of(TIMER, later);
            case 2 -> List.of(cancel, cancel, new Effect.SetTimer("other", MINUTE));
            default -> List.of(COMPLETE);
        });

        scenario.advance(MINUTE).expectStatus(Status.RUNNING).given(new Chosen("k", 1));
        assertThat(scenario.instance().armed()).extracting(timer -> timer.id()).containsExactly("timer:other");

        scenario.advance(MINUTE).expectStatus(Status.COMPLETED);
    }

    @Test
    void goesOnSendingOnTheWayBack() {
        begun(Told.saga(
                                Told.started().within(MINUTE),
                                (told, word) -> word.equals("Started")
                                        ? List.of(Told.left())
                                        : word.startsWith("back")
                                                ? List.of(Told.right())
                                                : told.happened().size() < 4 ? List.of() : List.of(COMPLETE))
                        .build())
                .expectSend("left")
                .noReply()
                .advance(MINUTE)
                .expectSend("right")
                .deferred(Duration.ofSeconds(1))
                .on("left")
                .reply(new Chosen("k", 1))
                .advance(MINUTE)
                .expectSend("right")
                .fails("broken")
                .advance(MINUTE)
                .expectSend("right")
                .reply()
                .expectStatus(Status.COMPENSATED);
    }

    @Test
    void parksWhatWouldWaitForNothing() {
        var scenario = begun((told, word) -> List.of()).expectParked(ParkReason.POISON);

        assertThat(scenario.instance().parked().error()).contains("found nothing that is sent and no timer");
    }

    @Test
    void mayWaitForEventsAsLongAsItHasADeadline() {
        begun(Told.saga(Told.started().within(MINUTE), (told, word) -> List.of())
                        .build())
                .expectStatus(Status.RUNNING)
                .advance(MINUTE)
                .expectParked(ParkReason.POISON);
    }

    @Test
    void refusesEffectsThatCannotBe() {
        poisoned("found left scheduled while it is under way", Told.left(), Told.left());
        poisoned("found the end while left is under way", Told.left(), COMPLETE);
        poisoned("found a command Right under the name left", Told.RIGHT.schedule("left", new Told.Right("k")));
        poisoned("found a command Right under the name chosen", Told.RIGHT.schedule("chosen", new Told.Right("k")));
        poisoned("expected one of them", COMPLETE, new Effect.Park("no"));
    }

    private static void poisoned(String error, Effect... effects) {
        var scenario = begun((told, word) -> onStart(word, effects)).expectParked(ParkReason.POISON);
        assertThat(scenario.instance().parked().error()).contains(error);
        assertThat(commandIds(scenario)).isEmpty();
    }

    @Test
    void isToldAgainWhatItThrewAt() {
        var isBroken = new AtomicBoolean(true);
        var scenario = begun((told, word) -> {
            if (isBroken.get() && !word.equals("Started")) {
                throw new IllegalStateException("a bug");
            }
            return onStart(word, Told.left(), TIMER);
        });

        scenario.expectSend("left")
                .reply(new Chosen("k", 1))
                .expectParked(ParkReason.POISON)
                .given(new Chosen("k", 2))
                .given(new Cancelled("k"));
        isBroken.set(false);
        scenario.operator(Verb.RETRY).expectStatus(Status.COMPENSATING);

        assertThat(told(scenario))
                .containsExactly(
                        "Started",
                        "left did: Chosen[id=k, number=1]",
                        "chosen came: Chosen[id=k, number=2]",
                        "back: cancelled");
    }

    private static SagaScenario asking() {
        return begun((told, word) -> word.equals("left unknown")
                        ? List.of(new Effect.Park("who knows?"))
                        : onStart(word, Told.left()))
                .expectSend("left")
                .noReply()
                .advance(Duration.ofMinutes(10))
                .expectParked(ParkReason.ASKED);
    }

    @Test
    void asksAnOperatorAndIsToldThatItMayGoOn() {
        var retried = asking().operator(Verb.RETRY).expectStatus(Status.RUNNING);

        assertThat(told(retried)).endsWith("Retried");
    }

    @Test
    void isToldThatItMayGoOnAlsoWhenItThrewAtThatBefore() {
        var isBroken = new AtomicBoolean(true);
        var scenario = begun((told, word) -> {
            if (isBroken.get() && word.equals("Retried")) {
                throw new IllegalStateException("a bug");
            }
            return onStart(word, new Effect.Park("look"));
        });

        scenario.expectParked(ParkReason.ASKED).operator(Verb.RETRY).expectParked(ParkReason.POISON);
        isBroken.set(false);
        scenario.operator(Verb.RETRY).expectStatus(Status.RUNNING);

        assertThat(told(scenario)).containsExactly("Started", "Retried");
    }

    @Test
    void anOperatorSettlesACommandByItsName() {
        var skipped = asking().operator(Verb.SKIP, "left").expectStatus(Status.RUNNING);
        var resolved = asking();
        resolved.scenario().operator(Verb.RESOLVE, "left", Mapping.tree(new Chosen("k", 5)));

        assertThat(told(skipped)).endsWith("left refused: skipped");
        assertThat(told(resolved)).endsWith("left did: Chosen[id=k, number=5]");
        resolved.expectStep("left", StepStatus.SUCCEEDED).expectStatus(Status.RUNNING);
        assertThatThrownBy(() -> asking().operator(Verb.RETRY_FRESH, "left"))
                .isInstanceOfSatisfying(
                        Failure.class, refused -> assertThat(refused.kind()).isEqualTo(Failure.Kind.WRONG_STATUS));
    }

    @Test
    void anOperatorHasACommandSentAgainThatIsUnderWay() {
        var scenario = begun((told, word) ->
                        word.startsWith("chosen") ? List.of(new Effect.Park("look")) : onStart(word, Told.left()))
                .expectSend("left");
        scenario.given(new Chosen("k", 1))
                .operator(Verb.RETRY, "left")
                .expectSend("left", new Left("k"))
                .given(new Chosen("k", 1))
                .operator(Verb.RETRY_FRESH, "left")
                .expectSend("left", new Left("k"));

        var ids = commandIds(scenario);
        assertThat(ids).hasSize(3);
        assertThat(ids.get(1)).isEqualTo(ids.get(0)).isNotEqualTo(ids.get(2));
    }

    @Test
    void theFirstOfTwoWinsAndTheOtherIsLetGo() {
        SagaScenario.of(Race.SAGA.definition())
                .given(new Race.Began("k"))
                .expectSend("left", new Race.Book("k", "left"))
                .expectSend("right", new Race.Book("k", "right"))
                .reply()
                .on("left")
                .reply()
                .expectSend("release-left", new Race.Release("k", "left"))
                .reply()
                .expectStatus(Status.COMPLETED);
    }

    @Test
    void holdsTheInvariants() {
        SagaFuzz.of(Race.SAGA.definition())
                .event(new Race.Began("k"))
                .event(new Race.Cancelled("k"))
                .event(new Race.Hurried("k"))
                .run(new Random().nextLong(), 100);
    }

    @Test
    void refusesWhatIsNoMachine() {
        refused(() -> Told.started().machine(IDLE).build(), "found 0 steps");
        refused(() -> Told.started().sleep("rest", MINUTE).machine(IDLE), "found steps before a machine");
        refused(
                () -> Told.started()
                        .machine(IDLE)
                        .sends("a", Told.LEFT)
                        .sends("a", Told.RIGHT)
                        .build(),
                "found 'a' a second time");
        refused(
                () -> Told.started()
                        .machine(IDLE)
                        .on("start", Chosen.class, Chosen::id)
                        .build(),
                "neither start nor cancel");
        assertThatThrownBy(() -> new Effect.SetTimer("No Name", MINUTE)).hasMessageContaining("'No Name'");
    }

    private static void refused(Runnable building, String problem) {
        assertThatThrownBy(building::run).hasMessageContaining(problem);
    }

    @Test
    void isDrawnWithAllItMaySendAndHears() {
        assertThat(Diagram.of(Race.SAGA.definition().structure()))
                .contains("s_left[/\"left<br/>Book\"\\]", "s_hurried(\"hurried<br/>awaits Hurried\")");
    }
}
