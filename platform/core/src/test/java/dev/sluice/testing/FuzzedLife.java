package dev.sluice.testing;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.log.Failure;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Trigger;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Reaction;
import dev.sluice.saga.machine.SagaJson;
import dev.sluice.saga.machine.Status;
import dev.sluice.saga.machine.StepStatus;
import dev.sluice.saga.scenario.Trial;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** The life of one instance in {@link SagaFuzz}: first in a world of faults, then in a kind one. */
final class FuzzedLife {
    private static final long START_MICROS = 1_767_225_600_000_000L;
    private static final int MAX_FAULTY = 80;
    /** Inputs after which every instance has ended, once faults have stopped. */
    private static final int MAX_KIND = 3_000;

    private final SagaFuzz fuzz;
    private final SagaDefinition definition;
    private final Random random;
    private final FaultyCode code;
    private final Trial trial;
    private final Replay replay;
    private final FuzzedWorld world;
    private final List<Input.Replied> answered = new ArrayList<>();
    private final List<Input.TimerFired> fired = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private long nowMicros = START_MICROS;
    private int received;
    private int acted;
    private boolean isKind;
    private Input.@Nullable OperatorAction lastAction;

    FuzzedLife(SagaFuzz fuzz, SagaDefinition definition, Random random) {
        this.fuzz = fuzz;
        this.random = random;
        code = new FaultyCode(definition.code());
        this.definition = new SagaDefinition(definition.structure(), code);
        trial = new Trial(this.definition);
        replay = new Replay(definition, code);
        world = new FuzzedWorld(fuzz, definition, random);
    }

    void live() {
        code.isThrowing = random.nextInt(20) == 0;
        Long turn = random.nextInt(4) == 0 ? 1L : null;
        trial.begin("k", 1, event(definition.structure().start()), turn, nowMicros);
        replay.follow(trial);
        for (int i = random.nextInt(MAX_FAULTY); i > 0; i--) {
            nowMicros += random.nextInt(4) == 0 ? random.nextInt(60_000_000) : random.nextInt(50_000);
            code.isThrowing = random.nextInt(25) == 0;
            faulty();
        }
        code.isThrowing = false;
        isKind = true;
        for (int i = 0; !trial.instance().status().isEnded(); i++) {
            SagaLaws.demand(i < MAX_KIND, "I37", "no end, though faults have stopped");
            kind();
        }
        world.checkLedger(trial);
    }

    /** What happened, an input a line. */
    String story() {
        return String.join("\n", told.subList(Math.max(0, told.size() - 60), told.size()));
    }

    private void faulty() {
        switch (random.nextInt(13)) {
            case 0, 1, 2, 3 -> any(trial.instance().outbox()).ifPresent(due -> answer(world.answer(due)));
            case 4, 5 -> any(trial.instance().armed()).ifPresent(this::fire);
            case 6 -> any(answered).ifPresent(late -> answer(repeated(late)));
            case 7 ->
                any(triggers()).ifPresent(trigger -> react(new Input.EventReceived(trigger.id(), event(trigger))));
            case 8 ->
                any(fired).ifPresent(stale -> {
                    if (trial.instance().armed().stream()
                            .noneMatch(
                                    timer -> timer.id().equals(stale.id()) && timer.dueMillis() == stale.dueMillis())) {
                        SagaLaws.demand(react(stale).events().isEmpty(), "I16", "a timer fired again");
                    }
                });
            case 9 -> react(new Input.Admit());
            case 10 -> act(any(List.of(Input.Verb.values())).orElseThrow());
            case 11 -> {
                if (trial.instance().status() == Status.PARKED) {
                    act(any(List.of(Input.Verb.values())).orElseThrow());
                }
            }
            default -> {
                if (lastAction != null && trial.instance().status() != Status.RUNNING) {
                    SagaLaws.demand(react(lastAction).events().isEmpty(), "I32", "an action acted twice");
                }
            }
        }
    }

