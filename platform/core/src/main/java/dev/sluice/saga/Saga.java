package dev.sluice.saga;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.log.Failure;
import dev.sluice.saga.definition.Publication;
import dev.sluice.saga.definition.Rules;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Step;
import dev.sluice.saga.definition.Structure;
import dev.sluice.saga.definition.Trigger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A saga written in Java. State, events, commands and replies are records; the simple name of a record is its type on the wire. What the
 * functions are given is all they may depend on; their results are recorded, and they are not called again for what is recorded.
 *
 * <p>The order of steps is held by types: {@link Compensatable} steps with their undos, at most one pivot, then {@link ForwardOnly} what can only be
 * tried again. Where steps cannot say it, a {@link SagaMachine} can. Whoever changes a saga raises its version.
 *
 * @param <S> the record of the state
 */
public final class Saga<S> {
    private final SagaDefinition definition;

    private Saga(SagaDefinition definition) {
        this.definition = definition;
    }

    public static <S> Named<S> of(String name, int version, Class<S> state) {
        return new Named<>(name, version, state);
    }

    /** As it runs. */
    public SagaDefinition definition() {
        return definition;
    }

    /** A saga of which nobody knows yet what starts it. */
    public static final class Named<S> {
        private final String name;
        private final int version;
        private final Class<S> state;

        private Named(String name, int version, Class<S> state) {
            this.name = name;
            this.version = version;
            this.state = state;
        }

        /** The event that starts an instance, the key of the instance, and the state that it begins with. */
        public <E> Compensatable<S> startOn(Class<E> event, Function<E, String> key, Function<E, S> begin) {
            return startOn(event.getSimpleName(), event, key, begin);
        }

        /** As {@link #startOn(Class, Function, Function)}, of a type that is not named as its record. */
        public <E> Compensatable<S> startOn(
                String type, Class<E> event, Function<E, String> key, Function<E, S> begin) {
            var parts = new Parts<>(this, new Trigger("start", type), json -> begin.apply(Mapping.event(json, event)));
            parts.keys.put("start", json -> key.apply(Mapping.event(json, event)));
            return new Compensatable<>(parts);
        }
    }

    /** What both stages share. */
    private static final class Parts<S> {
        private final Named<S> named;
        private final Trigger start;
        private final Function<JsonNode, S> begin;
        private final Map<String, Function<JsonNode, String>> keys = new HashMap<>();
        private final List<Trigger> cancels = new ArrayList<>();
        private final List<List<Step>> stages = new ArrayList<>();
        private final Map<String, StepCode<S, ?>> codes = new HashMap<>();
        private final Map<String, BiFunction<S, JsonNode, S>> awaits = new HashMap<>();
        private Policy defaults = Policy.FORWARD;
        private @Nullable Duration within;
        private boolean restart;
        private Duration stuckAfter = Structure.STUCK_AFTER;
        private Duration holdEarly = Structure.HOLD_EARLY;
        private @Nullable Integer maxRunning;
        private @Nullable Function<S, Publication> completed;
        private @Nullable Function<S, Publication> compensated;
        private @Nullable SagaMachine<S> machine;
        private final Map<String, Function<JsonNode, @Nullable Object>> readers = new HashMap<>();

        private Parts(Named<S> named, Trigger start, Function<JsonNode, S> begin) {
            this.named = named;
            this.start = start;
            this.begin = begin;
        }

        private Step step(String name, Step.Kind kind, Function<StepBuilder.Named<S>, StepBuilder<S, ?>> making) {
            var made = making.apply(new StepBuilder.Named<>(defaults));
            codes.putIfAbsent(name, made.code());
            return made.step(name, kind);
        }

        private <E> Step await(
                String name,
                Class<E> event,
                Function<E, String> key,
                @Nullable Duration timeout,
                BiFunction<S, E, S> after) {
            keys.put(name, json -> key.apply(Mapping.event(json, event)));
            awaits.put(name, (state, json) -> after.apply(state, Mapping.event(json, event)));
            var await = new Step.Await(new Trigger(name, event.getSimpleName()), timeout);
            return new Step(name, Step.Kind.AWAIT, false, false, null, null, null, await, null);
        }

        private static Step sleep(String name, Duration duration) {
            return new Step(name, Step.Kind.SLEEP, false, false, null, null, null, null, duration);
        }

