package dev.sluice.testing;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Send;
import dev.sluice.saga.machine.Direction;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Outcome;
import dev.sluice.saga.machine.Status;
import dev.sluice.saga.machine.StepStatus;
import dev.sluice.saga.scenario.Trial;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** The participants: each keeps a ledger of what it has done, remembers its answers, and may lose them. */
final class FuzzedWorld {
    private final SagaFuzz fuzz;
    private final SagaDefinition definition;
    private final Random random;
    private final Map<String, Outcome> answers = new HashMap<>();
    /** Effects in force, by step. */
    private final Map<String, Integer> ledger = new HashMap<>();

    private boolean isByHand;

    FuzzedWorld(SagaFuzz fuzz, SagaDefinition definition, Random random) {
        this.fuzz = fuzz;
        this.definition = definition;
        this.random = random;
    }

    /** An operator took something for done, or had it done anew: the ledger is theirs to set right. */
    void operated(Input.Verb verb, boolean wasParked) {
        isByHand |= wasParked
                && (verb == Input.Verb.SKIP
                        || verb == Input.Verb.RESOLVE
                        || verb == Input.Verb.RETRY_FRESH
                        || verb == Input.Verb.COMPENSATE);
        isByHand |= verb == Input.Verb.COMPENSATE;
    }

    Input.Replied answer(Instance.Due due) {
        return replied(
                due,
                switch (random.nextInt(8)) {
                    case 0 -> new Outcome.Unknown("no answer, and nothing done");
                    case 1 -> {
                        outcome(due, random.nextInt(3) == 0);
                        yield new Outcome.Unknown("the answer was lost");
                    }
                    case 2 -> new Outcome.Deferred("breaker open", random.nextInt(5_000));
                    default -> outcome(due, random.nextInt(5) == 0);
                });
    }

    Input.Replied kindAnswer(Instance.Due due) {
        return replied(due, outcome(due, false));
    }

    private static Input.Replied replied(Instance.Due due, Outcome outcome) {
        var sending = due.sending();
        return new Input.Replied(due.step(), sending.direction(), sending.epoch(), due.attempt(), outcome);
    }

    /** What the participant makes of a command: the same for each attempt. */
    private Outcome outcome(Instance.Due due, boolean isRefused) {
        var direction = due.sending().direction();
        if (direction == Direction.PROBE) {
            return ledger.getOrDefault(due.step(), 0) > 0 ? success(due, direction) : new Outcome.Rejected("none", "");
        }
        if (direction == Direction.UNDO && isRefused) {
            return new Outcome.Rejected("locked", "not now");
        }
        return answers.computeIfAbsent(due.sending().commandId(), first -> {
            if (isRefused && direction == Direction.FORWARD) {
                return new Outcome.Rejected("refused", "on purpose");
            }
            ledger.merge(due.step(), direction == Direction.UNDO ? -1 : 1, Integer::sum);
            if (direction == Direction.UNDO) {
                ledger.put(due.step(), 0);
            }
            return success(due, direction);
        });
    }

    private Outcome.Succeeded success(Instance.Due due, Direction direction) {
        var step = definition.structure().step(due.step());
        @Nullable
        Send send = step == null
                ? null
                : direction == Direction.UNDO ? step.undo() : direction == Direction.PROBE ? step.probe() : step.send();
        String type =
                send == null || send.replies().isEmpty() ? "" : send.replies().get(0);
        return new Outcome.Succeeded(
                type, direction == Direction.UNDO ? JsonNodeFactory.instance.objectNode() : fuzz.replyOf(due.step()));
    }

    /** COMPLETED: done once; COMPENSATED: nothing left that can be undone. What a machine leaves is its own affair. */
    void checkLedger(Trial trial) {
        var instance = trial.instance();
        if (isByHand || definition.isMachine()) {
            return;
        }
        for (var step : definition.structure().steps()) {
            int done = ledger.getOrDefault(step.name(), 0);
            if (instance.status() == Status.COMPLETED && step.send() != null) {
                int expected = instance.step(step.name()).status() == StepStatus.SUCCEEDED ? 1 : 0;
                SagaLaws.demand(done == expected, "I36", "COMPLETED with " + done + " of " + step.name());
            }
            if (instance.status() == Status.COMPENSATED && step.undo() != null) {
                SagaLaws.demand(done == 0, "I36", "COMPENSATED with " + done + " of " + step.name());
            }
        }
    }
}
