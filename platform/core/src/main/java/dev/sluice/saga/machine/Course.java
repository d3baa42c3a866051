package dev.sluice.saga.machine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.log.Failure;
import dev.sluice.saga.definition.Outgoing;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Send;
import dev.sluice.saga.definition.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One reaction while it is decided: each event is folded at once, so that what follows sees it. */
final class Course {
    /** The pseudo step that appends what a saga publishes at its end. */
    static final String PUBLISH = "$publish";

    private static final long MIN_DEFERRAL_MILLIS = 100;
    private static final long MAX_DEFERRAL_MILLIS = 10_000;

    private final SagaDefinition definition;
    private final long nowMicros;
    private final List<SagaEvent> events = new ArrayList<>();
    private final @Nullable ParkReason parkedFor;
    private Instance instance;
    private int lookedAt;

    /** Where a course can be taken up again. */
    record Mark(Instance instance, int events) {}

    Course(SagaDefinition definition, Instance instance, long nowMicros) {
        this.definition = definition;
        this.instance = instance;
        this.nowMicros = nowMicros;
        var parked = instance.parked();
        parkedFor = parked == null ? null : parked.reason();
    }

    SagaDefinition definition() {
        return definition;
    }

    Instance instance() {
        return instance;
    }

    long nowMillis() {
        return nowMicros / 1_000;
    }

    long nowMicros() {
        return nowMicros;
    }

    StepState step(Step step) {
        return instance.step(step.name());
    }

    /** Neither parked nor ended. */
    boolean isLive() {
        return isRunning() || instance.status() == Status.PENDING;
    }

    /** Live, and has not to wait for its turn. */
    boolean isRunning() {
        return instance.status() == Status.RUNNING || instance.status() == Status.COMPENSATING;
    }

    boolean isForward() {
        return instance.heading() == Status.RUNNING || instance.heading() == Status.PENDING;
    }

    /** Code decides its way. */
    boolean isMachine() {
        return definition.isMachine();
    }

    /** Commands are sent forward: of steps on the way forward, of a machine on either, as its code decides what the way back is. */
    boolean sendsForward() {
        return isForward() || isMachine();
    }

    /** Why it was parked when the reaction began, null when it was not. */
    @Nullable
    ParkReason parkedFor() {
        return parkedFor;
    }

    /** The event that says that it has completed is under way, or has been appended. */
    boolean isEnding() {
        return isForward() && instance.step(PUBLISH).status() != StepStatus.PENDING;
    }

    /** From here on the way is forward only. */
    boolean hasReachedPivot() {
        return isEnding()
                || definition.structure().steps().stream()
                        .anyMatch(step -> definition.structure().isFromPivotOn(step)
                                && step(step).status() != StepStatus.PENDING
                                && step(step).status() != StepStatus.SKIPPED);
    }

    boolean isCancel(String trigger) {
        return definition.structure().cancels().stream()
                .anyMatch(cancel -> cancel.id().equals(trigger));
    }

    void emit(SagaEvent event) {
        events.add(event);
        instance.fold(event, nowMicros);
    }

    /** The first event of the reaction that was not looked at, null when all were. */
    @Nullable
    SagaEvent lookAtNext() {
        return lookedAt == events.size() ? null : events.get(lookedAt++);
    }

    Mark mark() {
        return new Mark(instance.copy(), events.size());
    }

    void rewind(Mark mark) {
        instance = mark.instance();
        events.subList(mark.events(), events.size()).clear();
        lookedAt = events.size();
    }

    Reaction reaction() {
        return new Reaction(List.copyOf(events), instance);
    }

    void checkSize() {
        for (var event : events) {
            JsonNode state = event instanceof SagaEvent.StateBegun begun
                    ? begun.state()
                    : event instanceof SagaEvent.StepSucceeded succeeded
                            ? succeeded.state()
                            : event instanceof SagaEvent.StateChanged changed ? changed.state() : null;
            int size = state == null ? 0 : SagaJson.bytes(state).length;
            if (size > Machine.MAX_STATE) {
                throw Failure.of(
                        Failure.Kind.EVENT_TOO_LARGE,
                        "found a state of " + size + " bytes, expected at most " + Machine.MAX_STATE);
            }
        }
    }