    private Input.Replied repeated(Input.Replied late) {
        return random.nextBoolean()
                ? late
                : new Input.Replied(late.step(), late.direction(), late.epoch(), 0, late.outcome());
    }

    /** One input of a world without faults. */
    private void kind() {
        var instance = trial.instance();
        if (instance.status() == Status.PARKED) {
            for (var verb : List.of(Input.Verb.RESUME, Input.Verb.RETRY, Input.Verb.RESOLVE, Input.Verb.ABANDON)) {
                boolean isLast = verb == Input.Verb.RETRY && random.nextInt(4) == 0;
                if (!isLast && act(verb)) {
                    return;
                }
            }
        }
        if (instance.status() == Status.PENDING) {
            react(new Input.Admit());
            return;
        }
        if (!instance.outbox().isEmpty()) {
            answer(world.kindAnswer(any(instance.outbox()).orElseThrow()));
            return;
        }
        for (var step : definition.structure().steps()) {
            var await = step.await();
            if (await != null && instance.step(step.name()).status() == StepStatus.RUNNING) {
                react(new Input.EventReceived(await.trigger().id(), event(await.trigger())));
                return;
            }
        }
        fire(instance.armed().stream()
                .min((one, other) -> Long.compare(one.dueMillis(), other.dueMillis()))
                .orElseThrow(() -> new AssertionError("I33: nothing will ever happen: " + instance.status())));
    }

    private void answer(Input.Replied reply) {
        answered.add(reply);
        react(reply);
    }

    private void fire(Instance.Timer timer) {
        nowMicros = Math.max(nowMicros, timer.dueMillis() * 1_000);
        var input = new Input.TimerFired(timer.id(), timer.dueMillis());
        fired.add(input);
        react(input);
    }

    /** Whether it could be done. */
    private boolean act(Input.Verb verb) {
        acted++;
        var steps = new ArrayList<>(
                definition.structure().steps().stream().map(each -> each.name()).toList());
        steps.add("$publish");
        String step = random.nextInt(3) == 0 && !isKind ? any(steps).orElseThrow() : null;
        var reply = step == null ? null : fuzz.replyOf(step);
        var action = new Input.OperatorAction("action-" + acted, verb, "ann", "why not", step, reply);
        boolean wasParked = trial.instance().status() == Status.PARKED;
        try {
            react(action);
            lastAction = action;
            world.operated(verb, wasParked);
            return true;
        } catch (Failure refused) {
            SagaLaws.demand(refused.kind() == Failure.Kind.WRONG_STATUS, "an operator", refused.toString());
            return false;
        }
    }

    private Reaction react(Input input) {
        told.add(nowMicros / 1_000 + " " + (code.isThrowing ? "(throws) " : "") + shown(input));
        var reaction = trial.react(input, nowMicros);
        reaction.events()
                .forEach(event -> told.add("    " + SagaJson.type(event) + " "
                        + new String(SagaJson.bytes(event), java.nio.charset.StandardCharsets.UTF_8)));
        replay.follow(trial);
        return reaction;
    }

    private static String shown(Input input) {
        return input.getClass().getSimpleName() + " "
                + (input instanceof Input.EventReceived it ? it.trigger() : input.toString());
    }

    private List<Trigger> triggers() {
        var structure = definition.structure();
        var triggers = new ArrayList<>(structure.cancels());
        triggers.add(structure.start());
        structure.steps().forEach(step -> {
            if (step.await() != null) {
                triggers.add(step.await().trigger());
                triggers.add(step.await().trigger());
            }
        });
        return triggers;
    }

    private ReceivedEvent event(Trigger trigger) {
        received++;
        JsonNode data = fuzz.dataOf(trigger.event());
        return new ReceivedEvent("0:" + received, "e-" + received, trigger.event(), "s-1", nowMicros, data, null);
    }

    private <T> java.util.Optional<T> any(List<T> of) {
        return of.isEmpty() ? java.util.Optional.empty() : java.util.Optional.of(of.get(random.nextInt(of.size())));
    }
}
