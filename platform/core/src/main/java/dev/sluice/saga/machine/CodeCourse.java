package dev.sluice.saga.machine;

import dev.sluice.log.Failure;
import dev.sluice.saga.definition.Effect;
import dev.sluice.saga.definition.Happened;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.Step;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The way of an instance whose definition is a machine: its code is told, one after the other, of what the events of the reaction say that happened, and
 * its effects become events. Everything else is as for steps, and says what happened by its events only.
 */
final class CodeCourse {
    private static final int MAX_TIMERS = 100;

    private CodeCourse() {}

    /** An event that the machine hears of has come. */
    static void hear(Course course, Step step, ReceivedEvent event) {
        if (isEnding(course)) {
            course.ignore(event, "the instance has all but ended");
        } else {
            course.arrived(step, event);
            tell(course);
        }
    }

    /** Tells what has happened, ends what is to end, and demands that something is still to come. */
    static void goOn(Course course) {
        tell(course);
        if (course.isRunning() && isEnding(course)) {
            course.end(!course.isForward());
        }
        if (course.instance().isStalled()) {
            throw refused("nothing that is sent and no timer", "something that the instance waits for, or its end");
        }
    }

    /** An operator lets it retry: it is told so when it had parked itself, or nothing else would happen. */
    static void retried(Course course) {
        tell(course);
        var instance = course.instance();
        boolean isAsked = course.parkedFor() == ParkReason.ASKED;
        if (course.isRunning() && instance.start() == null && (isAsked || instance.isStalled())) {
            react(course, new Happened.Retried());
        }
    }

    private static boolean isEnding(Course course) {
        return course.instance().step(Course.PUBLISH).status() != StepStatus.PENDING;
    }

    /** Tells what has happened since it was told last; nothing of an instance with steps. */
    static void tell(Course course) {
        while (course.isMachine() && course.isRunning()) {
            var event = course.lookAtNext();
            if (event == null) {
                return;
            }
            var happened = happened(course, event);
            if (happened != null) {
                react(course, happened);
            }
        }
    }

    private static @Nullable Happened happened(Course course, SagaEvent event) {
        if (event instanceof SagaEvent.StateBegun || event instanceof SagaEvent.SagaAdmitted) {
            return new Happened.Started();
        }
        if (event instanceof SagaEvent.StepSucceeded it && !it.step().equals(Course.PUBLISH)) {
            return scheduled(course, it.step()) == null
                    ? new Happened.EventArrived(it.step(), it.reply())
                    : new Happened.Succeeded(it.step(), it.reply());
        }
        if (event instanceof SagaEvent.StepRejected it) {
            return new Happened.Rejected(it.step(), it.code(), it.message());
        }
        if (event instanceof SagaEvent.StepSkipped it && !it.step().equals(Course.PUBLISH)) {
            return new Happened.Rejected(it.step(), "skipped", it.reason());
        }
        if (event instanceof SagaEvent.StepUnknown it) {
            return new Happened.Unknown(it.step(), it.error());
        }
        if (event instanceof SagaEvent.TimerFired it) {
            return new Happened.TimerFired(it.timer());
        }
        return event instanceof SagaEvent.CompensationStarted it
                ? new Happened.CompensationAsked(it.reason(), it.detail())
                : null;
    }

    private static void react(Course course, Happened happened) {
        var before = course.instance().state();
        var moved = course.definition().code().moved(before, happened);
        if (moved.state() != before) {
            course.emit(new SagaEvent.StateChanged(moved.state()));
        }
        Effect last = null;
        for (var effect : moved.effects()) {
            if (effect instanceof Effect.Schedule it) {
                schedule(course, it);
            } else if (effect instanceof Effect.SetTimer it) {
                setTimer(course, it);
            } else if (effect instanceof Effect.CancelTimer it) {
                cancelTimer(course, it.name());
            } else if (last == null) {
                last = effect;
            } else {
                throw refused(last + " and " + effect, "one of them");
            }
        }
        if (last instanceof Effect.Complete) {
            complete(course);
        } else if (last instanceof Effect.Park it) {
            var direction = course.isForward() ? Direction.FORWARD : Direction.UNDO;
            course.park(ParkReason.ASKED, null, direction, it.reason());
        }
    }

    private static void schedule(Course course, Effect.Schedule effect) {
        var step = scheduled(course, effect.name());
        if (step == null || !Objects.requireNonNull(step.send()).type().equals(effect.type())) {
            throw refused("a command " + effect.type() + " under the name " + effect.name(), "one of the definition");
        }
        var state = course.step(step);
        int epoch = state.epoch(Direction.FORWARD);
        switch (state.status()) {
            case RUNNING -> throw refused(effect.name() + " scheduled while it is under way", "its answer first");
            case PENDING, UNKNOWN -> course.send(step, Direction.FORWARD, epoch, effect.command());
            case SUCCEEDED, REJECTED, SKIPPED -> course.send(step, Direction.FORWARD, epoch + 1, effect.command());
            case UNDOING, UNDONE, UNDO_FAILED -> throw new IllegalStateException("a machine undoes nothing");
        }
    }

    /** Null for a name under which nothing is sent. */
    private static @Nullable Step scheduled(Course course, String name) {
        var step = course.definition().structure().step(name);
        return step == null || step.send() == null ? null : step;
    }

    private static void setTimer(Course course, Effect.SetTimer effect) {
        var set = course.instance().named();
        if (set.size() >= MAX_TIMERS && !set.contains(effect.name())) {
            throw refused(set.size() + " timers and " + effect, "at most " + MAX_TIMERS);
        }
        course.emit(new SagaEvent.TimerSet(
                effect.name(), course.nowMillis() + effect.after().toMillis()));
    }

    private static void cancelTimer(Course course, String name) {
        if (course.instance().named().contains(name)) {
            course.emit(new SagaEvent.TimerCancelled(name));
        }
    }

    private static void complete(Course course) {
        var open = course.instance().steps().entrySet().stream()
                .filter(each -> each.getValue().sending() != null)
                .map(Map.Entry::getKey)
                .toList();
        if (!open.isEmpty()) {
            throw refused("the end while " + String.join(", ", open) + " is under way", "it after all answers");
        }
        course.instance().named().forEach(timer -> cancelTimer(course, timer));
        course.end(!course.isForward());
    }

    private static Failure refused(String found, String expected) {
        return Failure.of(Failure.Kind.EVALUATION_FAILED, "found " + found + ", expected " + expected);
    }
}
