package dev.sluice.saga.machine;

import dev.sluice.log.Failure;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides what an instance makes of an input. Pure and deterministic: the same instance, input and time give the same events. Forward, the
 * stages of the structure in their order; backward, what has begun in exactly the reverse order, each undo waiting for the one before. The
 * model is that of Garcia-Molina and Salem, "Sagas" (SIGMOD 1987), with a pivot and retriable steps after it, and undos that wait for an
 * operator instead of being given up.
 */
public final class Machine {
    /** Of an instance's state, in bytes of JSON. */
    public static final int MAX_STATE = 256 << 10;

    private static final String START = "start";

    private Machine() {}

    /**
     * The first reaction of an instance, to the event that starts it.
     *
     * @param turn its place among those that have to wait until others have ended, null when it may go at once
     */
    public static Reaction begin(
            SagaDefinition definition, String key, int run, ReceivedEvent event, @Nullable Long turn, long nowMicros) {
        var course = new Course(definition, Instance.of(definition.name(), key, run), nowMicros);
        var within = definition.structure().within();
        course.emit(new SagaEvent.SagaStarted(
                definition.version(),
                definition.hash(),
                event,
                within == null ? null : course.nowMillis() + within.toMillis()));
        if (turn != null) {
            course.emit(new SagaEvent.SagaPending(turn));
        }
        return guarded(course, null, Machine::goOn);
    }

    /**
     * The reaction of an instance. WRONG_STATUS for what an operator cannot do to it now.
     *
     * @param instance not changed
     */
    public static Reaction react(SagaDefinition definition, Instance instance, Input input, long nowMicros) {
        var course = new Course(definition, instance.copy(), nowMicros);
        if (input instanceof Input.EventReceived it) {
            return guarded(course, it, c -> {
                take(c, it);
                goOn(c);
            });
        }
        if (input instanceof Input.Replied it) {
            return guarded(course, it, c -> {
                take(c, it);
                goOn(c);
            });
        }
        if (input instanceof Input.TimerFired it) {
            return guarded(course, null, c -> fired(c, it));
        }
        if (input instanceof Input.Admit) {
            if (instance.status() != Status.PENDING) {
                return course.reaction();
            }
            course.emit(new SagaEvent.SagaAdmitted());
            return guarded(course, null, c -> {
                if (c.isMachine()) {
                    CodeCourse.tell(c);
                    Operating.release(c);
                }
                goOn(c);
            });
        }
        var action = (Input.OperatorAction) input;
        if (isRepeated(instance, action)) {
            return course.reaction();
        }
        Operating.check(course, action);
        return guarded(course, action, c -> Operating.act(c, action));
    }

    /**
     * Parks an instance that cannot react to an input, and keeps that: its definition is missing, or something breaks whenever it comes.
     *
     * @param instance not changed
     */
    public static Reaction park(Instance instance, Input input, ParkReason reason, String error, long nowMicros) {
        var after = instance.copy();
        var events = new ArrayList<SagaEvent>();
        boolean isEnded = instance.status().isEnded();
        if (input instanceof Input.EventReceived it) {
            events.add(
                    isEnded
                            ? new SagaEvent.EventIgnored(
                                    it.event().position(), it.event().type(), "the instance has ended")
                            : new SagaEvent.EventHeld(it.trigger(), it.event()));
        } else if (input instanceof Input.Replied it && !(it.outcome() instanceof Outcome.Deferred)) {
            events.add(
                    isEnded
                            ? new SagaEvent.ReplyIgnored(
                                    it.step(), it.direction(), it.epoch(), "the instance has ended")
                            : new SagaEvent.ReplyHeld(it));
        }
        if (!isEnded && instance.status() != Status.PARKED) {
            var direction = instance.status() == Status.COMPENSATING ? Direction.UNDO : Direction.FORWARD;
            events.add(new SagaEvent.SagaParked(reason, null, direction, error));
        }
        events.forEach(event -> after.fold(event, nowMicros));
        return new Reaction(List.copyOf(events), after);
    }

    /** Whether an action has acted before. WRONG_STATUS when another has under its id. */
    private static boolean isRepeated(Instance instance, Input.OperatorAction action) {
        var before = instance.acted(action.id());
        if (before != null && before != action.verb()) {
            throw Failure.of(
                    Failure.Kind.WRONG_STATUS,
                    "found action id " + action.id() + " used before to " + before + ", expected a new one to "
                            + action.verb());
        }
        return before != null;
    }