    void ignore(ReceivedEvent event, String reason) {
        emit(new SagaEvent.EventIgnored(event.position(), event.type(), reason));
    }

    void park(ParkReason reason, @Nullable String step, Direction direction, String error) {
        emit(new SagaEvent.SagaParked(reason, step, direction, error));
    }

    /** Begins a step of the way forward. */
    void start(Step step) {
        if (step.isConditional() && !definition.code().applies(step, instance.state())) {
            emit(new SagaEvent.StepSkipped(step.name(), "its condition does not hold"));
            return;
        }
        if (step.send() == null) {
            waitFor(step);
        } else {
            send(step, Direction.FORWARD, step(step).epoch(Direction.FORWARD));
        }
    }

    /** Begins a step that sends nothing; what it waits for may have come already. */
    void waitFor(Step step) {
        var await = step.await();
        var duration = await == null ? step.sleep() : await.timeout();
        emit(new SagaEvent.StepWaiting(
                step.name(), orderOf(step), duration == null ? null : nowMillis() + duration.toMillis()));
        instance.held().stream()
                .filter(held -> held.trigger().equals(step.name()))
                .findFirst()
                .ifPresent(held -> {
                    emit(new SagaEvent.EventReleased(
                            held.trigger(), held.event().position()));
                    arrived(step, held.event());
                });
    }

    private int orderOf(Step step) {
        int order = step(step).order();
        return order == 0 ? instance.nextOrder() : order;
    }

    /** An undo that code cannot make has failed: it waits for an operator, who can retry it, or take it for done. */
    void undo(Step step) {
        var state = step(step);
        Outgoing outgoing;
        try {
            outgoing = definition.code().undo(step, instance.state(), state.reply());
        } catch (RuntimeException | StackOverflowError thrown) {
            String error = thrown instanceof Failure failure ? failure.getMessage() : thrown.toString();
            emit(new SagaEvent.UndoFailed(step.name(), error));
            park(ParkReason.POISON, step.name(), Direction.UNDO, error);
            return;
        }
        send(step, Direction.UNDO, state.epoch(Direction.UNDO), outgoing);
    }

    /** Sends a step, or its undo or probe, from its first attempt on. */
    void send(Step step, Direction direction, int epoch) {
        var state = step(step);
        var code = definition.code();
        Outgoing outgoing =
                switch (direction) {
                    case FORWARD -> code.command(step, instance.state());
                    case UNDO -> code.undo(step, instance.state(), state.reply());
                    case PROBE -> code.probe(step, instance.state());
                    case PUBLISH -> throw new IllegalStateException("a step publishes nothing");
                };
        send(step, direction, epoch, outgoing);
    }

    void send(Step step, Direction direction, int epoch, Outgoing outgoing) {
        var send = Objects.requireNonNull(sendOf(step, direction), "what has nothing to send is not sent");
        emit(new SagaEvent.StepScheduled(
                step.name(),
                direction,
                orderOf(step),
                epoch,
                CommandIds.of(instance, step.name(), direction, epoch),
                outgoing.to(),
                send.type(),
                outgoing.data(),
                send.timeout().toMillis()));
    }

    static @Nullable Send sendOf(Step step, Direction direction) {
        return switch (direction) {
            case FORWARD -> step.send();
            case UNDO -> step.undo();
            case PROBE -> step.probe();
            case PUBLISH -> null;
        };
    }

    /** A retry timer fired: the same attempt again when it was deferred, else the next. */
    void attempt(String name) {
        var state = instance.step(name);
        var sending = state.sending();
        if (sending != null) {
            int attempt = state.deferrals > 0 ? state.attempt() : state.attempt() + 1;
            emit(new SagaEvent.AttemptStarted(name, sending.direction(), attempt));
        }
    }

    void defer(String name, Outcome.Deferred deferred) {
        var state = instance.step(name);
        var sending = Objects.requireNonNull(state.sending());
        long growing = Math.min(MAX_DEFERRAL_MILLIS, MIN_DEFERRAL_MILLIS << Math.min(10, state.deferrals));
        long wait = Math.max(deferred.retryAfterMillis(), growing);
        double spread = CommandIds.spread(sending.commandId(), -1 - state.deferrals);
        emit(new SagaEvent.StepDeferred(name, deferred.reason(), nowMillis() + wait + (long) (wait * 0.2 * spread)));
    }

