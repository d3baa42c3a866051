package dev.sluice.saga.machine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
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
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Sagas for tests of the machine: put together from steps, with code that counts and writes down. */
final class Made implements SagaCode {
    static final Retry TWICE = new Retry(Duration.ofMillis(200), 2, Duration.ofSeconds(10), 0.2, 2, null);

    private final BooleanSupplier isThrowing;

    private Made(BooleanSupplier isThrowing) {
        this.isThrowing = isThrowing;
    }

    /** Code that throws now and then. */
    static SagaCode throwingIf(BooleanSupplier isThrowing) {
        return new Made(isThrowing);
    }

    static Step step(String name) {
        return new Step(
                name, Step.Kind.COMPENSATABLE, false, false, send(name), send("undo-" + name), null, null, null);
    }

    static Step probed(String name) {
        return new Step(
                name,
                Step.Kind.COMPENSATABLE,
                false,
                false,
                send(name),
                send("undo-" + name),
                send("probe-" + name),
                null,
                null);
    }

    static Step pivot(String name) {
        return new Step(name, Step.Kind.PIVOT, false, false, send(name), null, null, null, null);
    }

    static Step retriable(String name) {
        return new Step(name, Step.Kind.RETRIABLE, false, false, send(name), null, null, null, null);
    }

    static Step await(String name, String event, @Nullable Duration timeout) {
        var await = new Step.Await(new Trigger(name, event), timeout);
        return new Step(name, Step.Kind.AWAIT, false, false, null, null, null, await, null);
    }

    static Step sleep(String name, Duration duration) {
        return new Step(name, Step.Kind.SLEEP, false, false, null, null, null, null, duration);
    }

    private static Send send(String type) {
        return new Send(
                type,
                Send.Target.STREAM,
                type.startsWith("undo") ? List.of() : List.of("Done"),
                List.of("Refused"),
                Duration.ofSeconds(30),
                TWICE);
    }

    static SagaDefinition saga(Step... steps) {
        var stages = new ArrayList<List<Step>>();
        for (var step : steps) {
            stages.add(List.of(step));
        }
        return saga(stages, false);
    }

    static SagaDefinition saga(List<List<Step>> stages, boolean publishes) {
        return new SagaDefinition(
                new Structure(
                        "made",
                        1,
                        new Trigger("start", "Started"),
                        List.of(new Trigger("cancel", "Cancelled")),
                        Duration.ofMinutes(10),
                        false,
                        Structure.STUCK_AFTER,
                        Structure.HOLD_EARLY,
                        null,
                        stages,
                        publishes,
                        publishes,
                        Map.of()),
                new Made(() -> false));
    }

    /** Of up to seven steps of all kinds. */
    static SagaDefinition random(Random random) {
        var stages = new ArrayList<List<Step>>();
        int count = 0;
        boolean isForwardOnly = false;
        for (int i = random.nextInt(5) + 1; i > 0; i--) {
            var stage = new ArrayList<Step>();
            if (!isForwardOnly && random.nextInt(5) == 0) {
                isForwardOnly = true;
                stage.add(random.nextBoolean() ? pivot("s" + count++) : retriable("s" + count++));
            } else if (isForwardOnly) {
                stage.add(random.nextInt(4) == 0 ? waiting(random, "s" + count++) : retriable("s" + count++));
            } else {
                for (int k = random.nextInt(3) == 0 ? 3 : 1; k > 0; k--) {
                    stage.add(one(random, "s" + count++));
                }
            }
            stages.add(stage);
        }
        return saga(stages, random.nextBoolean());
    }

    private static Step one(Random random, String name) {
        var step = step(name);
        return switch (random.nextInt(7)) {
            case 0 -> probed(name);
            case 1 -> new Step(name, step.kind(), true, false, step.send(), step.undo(), null, null, null);
            case 2 -> new Step(name, step.kind(), false, true, step.send(), null, null, null, null);
            case 3 -> waiting(random, name);
            default -> step;
        };
    }

    private static Step waiting(Random random, String name) {
        return random.nextBoolean()
                ? sleep(name, Duration.ofSeconds(5))
                : await(name, "Came" + random.nextInt(2), random.nextBoolean() ? Duration.ofSeconds(20) : null);
    }

    @Override
    public @Nullable String key(Trigger trigger, ReceivedEvent event) {
        return event.data().path("key").asText("k");
    }

    @Override
    public JsonNode begin(ReceivedEvent event) {
        check();
        return JsonNodeFactory.instance.objectNode().put("rate", 1.10).put("count", 1L << 40);
    }

    private void check() {
        if (isThrowing.getAsBoolean()) {
            throw new IllegalStateException("thrown on purpose");
        }
    }

    @Override
    public boolean applies(Step step, JsonNode state) {
        return state.size() % 2 == 0;
    }

    @Override
    public Outgoing command(Step step, JsonNode state) {
        check();
        return new Outgoing("to-" + step.name(), state);
    }

    @Override
    public Outgoing undo(Step step, JsonNode state, @Nullable JsonNode reply) {
        return new Outgoing("to-" + step.name(), reply == null ? JsonNodeFactory.instance.nullNode() : reply);
    }

    @Override
    public Outgoing probe(Step step, JsonNode state) {
        return command(step, state);
    }

    @Override
    public JsonNode replied(Step step, JsonNode state, String type, JsonNode reply) {
        if (!type.equals("Done")) {
            throw new IllegalArgumentException("found a reply of type " + type);
        }
        return ((ObjectNode) state).deepCopy().put(step.name(), type);
    }

    @Override
    public JsonNode received(Step step, JsonNode state, ReceivedEvent event) {
        return ((ObjectNode) state).deepCopy().put(step.name(), event.id());
    }

    @Override
    public Publication publication(boolean isCompensated, JsonNode state) {
        return new Publication("made-k", isCompensated ? "MadeUndone" : "MadeDone", state);
    }
}
