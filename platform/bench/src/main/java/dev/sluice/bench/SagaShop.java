package dev.sluice.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.command.Aggregate;
import dev.sluice.command.Decider;
import dev.sluice.command.Decision;
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
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The sagas that are measured, each begun by an event of its own with an order as its data, and the aggregates that take part. */
final class SagaShop {
    /** Four steps, each a command to an aggregate. */
    static final String FULFILMENT = "fulfilment";
    /** Sleeps and ends. */
    static final String NAP = "nap";
    /** Asks somebody who never answers. */
    static final String QUESTION = "question";

    static final String SILENT = "silent";
    private static final Duration VERY_LONG = Duration.ofDays(365);

    private SagaShop() {}

    /** The type of the event that begins a saga. */
    static String trigger(String saga) {
        return saga + "-begun";
    }

    static SagaDefinition fulfilment(int aggregates) {
        int ofEachStep = Math.max(1, aggregates / 4);
        return definition(
                FULFILMENT,
                List.of(
                        step("reserve", Step.Kind.COMPENSATABLE),
                        step("charge", Step.Kind.COMPENSATABLE),
                        step("ship", Step.Kind.PIVOT),
                        step("confirm", Step.Kind.RETRIABLE)),
                (step, state) ->
                        "participant-" + step + "." + Math.floorMod(key(state).hashCode(), ofEachStep));
    }

    private static Step step(String name, Step.Kind kind) {
        var undo = kind == Step.Kind.COMPENSATABLE ? send("Undo", Send.Target.STREAM, Retry.UNDO) : null;
        return new Step(
                name, kind, false, false, send("Do", Send.Target.STREAM, Retry.FORWARD), undo, null, null, null);
    }

    static SagaDefinition nap(Duration time) {
        return definition(
                NAP,
                List.of(new Step("sleep", Step.Kind.SLEEP, false, false, null, null, null, null, time)),
                (step, state) -> step);
    }

    static SagaDefinition question() {
        var ask = new Send("Ask", Send.Target.BUS, List.of(), List.of(), VERY_LONG, Retry.FORWARD);
        return definition(
                QUESTION,
                List.of(new Step("ask", Step.Kind.RETRIABLE, false, false, ask, null, null, null, null)),
                (step, state) -> "bus:" + SILENT);
    }

    private static Send send(String type, Send.Target target, Retry retry) {
        return new Send(type, target, List.of(), List.of(), Send.TIMEOUT, retry);
    }

    private static SagaDefinition definition(String name, List<Step> steps, To to) {
        var structure = new Structure(
                name,
                1,
                new Trigger("start", trigger(name)),
                List.of(),
                null,
                false,
                Structure.STUCK_AFTER,
                Structure.HOLD_EARLY,
                null,
                steps.stream().map(List::of).toList(),
                false,
                false,
                Map.of());
        return new SagaDefinition(structure, new Code(to));
    }

    private static String key(JsonNode order) {
        return order.path("orderId").asText();
    }

    /** Where the command of a step goes. */
    private interface To {
        String of(String step, JsonNode state);
    }

    private record Code(To to) implements SagaCode {
        @Override
        public String key(Trigger trigger, ReceivedEvent event) {
            return SagaShop.key(event.data());
        }

        @Override
        public JsonNode begin(ReceivedEvent event) {
            return event.data();
        }

        @Override
        public boolean applies(Step step, JsonNode state) {
            return true;
        }

        @Override
        public Outgoing command(Step step, JsonNode state) {
            var data = JsonNodeFactory.instance.objectNode();
            data.set("order", state.path("orderId"));
            data.set("amount", state.path("amount"));
            return new Outgoing(to.of(step.name(), state), data);
        }

        @Override
        public Outgoing undo(Step step, JsonNode state, @Nullable JsonNode reply) {
            return command(step, state);
        }

        @Override
        public Outgoing probe(Step step, JsonNode state) {
            return command(step, state);
        }

        @Override
        public JsonNode replied(Step step, JsonNode state, String type, JsonNode reply) {
            return ((ObjectNode) state.deepCopy()).set(step.name(), reply.path("number"));
        }

        @Override
        public JsonNode received(Step step, JsonNode state, ReceivedEvent event) {
            return state;
        }

        @Override
        public Publication publication(boolean isCompensated, JsonNode state) {
            return new Publication("ended-" + SagaShop.key(state), "Ended", state);
        }
    }

    /** What takes part: it counts what it did, and remembers nothing of an order. */
    static Aggregate<Command, Event, Long> participant() {
        return Aggregate.of("participant", new Counting())
                .commands(Command.class)
                .events(Event.class)
                .build();
    }

    sealed interface Command permits Do, Undo {}

    record Do(String order, long amount) implements Command {}

    record Undo(String order, long amount) implements Command {}

    sealed interface Event permits Done, Undone {}

    record Done(String order, long amount, long number) implements Event {}

    record Undone(String order, long amount, long number) implements Event {}

    private static final class Counting implements Decider<Command, Event, Long> {
        @Override
        public Long initial() {
            return 0L;
        }

        @Override
        public Long evolve(Long done, Event event) {
            return done + 1;
        }

        @Override
        public Decision<Event> decide(Command command, Long done) {
            return Decision.accept(
                    command instanceof Do it
                            ? new Done(it.order(), it.amount(), done + 1)
                            : new Undone(((Undo) command).order(), ((Undo) command).amount(), done + 1));
        }
    }
}
