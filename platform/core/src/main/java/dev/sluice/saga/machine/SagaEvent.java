package dev.sluice.saga.machine;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.saga.definition.ReceivedEvent;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What happened to an instance: an event of its stream, named as the record is. All that a fold needs is in it. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface SagaEvent {
    /** @param deadlineMillis since 1970 UTC */
    record SagaStarted(
            int version,
            String hash,
            ReceivedEvent event,
            @Nullable Long deadlineMillis) implements SagaEvent {}

    /**
     * As many go as may: it has to wait.
     *
     * @param turn its place among those that wait; the lowest goes first
     */
    record SagaPending(long turn) implements SagaEvent {}

    /** Its turn has come. */
    record SagaAdmitted() implements SagaEvent {}

    /** The state as the definition's code made it. */
    record StateBegun(JsonNode state) implements SagaEvent {}

    /** The state as a machine's code left it. */
    record StateChanged(JsonNode state) implements SagaEvent {}

    /** Of a machine: one of this name that has not fired yet is no more. */
    record TimerSet(String timer, long dueMillis) implements SagaEvent {}

    record TimerCancelled(String timer) implements SagaEvent {}

    record TimerFired(String timer) implements SagaEvent {}

    /** @param order of steps: the first that began has 1; that of the step for its undo */
    record StepScheduled(
            String step,
            Direction direction,
            int order,
            int epoch,
            String commandId,
            String to,
            String type,
            JsonNode data,
            long timeoutMillis)
            implements SagaEvent {}

    /** A step that sends nothing. */
    record StepWaiting(String step, int order, @Nullable Long untilMillis) implements SagaEvent {}

    /** The mesh let nothing through; no attempt is used up. */
    record StepDeferred(String step, String reason, long untilMillis) implements SagaEvent {}

    record AttemptFailed(String step, Direction direction, int attempt, String error, long retryAtMillis)
            implements SagaEvent {}

    record AttemptStarted(String step, Direction direction, int attempt) implements SagaEvent {}

    /** @param position of the event that a waiting step got */
    record StepSucceeded(
            String step,
            String type,
            JsonNode reply,
            JsonNode state,
            @Nullable String position) implements SagaEvent {}

    record StepRejected(String step, String code, String message) implements SagaEvent {}

    record StepUnknown(String step, String error) implements SagaEvent {}

    record StepSkipped(String step, String reason) implements SagaEvent {}

    record UndoSucceeded(String step) implements SagaEvent {}

    record UndoFailed(String step, String error) implements SagaEvent {}

    record EventHeld(String trigger, ReceivedEvent event) implements SagaEvent {}

    record EventIgnored(String position, String type, String reason) implements SagaEvent {}

    /** A held event is taken up, or let go. */
    record EventReleased(String trigger, String position) implements SagaEvent {}

    record ReplyHeld(Input.Replied reply) implements SagaEvent {}

    record ReplyIgnored(String step, Direction direction, int epoch, String reason) implements SagaEvent {}

    record CompensationStarted(String reason, String detail) implements SagaEvent {}

    record CancelRefused(String position, String reason) implements SagaEvent {}

    /** Too late to turn back. */
    record DeadlinePassed() implements SagaEvent {}

    record SagaParked(ParkReason reason, @Nullable String step, Direction direction, String error)
            implements SagaEvent {}

    record OperatorActed(
            String id,
            Input.Verb verb,
            String actor,
            String reason,
            @Nullable String step) implements SagaEvent {}

    /** Goes on where it was parked. */
    record SagaUnparked() implements SagaEvent {}

    record SagaCompleted() implements SagaEvent {}

    record SagaCompensated() implements SagaEvent {}

    /** @param effects steps whose effects are, or may be, still in force */
    record SagaFailed(String reason, List<String> effects) implements SagaEvent {}
}