    /**
     * Abandons an instance whose definition is missing: no code is needed to give it up. WRONG_STATUS when it has ended.
     *
     * @param instance not changed
     */
    public static Reaction abandon(Instance instance, Input.OperatorAction action, long nowMicros) {
        var after = instance.copy();
        if (isRepeated(instance, action)) {
            return new Reaction(List.of(), after);
        }
        if (instance.status().isEnded()) {
            throw Failure.of(
                    Failure.Kind.WRONG_STATUS,
                    "found instance " + instance.key() + " " + instance.status()
                            + ", expected it not to have ended to abandon it");
        }
        var events = new ArrayList<SagaEvent>();
        events.add(Operating.acted(action, action.step()));
        for (var held : instance.held()) {
            events.add(new SagaEvent.EventReleased(held.trigger(), held.event().position()));
            events.add(new SagaEvent.EventIgnored(
                    held.event().position(), held.event().type(), "the instance has ended"));
        }
        var effects = instance.steps().entrySet().stream()
                .filter(step ->
                        !step.getKey().equals(Course.PUBLISH) && step.getValue().isInForce())
                .map(Map.Entry::getKey)
                .toList();
        events.add(new SagaEvent.SagaFailed(action.reason(), effects));
        events.forEach(event -> after.fold(event, nowMicros));
        return new Reaction(List.copyOf(events), after);
    }

    private interface Deciding {
        void decide(Course course);
    }

    /** What a definition's code throws parks the instance as it was before, with the input kept. */
    private static Reaction guarded(Course course, @Nullable Input input, Deciding deciding) {
        var before = course.mark();
        try {
            deciding.decide(course);
            course.checkSize();
        } catch (RuntimeException | StackOverflowError thrown) {
            poisoned(course, before, input, thrown);
        } catch (VirtualMachineError end) {
            throw end;
        } catch (Error thrown) {
            poisoned(course, before, input, thrown); // it runs on the writer of a shard, which an error would stop
        }
        return course.reaction();
    }

    private static void poisoned(Course course, Course.Mark before, @Nullable Input input, Throwable thrown) {
        course.rewind(before);
        if (input instanceof Input.Replied reply) {
            course.emit(new SagaEvent.ReplyHeld(reply));
        } else if (input instanceof Input.EventReceived it) {
            course.emit(new SagaEvent.EventHeld(it.trigger(), it.event()));
        } else if (input instanceof Input.OperatorAction action) {
            course.emit(Operating.acted(action, Operating.meant(course, action)));
        }
        var parked = course.instance().parked();
        boolean isTooLarge = thrown instanceof Failure failure && failure.kind() == Failure.Kind.EVENT_TOO_LARGE;
        course.park(
                isTooLarge ? ParkReason.STATE_TOO_LARGE : ParkReason.POISON,
                parked == null ? null : parked.step(),
                course.isForward() ? Direction.FORWARD : Direction.UNDO,
                thrown instanceof Failure failure ? failure.getMessage() : String.valueOf(thrown));
    }

    /** Takes up what the state allows: begins, steps forward or back, ends. */
    static void goOn(Course course) {
        var start = course.instance().start();
        if (start != null && course.isLive() && course.isForward()) {
            course.emit(new SagaEvent.StateBegun(course.definition().code().begin(start)));
        }
        if (course.isMachine()) {
            CodeCourse.goOn(course);
            return;
        }
        while (course.isRunning() && (course.isForward() ? forward(course) : backward(course))) {
            // as far as it goes without an answer
        }
    }

    /** Whether something changed. */
    private static boolean forward(Course course) {
        for (var stage : course.definition().structure().stages()) {
            if (stage.stream().allMatch(step -> isDone(course.step(step)))) {
                continue;
            }
            boolean hasMoved = false;
            for (var step : stage) {
                if (course.step(step).status() == StepStatus.PENDING) {
                    course.start(step);
                    hasMoved = true;
                }
            }
            return hasMoved;
        }
        return course.end(false);
    }

    private static boolean isDone(StepState step) {
        return step.status() == StepStatus.SUCCEEDED || step.status() == StepStatus.SKIPPED;
    }

