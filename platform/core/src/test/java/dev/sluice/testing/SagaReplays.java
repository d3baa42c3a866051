package dev.sluice.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.log.Log;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Trigger;
import dev.sluice.saga.machine.Direction;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Machine;
import dev.sluice.saga.machine.Outcome;
import dev.sluice.saga.machine.ParkReason;
import dev.sluice.saga.machine.Reaction;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.machine.SagaJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * I10 after the fact: an input that the log tells of is given once more to the instance as it was then, and to the code of its definition, at the time
 * of then. It comes to the same events as in the process that has been killed since. What the log does not tell is the answer that was ignored, and of
 * an answer that was none, whether the mesh had let the command through.
 */
final class SagaReplays {
    private final Log log;

    SagaReplays(Log log) {
        this.log = log;
    }

    /**
     * Null when all is well, or the log does not tell the input.
     *
     * @param events of one cause and time; the first of them those of the reaction
     */
    @Nullable
    String problem(SagaDefinition definition, Instance before, List<SagaEvent> events, String cause, long nowMicros) {
        var again = again(definition, before, events, cause, nowMicros);
        if (again == null) {
            return null;
        }
        var found = again.events().stream().map(SagaReplays::text).toList();
        var recorded = events.stream().map(SagaReplays::text).toList();
        boolean isSame = !found.isEmpty()
                && found.size() <= recorded.size()
                && recorded.subList(0, found.size()).equals(found);
        return isSame ? null : "recorded " + recorded + ", made again " + found;
    }

    private @Nullable Reaction again(
            SagaDefinition definition, Instance before, List<SagaEvent> events, String cause, long nowMicros) {
        if (events.get(0) instanceof SagaEvent.SagaStarted it) {
            Long turn =
                    events.size() > 1 && events.get(1) instanceof SagaEvent.SagaPending pending ? pending.turn() : null;
            return Machine.begin(definition, before.key(), before.run(), it.event(), turn, nowMicros);
        }
        boolean isGivenUp = events.stream()
                .anyMatch(event -> event instanceof SagaEvent.SagaParked it
                        && it.reason() == ParkReason.POISON
                        && it.error().startsWith("the process ended"));
        var input = isGivenUp ? null : input(definition, before, events, cause);
        return input == null ? null : Machine.react(definition, before, input, nowMicros);
    }

    private @Nullable Input input(SagaDefinition definition, Instance before, List<SagaEvent> events, String cause) {
        var first = events.get(0);
        var timer =
                before.armed().stream().filter(each -> each.id().equals(cause)).findFirst();
        if (timer.isPresent()) {
            return new Input.TimerFired(cause, timer.get().dueMillis());
        } else if (first instanceof SagaEvent.SagaAdmitted) {
            return new Input.Admit();
        } else if (first instanceof SagaEvent.OperatorActed it) {
            var reply = events.stream()
                    .filter(event -> event instanceof SagaEvent.StepSucceeded done
                            && done.step().equals(it.step()))
                    .map(event -> ((SagaEvent.StepSucceeded) event).reply())
                    .findFirst();
            return new Input.OperatorAction(it.id(), it.verb(), it.actor(), it.reason(), it.step(), reply.orElse(null));
        } else if (first instanceof SagaEvent.EventHeld it) {
            return new Input.EventReceived(it.trigger(), it.event());
        }
        String position = SagaLaws.position(first);
        return position == null ? reply(before, first) : event(definition, first, position);
    }

    private Input event(SagaDefinition definition, SagaEvent first, String position) {
        var event = received(Objects.requireNonNull(log.event(Position.parse(position)), position));
        var structure = definition.structure();
        String trigger = first instanceof SagaEvent.StepSucceeded it
                ? it.step()
                : Stream.concat(
                                Stream.concat(Stream.of(structure.start()), structure.cancels().stream()),
                                structure.steps().stream()
                                        .filter(step -> step.await() != null)
                                        .map(step -> step.await().trigger()))
                        .filter(each -> each.event().equals(event.type()))
                        .map(Trigger::id)
                        .findFirst()
                        .orElseThrow();
        return new Input.EventReceived(trigger, event);
    }

    private static ReceivedEvent received(RecordedEvent event) {
        return new ReceivedEvent(
                event.position().toString(),
                event.id(),
                event.type(),
                event.stream(),
                event.timeMicros(),
                read(event.data()),
                event.attributes().get("correlationid") instanceof String text ? text : null);
    }

    private static @Nullable Input reply(Instance before, SagaEvent first) {
        if (first instanceof SagaEvent.ReplyHeld it) {
            return it.reply();
        } else if (first instanceof SagaEvent.StepSucceeded it) {
            return reply(before, it.step(), new Outcome.Succeeded(it.type(), it.reply()));
        } else if (first instanceof SagaEvent.StepRejected it && !isProbed(before, it.step())) {
            return reply(before, it.step(), new Outcome.Rejected(it.code(), it.message()));
        } else if (first instanceof SagaEvent.UndoSucceeded it) {
            return reply(before, it.step(), new Outcome.Succeeded("", JsonNodeFactory.instance.objectNode()));
        } else if (first instanceof SagaEvent.AttemptFailed it) {
            return reply(before, it.step(), new Outcome.Unknown(it.error()));
        }
        return null;
    }

    /** What a probe says of a step is recorded in other words. */
    private static boolean isProbed(Instance before, String step) {
        var sending = before.step(step).sending();
        return sending != null && sending.direction() == Direction.PROBE;
    }

    /** Whatever waits for an answer gets it; a late one is of the way forward. */
    private static Input reply(Instance before, String step, Outcome outcome) {
        var state = before.step(step);
        var sending = state.sending();
        return sending == null
                ? new Input.Replied(step, Direction.FORWARD, state.epoch(Direction.FORWARD), 0, outcome)
                : new Input.Replied(step, sending.direction(), sending.epoch(), state.attempt(), outcome);
    }

    /** As it is written: a number has no type then. */
    private static String text(SagaEvent event) {
        return SagaJson.type(event) + read(SagaJson.bytes(event));
    }

    private static JsonNode read(byte[] json) {
        try {
            return SagaJson.MAPPER.readTree(json);
        } catch (IOException torn) {
            throw new UncheckedIOException(torn);
        }
    }
}
