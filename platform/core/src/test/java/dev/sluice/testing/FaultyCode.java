package dev.sluice.testing;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.saga.definition.Happened;
import dev.sluice.saga.definition.Moved;
import dev.sluice.saga.definition.Outgoing;
import dev.sluice.saga.definition.Publication;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.SagaCode;
import dev.sluice.saga.definition.Step;
import dev.sluice.saga.definition.Trigger;
import org.jspecify.annotations.Nullable;

/** The code of a saga that throws when it is told to. */
final class FaultyCode implements SagaCode {
    boolean isThrowing;

    private final SagaCode code;

    FaultyCode(SagaCode code) {
        this.code = code;
    }

    /** Thrown on purpose. */
    static final class Called extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        Called() {
            super("thrown on purpose");
        }
    }

    private SagaCode code() {
        if (isThrowing) {
            throw new Called();
        }
        return code;
    }

    @Override
    public @Nullable String key(Trigger trigger, ReceivedEvent event) {
        return code().key(trigger, event);
    }

    @Override
    public JsonNode begin(ReceivedEvent event) {
        return code().begin(event);
    }

    @Override
    public boolean applies(Step step, JsonNode state) {
        return code().applies(step, state);
    }

    @Override
    public Outgoing command(Step step, JsonNode state) {
        return code().command(step, state);
    }

    @Override
    public Outgoing undo(Step step, JsonNode state, @Nullable JsonNode reply) {
        return code().undo(step, state, reply);
    }

    @Override
    public Outgoing probe(Step step, JsonNode state) {
        return code().probe(step, state);
    }

    @Override
    public JsonNode replied(Step step, JsonNode state, String type, JsonNode reply) {
        return code().replied(step, state, type, reply);
    }

    @Override
    public JsonNode received(Step step, JsonNode state, ReceivedEvent event) {
        return code().received(step, state, event);
    }

    @Override
    public Publication publication(boolean isCompensated, JsonNode state) {
        return code().publication(isCompensated, state);
    }

    @Override
    public Moved moved(JsonNode state, Happened happened) {
        return code().moved(state, happened);
    }
}