        private Saga<S> build() {
            var structure = new Structure(
                    named.name,
                    named.version,
                    start,
                    cancels,
                    within,
                    restart,
                    stuckAfter,
                    holdEarly,
                    maxRunning,
                    stages,
                    completed != null,
                    compensated != null,
                    Map.of());
            var problem = Rules.problem(structure);
            if (problem != null) {
                throw Failure.of(
                        Failure.Kind.DEFINITION_INVALID,
                        "saga " + named.name + ": " + (problem.step() == null ? "" : "step " + problem.step() + ": ")
                                + problem.key() + ": " + problem.text());
            }
            var code = new JavaCode<>(
                    named.state,
                    Map.copyOf(keys),
                    begin,
                    Map.copyOf(codes),
                    Map.copyOf(awaits),
                    completed,
                    compensated,
                    machine == null ? null : new MachineCode<>(machine, Map.copyOf(readers)));
            return new Saga<>(new SagaDefinition(structure, code));
        }
    }

    /** What may be said of a saga in either stage. */
    public abstract static class Stage<S, T extends Stage<S, T>> {
        final Parts<S> parts;

        private Stage(Parts<S> parts) {
            this.parts = parts;
        }

        abstract T self();

        /** The next step waits for an event; the key says for which instance an event is. No end to the waiting but the saga's own. */
        public <E> T await(String name, Class<E> event, Function<E, String> key, BiFunction<S, E, S> after) {
            parts.stages.add(List.of(parts.await(name, event, key, null, after)));
            return self();
        }

        /** As {@link #await(String, Class, Function, BiFunction)}: what has not come in this time counts as a rejection. */
        public <E> T await(
                String name, Class<E> event, Function<E, String> key, Duration timeout, BiFunction<S, E, S> after) {
            parts.stages.add(List.of(parts.await(name, event, key, timeout, after)));
            return self();
        }

        public T sleep(String name, Duration duration) {
            parts.stages.add(List.of(Parts.sleep(name, duration)));
            return self();
        }

        /** An event when an instance completes, in the stream of the event that started it. */
        public T onCompleted(Function<S, ?> event) {
            parts.completed = state -> publication(null, event.apply(state));
            return self();
        }

        public T onCompleted(Function<S, String> stream, Function<S, ?> event) {
            parts.completed = state -> publication(stream.apply(state), event.apply(state));
            return self();
        }

        /** An event when an instance is compensated, in the stream of the event that started it. */
        public T onCompensated(Function<S, ?> event) {
            parts.compensated = state -> publication(null, event.apply(state));
            return self();
        }

        public T onCompensated(Function<S, String> stream, Function<S, ?> event) {
            parts.compensated = state -> publication(stream.apply(state), event.apply(state));
            return self();
        }

        private static Publication publication(@Nullable String stream, Object event) {
            return new Publication(stream, event.getClass().getSimpleName(), Mapping.tree(event));
        }

        /** DEFINITION_INVALID names the step that is wrong. */
        public Saga<S> build() {
            return parts.build();
        }
    }

    /** A saga before its pivot: what has been done can be undone. */
    public static final class Compensatable<S> extends Stage<S, Compensatable<S>> {
        private Compensatable(Parts<S> parts) {
            super(parts);
        }

        @Override
        Compensatable<S> self() {
            return this;
        }

        /** From its start until its pivot is sent; then it turns back. */
        public Compensatable<S> within(Duration duration) {
            parts.within = duration;
            return this;
        }

        /** Of the steps that follow; undos have their own. */
        public Compensatable<S> defaults(UnaryOperator<Policy> how) {
            parts.defaults = how.apply(parts.defaults);
            return this;
        }

        /** An event that turns an instance back, unless its pivot has been sent. */
        public <E> Compensatable<S> cancelOn(Class<E> event, Function<E, String> key) {
            return cancelOn(event.getSimpleName(), event, key);
        }

        public <E> Compensatable<S> cancelOn(String type, Class<E> event, Function<E, String> key) {
            String id = parts.cancels.isEmpty() ? "cancel" : "cancel-" + (parts.cancels.size() + 1);
            parts.cancels.add(new Trigger(id, type));
            parts.keys.put(id, json -> key.apply(Mapping.event(json, event)));
            return this;
        }

        /** A start event for a key whose instance has ended begins another run. */
        public Compensatable<S> restart() {
            parts.restart = true;
            return this;
        }

        public Compensatable<S> stuckAfter(Duration withoutProgress) {
            parts.stuckAfter = withoutProgress;
            return this;
        }

        /** How long an event is kept that comes before its instance has started. */
        public Compensatable<S> holdEarly(Duration duration) {
            parts.holdEarly = duration;
            return this;
        }

