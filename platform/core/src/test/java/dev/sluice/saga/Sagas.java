package dev.sluice.saga;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.saga.definition.Outgoing;
import dev.sluice.saga.definition.Publication;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.Retry;
import dev.sluice.saga.definition.SagaCode;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Send;
import dev.sluice.saga.definition.Step;
import dev.sluice.saga.definition.Structure;
import dev.sluice.saga.definition.Trigger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Sagas for tests: a step NAME sends NAME to bus:NAME and takes the key of its events from {@code data.id}. */
final class Sagas {
    private static final Retry QUICK = new Retry(Duration.ofMillis(20), 2, Duration.ofMillis(100), 0.2, 3, null);

    private final String name;
    private final int version;
    private final List<List<Step>> stages = new ArrayList<>();
    private Duration timeout = Duration.ofMillis(200);
    private Duration patience = Duration.ofHours(1);
    private Runnable death = () -> {
        throw new InternalError("the process dies of it");
    };
    private @Nullable Duration within;
    private boolean isHealed;
    private boolean restart;
    private @Nullable Integer maxRunning;
    private boolean publishes;

    private Sagas(String name, int version) {
        this.name = name;
        this.version = version;
    }

    static Sagas of(String name, int version) {
        return new Sagas(name, version);
    }

    Sagas step(String step) {
        stages.add(List.of(compensatable(step)));
        return this;
    }

    Sagas parallel(String... steps) {
        stages.add(java.util.Arrays.stream(steps).map(this::compensatable).toList());
        return this;
    }

    private Step compensatable(String step) {
        return new Step(
                step,
                Step.Kind.COMPENSATABLE,
                false,
                false,
                send(step, QUICK),
                send("un" + step, patient()),
                null,
                null,
                null);
    }

    /** A step of the aggregates {@code shelf-N}. */
    Sagas shelf(String command, String undo) {
        stages.add(List.of(new Step(
                command,
                Step.Kind.COMPENSATABLE,
                false,
                false,
                new Send(command, Send.Target.STREAM, List.of(), List.of(), timeout, QUICK),
                new Send(undo, Send.Target.STREAM, List.of(), List.of(), timeout, patient()),
                null,
                null,
                null)));
        return this;
    }

    Sagas pivot(String step) {
        stages.add(
                List.of(new Step(step, Step.Kind.PIVOT, false, false, send(step, patient()), null, null, null, null)));
        return this;
    }

    /** A pivot that waits for an operator when it was not answered a few times. */
    Sagas doubtful(String step) {
        stages.add(List.of(new Step(step, Step.Kind.PIVOT, false, false, send(step, QUICK), null, null, null, null)));
        return this;
    }

    Sagas retriable(String step) {
        stages.add(List.of(
                new Step(step, Step.Kind.RETRIABLE, false, false, send(step, patient()), null, null, null, null)));
        return this;
    }

    Sagas await(String step, String event, @Nullable Duration timeout) {
        stages.add(List.of(new Step(
                step,
                Step.Kind.AWAIT,
                false,
                false,
                null,
                null,
                null,
                new Step.Await(new Trigger(step, event), timeout),
                null)));
        return this;
    }

    Sagas sleep(String step, Duration time) {
        stages.add(List.of(new Step(step, Step.Kind.SLEEP, false, false, null, null, null, null, time)));
        return this;
    }

    Sagas restart() {
        restart = true;
        return this;
    }

    Sagas maxRunning(int instances) {
        maxRunning = instances;
        return this;
    }

    Sagas publishing() {
        publishes = true;
        return this;
    }

    Sagas within(Duration time) {
        within = time;
        return this;
    }

    Sagas timeout(Duration time) {
        timeout = time;
        return this;
    }

    /** How long undos, and what cannot be undone, are tried before an operator is asked. */
    Sagas patience(Duration time) {
        patience = time;
        return this;
    }

    /** What happens when an instance begins whose event says that the process dies of it. */
    Sagas dyingBy(Runnable end) {
        death = end;
        return this;
    }

    /** Tells also the keys that are poison for others. */
    Sagas healed() {
        return healed(true);
    }

    Sagas healed(boolean isSo) {
        isHealed = isSo;
        return this;
    }

    private Retry patient() {
        return new Retry(Duration.ofMillis(20), 2, Duration.ofMillis(100), 0.2, 0, patience);
    }

    private Send send(String type, Retry retry) {
        return new Send(type, Send.Target.BUS, List.of(), List.of(), timeout, retry);
    }

    SagaDefinition build() {
        var structure = new Structure(
                name,
                version,
                new Trigger("start", "Began"),
                List.of(new Trigger("cancel", "Cancelled")),
                within,
                restart,
                Structure.STUCK_AFTER,
                Duration.ofMillis(500),
                maxRunning,
                stages,
                publishes,
                publishes,
                Map.of());
        return new SagaDefinition(structure, new Code(death, isHealed));
    }

    private record Code(Runnable death, boolean isHealed) implements SagaCode {
        @Override
        public @Nullable String key(Trigger trigger, ReceivedEvent event) {
            var poison = event.data().path("poison");
            if (!isHealed && (poison.asBoolean() || trigger.id().equals(poison.textValue()))) {
                throw new IllegalStateException("poison");
            }
            return event.data().path("id").textValue();
        }

        @Override
        public JsonNode begin(ReceivedEvent event) {
            if (event.data().path("dies").asBoolean()) {
                death.run();
            }
            if (event.data().path("sick").asBoolean()) {
                throw new IllegalStateException("sick");
            }
            return event.data();
        }

        @Override
        public boolean applies(Step step, JsonNode state) {
            return true;
        }

        @Override
        public Outgoing command(Step step, JsonNode state) {
            if (state.path("diesInStep").asBoolean()) {
                death.run();
            }
            return outgoing(step, state);
        }

        @Override
        public Outgoing undo(Step step, JsonNode state, @Nullable JsonNode reply) {
            return outgoing(step, state);
        }

        private static Outgoing outgoing(Step step, JsonNode state) {
            var send = step.send();
            if (send == null || send.target() != Send.Target.STREAM) {
                return new Outgoing("bus:" + step.name(), state);
            }
            var id = state.path("id");
            return new Outgoing(
                    Shelf.streamOf(id.textValue()),
                    Json.MAPPER.createObjectNode().set("id", id));
        }

        @Override
        public Outgoing probe(Step step, JsonNode state) {
            return new Outgoing("bus:" + step.name(), state);
        }

        @Override
        public JsonNode replied(Step step, JsonNode state, String type, JsonNode reply) {
            return ((ObjectNode) state.deepCopy()).put(step.name(), type);
        }

        @Override
        public JsonNode received(Step step, JsonNode state, ReceivedEvent event) {
            return ((ObjectNode) state.deepCopy()).put(step.name(), event.id());
        }

        @Override
        public Publication publication(boolean isCompensated, JsonNode state) {
            return new Publication(
                    "ended-" + state.path("id").textValue(), isCompensated ? "TurnedBack" : "WentThrough", state);
        }
    }
}