    private static boolean backward(Course course) {
        Step last = null;
        for (var step : course.definition().structure().steps()) {
            var state = course.step(step);
            if (state.status() == StepStatus.RUNNING || state.sending() != null) {
                return false;
            }
            if (step.undo() != null
                    && isToUndo(state.status())
                    && (last == null || state.order() > course.step(last).order())) {
                last = step;
            }
        }
        if (last != null) {
            course.undo(last);
            return false;
        }
        return course.end(true);
    }

    /** An undo that failed has to be done too: nothing before it is undone while it is not. */
    private static boolean isToUndo(StepStatus status) {
        return status == StepStatus.SUCCEEDED || status == StepStatus.UNKNOWN || status == StepStatus.UNDO_FAILED;
    }

    /** Takes an event on, or keeps it, or records why not. */
    static void take(Course course, Input.EventReceived input) {
        var event = input.event();
        var instance = course.instance();
        if (instance.status().isEnded()) {
            course.ignore(event, "the instance has ended");
        } else if (input.trigger().equals(START)) {
            course.ignore(event, "an instance of this key has started before");
        } else if (instance.status() == Status.PARKED) {
            course.emit(new SagaEvent.EventHeld(input.trigger(), event));
        } else if (course.isCancel(input.trigger())) {
            cancelled(course, event);
        } else {
            awaited(course, input.trigger(), event);
        }
    }

    /** Takes an answer on, or keeps it, or records why not. */
    static void take(Course course, Input.Replied reply) {
        var instance = course.instance();
        if (instance.status().isEnded()) {
            course.emit(new SagaEvent.ReplyIgnored(
                    reply.step(), reply.direction(), reply.epoch(), "the instance has ended"));
        } else if (instance.status() != Status.PARKED) {
            Answering.take(course, reply);
            CodeCourse.tell(course);
        } else if (!(reply.outcome() instanceof Outcome.Deferred)) {
            course.emit(new SagaEvent.ReplyHeld(reply));
        }
    }

    private static void cancelled(Course course, ReceivedEvent event) {
        if (!course.isForward()) {
            course.ignore(event, "compensation has begun");
        } else if (course.hasReachedPivot()) {
            course.emit(new SagaEvent.CancelRefused(
                    event.position(),
                    course.isEnding() ? "the instance has all but completed" : "the pivot has been sent"));
        } else {
            course.compensate("cancelled", event.type() + " at " + event.position());
        }
    }

    private static void awaited(Course course, String trigger, ReceivedEvent event) {
        var step = course.definition().structure().step(trigger);
        if (step == null) {
            course.ignore(event, "the definition of this instance does not wait for it");
            return;
        }
        if (course.isMachine()) {
            if (course.instance().status() == Status.PENDING) {
                course.emit(new SagaEvent.EventHeld(trigger, event));
            } else {
                CodeCourse.hear(course, step, event);
            }
            return;
        }
        switch (course.step(step).status()) {
            case RUNNING -> course.arrived(step, event);
            case PENDING -> {
                if (course.isForward()) {
                    course.emit(new SagaEvent.EventHeld(trigger, event));
                } else {
                    course.ignore(event, "compensation has begun");
                }
            }
            case SUCCEEDED, REJECTED, UNKNOWN, SKIPPED, UNDOING, UNDONE, UNDO_FAILED ->
                course.ignore(event, "the step has ended");
        }
    }

    private static void fired(Course course, Input.TimerFired timer) {
        Long due = course.instance().timers().get(timer.id());
        if (due == null || due != timer.dueMillis() || !course.isLive()) {
            return;
        }
        String retried = Instance.retried(timer.id());
        String waiting = Instance.waiting(timer.id());
        String named = Instance.named(timer.id());
        if (timer.id().equals(Instance.DEADLINE)) {
            if (course.hasReachedPivot() || !course.isForward()) {
                course.emit(new SagaEvent.DeadlinePassed());
            } else {
                course.compensate("deadline", "not done within its time");
            }
        } else if (retried != null) {
            course.attempt(retried);
        } else if (waiting != null) {
            course.waited(waiting);
        } else if (named != null) {
            course.emit(new SagaEvent.TimerFired(named));
        }
        goOn(course);
    }

    /** Names of the steps whose effects are, or may be, in force. */
    static List<String> inForce(Course course) {
        return course.definition().structure().steps().stream()
                .filter(step -> step.send() != null && !step.isReadOnly())
                .filter(step -> course.step(step).isInForce())
                .map(Step::name)
                .toList();
    }
}