        /**
         * So many instances go at once; one that begins beside them is PENDING until another has ended or is parked. Shared evenly by the shards:
         * each lets its part go, rounded up.
         */
        public Compensatable<S> maxRunning(int instances) {
            parts.maxRunning = instances;
            return this;
        }

        public Compensatable<S> step(String name, Function<StepBuilder.Named<S>, StepBuilder<S, ?>> making) {
            parts.stages.add(List.of(parts.step(name, Step.Kind.COMPENSATABLE, making)));
            return this;
        }

        /** Steps beside each other; the next begins when all are done. */
        public Compensatable<S> parallel(UnaryOperator<Parallel<S>> making) {
            parts.stages.add(making.apply(new Parallel<>(parts)).steps);
            return this;
        }

        /** Code decides instead of steps: what is sent, what is waited for, and what the way back is. */
        public Coded<S> machine(SagaMachine<S> machine) {
            if (!parts.stages.isEmpty()) {
                throw Failure.of(
                        Failure.Kind.DEFINITION_INVALID,
                        "saga " + parts.named.name + ": found steps before a machine, expected one or the other");
            }
            parts.machine = machine;
            return new Coded<>(parts);
        }

        /** The point of no return. */
        public ForwardOnly<S> pivot(String name, Function<StepBuilder.Named<S>, StepBuilder<S, ?>> making) {
            parts.stages.add(List.of(parts.step(name, Step.Kind.PIVOT, making)));
            return new ForwardOnly<>(parts);
        }

        /** A step that cannot be refused; from here on the way is forward only. */
        public ForwardOnly<S> retriable(String name, Function<StepBuilder.Named<S>, StepBuilder<S, ?>> making) {
            return new ForwardOnly<>(parts).retriable(name, making);
        }
    }

    /** A saga whose way is code: what that may send, and what it hears of. */
    public static final class Coded<S> {
        private final Parts<S> parts;
        private final List<Step> steps = new ArrayList<>();

        private Coded(Parts<S> parts) {
            this.parts = parts;
        }

        /** A command that the machine may schedule, as often as it pleases, under this name. */
        public Coded<S> sends(String name, Participant<?, ?> participant) {
            return sends(name, participant, unchanged -> unchanged);
        }

        public Coded<S> sends(String name, Participant<?, ?> participant, UnaryOperator<Policy> how) {
            var send = participant.send(how.apply(parts.defaults));
            parts.readers.put(name, participant::read);
            steps.add(new Step(name, Step.Kind.SCHEDULED, false, false, send, null, null, null, null));
            return this;
        }

        /** An event that the machine is told of; the key says for which instance an event is. */
        public <E> Coded<S> on(String name, Class<E> event, Function<E, String> key) {
            parts.keys.put(name, json -> key.apply(Mapping.event(json, event)));
            parts.readers.put(name, json -> Mapping.event(json, event));
            var await = new Step.Await(new Trigger(name, event.getSimpleName()), null);
            steps.add(new Step(name, Step.Kind.HEARD, false, false, null, null, null, await, null));
            return this;
        }

        /** DEFINITION_INVALID names what is wrong. */
        public Saga<S> build() {
            parts.stages.add(List.copyOf(steps));
            return parts.build();
        }
    }

    /** Steps beside each other. */
    public static final class Parallel<S> {
        private final Parts<S> parts;
        private final List<Step> steps = new ArrayList<>();

        private Parallel(Parts<S> parts) {
            this.parts = parts;
        }

        public Parallel<S> step(String name, Function<StepBuilder.Named<S>, StepBuilder<S, ?>> making) {
            steps.add(parts.step(name, Step.Kind.COMPENSATABLE, making));
            return this;
        }

        public <E> Parallel<S> await(
                String name, Class<E> event, Function<E, String> key, Duration timeout, BiFunction<S, E, S> after) {
            steps.add(parts.await(name, event, key, timeout, after));
            return this;
        }

        public Parallel<S> sleep(String name, Duration duration) {
            steps.add(Parts.sleep(name, duration));
            return this;
        }
    }

    /** A saga from its pivot on. */
    public static final class ForwardOnly<S> extends Stage<S, ForwardOnly<S>> {
        private ForwardOnly(Parts<S> parts) {
            super(parts);
        }

        @Override
        ForwardOnly<S> self() {
            return this;
        }

        /** A step that cannot be refused. */
        public ForwardOnly<S> retriable(String name, Function<StepBuilder.Named<S>, StepBuilder<S, ?>> making) {
            parts.stages.add(List.of(parts.step(name, Step.Kind.RETRIABLE, making)));
            return this;
        }
    }
}
