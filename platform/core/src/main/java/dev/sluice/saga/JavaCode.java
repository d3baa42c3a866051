package dev.sluice.saga;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.saga.definition.Happened;
import dev.sluice.saga.definition.Moved;
import dev.sluice.saga.definition.Outgoing;
import dev.sluice.saga.definition.Publication;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.SagaCode;
import dev.sluice.saga.definition.Step;
import dev.sluice.saga.definition.Trigger;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The functions of a {@link Saga} over JSON. */
record JavaCode<S>(
        Class<S> state,
        Map<String, Function<JsonNode, String>> keys,
        Function<JsonNode, S> begin,
        Map<String, StepCode<S, ?>> steps,
        Map<String, BiFunction<S, JsonNode, S>> awaits,
        @Nullable Function<S, Publication> completed,
        @Nullable Function<S, Publication> compensated,
        @Nullable MachineCode<S> machine)
        implements SagaCode {
    @Override
    public @Nullable String key(Trigger trigger, ReceivedEvent event) {
        return of(keys, trigger.id()).apply(event.data());
    }

    @Override
    public JsonNode begin(ReceivedEvent event) {
        return Mapping.tree(begin.apply(event.data()));
    }

    @Override
    public boolean applies(Step step, JsonNode json) {
        var when = of(steps, step.name()).when();
        return when == null || when.test(read(json));
    }

    @Override
    public Outgoing command(Step step, JsonNode json) {
        return of(steps, step.name()).command().apply(read(json));
    }

    @Override
    public Outgoing undo(Step step, JsonNode json, @Nullable JsonNode reply) {
        return of(steps, step.name()).undone(read(json), reply);
    }

    @Override
    public Outgoing probe(Step step, JsonNode json) {
        var probe = of(steps, step.name()).probe();
        return Objects.requireNonNull(probe, "only what has a probe is probed").apply(read(json));
    }

    @Override
    public JsonNode replied(Step step, JsonNode json, String type, JsonNode reply) {
        return machine != null ? json : Mapping.tree(of(steps, step.name()).replied(read(json), reply));
    }

    @Override
    public JsonNode received(Step step, JsonNode json, ReceivedEvent event) {
        return machine != null ? json : Mapping.tree(of(awaits, step.name()).apply(read(json), event.data()));
    }

    @Override
    public Publication publication(boolean isCompensated, JsonNode json) {
        var publish = isCompensated ? compensated : completed;
        return Objects.requireNonNull(publish, "only what publishes is asked what")
                .apply(read(json));
    }

    @Override
    public Moved moved(JsonNode json, Happened happened) {
        return Objects.requireNonNull(machine, "only a machine is told").moved(json, read(json), happened);
    }

    private S read(JsonNode json) {
        return Mapping.state(json, state);
    }

    private static <T> T of(Map<String, T> functions, String name) {
        return Objects.requireNonNull(functions.get(name), name);
    }
}