    /** The event that a step waits for has come. */
    void arrived(Step step, ReceivedEvent event) {
        var state = definition.code().received(step, instance.state(), event);
        emit(new SagaEvent.StepSucceeded(step.name(), event.type(), event.data(), state, event.position()));
    }

    /** The time of a waiting step is up. */
    void waited(String name) {
        var step = definition.structure().step(name);
        if (step == null || step(step).status() != StepStatus.RUNNING) {
            return;
        }
        if (step.kind() == Step.Kind.SLEEP) {
            emit(new SagaEvent.StepSucceeded(name, "", JsonNodeFactory.instance.objectNode(), instance.state(), null));
            return;
        }
        emit(new SagaEvent.StepRejected(name, "timeout", "the event did not come in time"));
        failed(step, "timeout", "step " + name + " waited in vain");
    }

    /** A step of the way forward had definitely no effect. */
    void failed(Step step, String reason, String detail) {
        if (!isForward() || isMachine()) {
            return; // a machine's code is told, and decides
        }
        if (definition.structure().isFromPivotOn(step) && step.kind() != Step.Kind.PIVOT) {
            park(ParkReason.REJECTED, step.name(), Direction.FORWARD, detail);
        } else {
            compensate(reason, detail);
        }
    }

    /** Turns back. What is under way is waited for; what only waits is given up, unless a machine's code decides. */
    void compensate(String reason, String detail) {
        emit(new SagaEvent.CompensationStarted(reason, detail));
        if (isMachine()) {
            return;
        }
        for (var step : definition.structure().steps()) {
            var state = step(step);
            if (state.status() == StepStatus.RUNNING && state.sending() == null) {
                emit(new SagaEvent.StepSkipped(step.name(), "compensation has begun"));
            } else if (state.status() == StepStatus.RUNNING && instance.waitsToRetry(step.name())) {
                emit(new SagaEvent.StepUnknown(step.name(), "given up: compensation has begun"));
            }
        }
    }

    /** Ends the instance, or first publishes what it says at its end; whether something changed. */
    boolean end(boolean isCompensated) {
        var structure = definition.structure();
        boolean publishes = isCompensated ? structure.publishesCompensated() : structure.publishesCompleted();
        var publishing = instance.step(PUBLISH);
        if (publishes && publishing.status() == StepStatus.PENDING) {
            var publication = definition.code().publication(isCompensated, instance.state());
            emit(new SagaEvent.StepScheduled(
                    PUBLISH,
                    Direction.PUBLISH,
                    instance.nextOrder(),
                    0,
                    CommandIds.of(instance, PUBLISH, Direction.PUBLISH, 0),
                    publication.stream() == null ? instance.origin() : publication.stream(),
                    publication.type(),
                    publication.data(),
                    Send.TIMEOUT.toMillis()));
            return true;
        }
        if (publishing.sending() != null) {
            return false;
        }
        finish(isCompensated ? new SagaEvent.SagaCompensated() : new SagaEvent.SagaCompleted());
        return true;
    }

    /** Sends what is under way, as it is, from the first attempt on; under another command id when the epoch is. */
    void sendAgain(String name, int fresher) {
        var state = instance.step(name);
        var sending = Objects.requireNonNull(state.sending(), "what is sent stays until it has an answer");
        int epoch = sending.epoch() + fresher;
        emit(new SagaEvent.StepScheduled(
                name,
                sending.direction(),
                state.order(),
                epoch,
                CommandIds.of(instance, name, sending.direction(), epoch),
                sending.to(),
                sending.type(),
                sending.data(),
                sending.timeoutMillis()));
    }

    /** Ends it; the events that nothing waited for are let go by name. */
    void finish(SagaEvent last) {
        for (var held : instance.held()) {
            emit(new SagaEvent.EventReleased(held.trigger(), held.event().position()));
            ignore(held.event(), "the instance has ended");
        }
        emit(last);
    }
}
