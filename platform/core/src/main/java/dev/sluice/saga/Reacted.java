package dev.sluice.saga;

import dev.sluice.log.Failure;
import dev.sluice.log.Position;
import dev.sluice.saga.machine.Instance;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a write has changed, for those who act on it after its commit.
 *
 * @param sent rows of the outbox that came or have another attempt, by key, in order
 * @param unsent keys of rows of the outbox that went
 * @param armed keys of the rows of timers that came
 * @param disarmed keys of the rows of timers that went
 * @param answers to operators
 * @param counts of the sagas in the batch: instances by status
 * @param outcomes of steps, by saga and type of event
 * @param again dead letters of events that were tried again
 */
record Reacted(
        Map<String, Dispatch> sent,
        List<String> unsent,
        List<String> armed,
        List<String> disarmed,
        List<Answer> answers,
        Map<String, Map<String, Long>> counts,
        Map<Outcome, Integer> outcomes,
        List<Again> again) {
    /** An event is a dead letter again: {@code from} was tried, {@code letter} is the new one. */
    record Again(Position from, @Nullable InstanceId id, Position letter) {}

    /** Of one action: the instance after it, or why it was refused. */
    record Answer(
            Incoming.Acted to,
            @Nullable Instance instance,
            @Nullable Failure refusal) {
        void tell() {
            if (refusal != null) {
                to.answer().completeExceptionally(refusal);
            } else {
                to.answer().complete(instance);
            }
        }
    }

    /** What became of a step. */
    record Outcome(String saga, String type) {}
}
