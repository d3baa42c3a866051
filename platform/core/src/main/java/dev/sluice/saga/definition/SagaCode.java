package dev.sluice.saga.definition;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * The functions of a saga: Java code or expressions. Pure and short, as they run in a write. Their results are recorded and they are
 * not called again for what is recorded; what they throw parks the instance. States and replies are JSON that nobody changes.
 */
public interface SagaCode {
    /** The key of the instance that an event is for, null when it is for none. */
    @Nullable
    String key(Trigger trigger, ReceivedEvent event);

    /** The state that an instance begins with. */
    JsonNode begin(ReceivedEvent event);

    /** Whether a conditional step runs. */
    boolean applies(Step step, JsonNode state);

    Outgoing command(Step step, JsonNode state);

    /** @param reply null when the outcome is unknown */
    Outgoing undo(Step step, JsonNode state, @Nullable JsonNode reply);

    Outgoing probe(Step step, JsonNode state);

    /** The state after a step has succeeded. */
    JsonNode replied(Step step, JsonNode state, String type, JsonNode reply);

    /** The state after the event that a step waited for. */
    JsonNode received(Step step, JsonNode state, ReceivedEvent event);

    /** What is published at the end of an instance whose structure says so. */
    Publication publication(boolean isCompensated, JsonNode state);

    /** What a machine makes of what happened; only those whose structure is a machine's are asked. */
    default Moved moved(JsonNode state, Happened happened) {
        throw new IllegalStateException("a saga of steps is no machine");
    }
}
