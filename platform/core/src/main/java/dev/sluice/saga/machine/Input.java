package dev.sluice.saga.machine;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.saga.definition.ReceivedEvent;
import org.jspecify.annotations.Nullable;

/** What an instance reacts to. */
public sealed interface Input {
    /** @param trigger id of the trigger that the event's key was found by */
    record EventReceived(String trigger, ReceivedEvent event) implements Input {}

    /** Of what was sent for a step; {@code attempt} 0: a late answer of some attempt. */
    record Replied(String step, Direction direction, int epoch, int attempt, Outcome outcome) implements Input {}

    record TimerFired(String id, long dueMillis) implements Input {}

    /** A pending instance may go. */
    record Admit() implements Input {}

    /**
     * @param id acts once, however often it comes
     * @param step the parked one when null
     * @param reply of {@link Verb#RESOLVE}: what the step is to have been answered
     */
    record OperatorAction(
            String id,
            Verb verb,
            String actor,
            String reason,
            @Nullable String step,
            @Nullable JsonNode reply) implements Input {}

    /** What operators can do. */
    enum Verb {
        /** Sends the step again, under the same command id. */
        RETRY,
        /** Sends it under a new command id: participants take it for another command. */
        RETRY_FRESH,
        /** Takes the step, or its undo, for done. */
        RESOLVE,
        /** Leaves the step, or its undo, out. */
        SKIP,
        COMPENSATE,
        PAUSE,
        RESUME,
        /** Ends the instance as FAILED, with effects in force. */
        ABANDON
    }
}
