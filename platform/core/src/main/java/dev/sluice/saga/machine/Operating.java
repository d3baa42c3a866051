package dev.sluice.saga.machine;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.log.Failure;
import dev.sluice.saga.definition.Step;
import org.jspecify.annotations.Nullable;

/** What operators do to an instance; each action id acts once. */
final class Operating {
    private Operating() {}

    static void act(Course course, Input.OperatorAction action) {
        if (course.instance().hasActed(action.id())) {
            return;
        }
        var parked = course.instance().parked();
        var step = action.step() != null ? action.step() : parked == null ? null : parked.step();
        check(course, action, step);
        course.emit(new SagaEvent.OperatorActed(action.id(), action.verb(), action.actor(), action.reason(), step));
        switch (action.verb()) {
            case PAUSE ->
                course.park(
                        ParkReason.PAUSED,
                        null,
                        course.isForward() ? Direction.FORWARD : Direction.UNDO,
                        "paused by " + action.actor() + ": " + action.reason());
            case ABANDON -> course.emit(new SagaEvent.SagaFailed(action.reason(), Machine.inForce(course)));
            case RESUME, RETRY, RETRY_FRESH, RESOLVE, SKIP, COMPENSATE -> {
                unpark(course);
                proceed(course, action, step);
                release(course);
                Machine.goOn(course);
            }
        }
    }

    private static void check(Course course, Input.OperatorAction action, @Nullable String step) {
        var instance = course.instance();
        var parked = instance.parked();
        boolean isParked = parked != null;
        boolean isPaused = parked != null && parked.reason() == ParkReason.PAUSED;
        boolean fits =
                switch (action.verb()) {
                    case PAUSE -> course.isRunning();
                    case ABANDON -> !instance.status().isEnded();
                    case COMPENSATE -> !instance.status().isEnded() && course.isForward();
                    case RESUME -> isPaused;
                    case RETRY -> isParked && !isPaused;
                    case RETRY_FRESH, RESOLVE, SKIP ->
                        isParked && step != null && instance.steps().containsKey(step);
                };
        if (!fits) {
            throw Failure.of(
                            Failure.Kind.WRONG_STATUS,
                            "found instance " + instance.key() + " " + instance.status()
                                    + (parked == null ? "" : " (" + parked.reason() + ")") + ", expected "
                                    + expected(action.verb()))
                    .with("status", instance.status().name());
        }
    }

    private static String expected(Input.Verb verb) {
        return switch (verb) {
            case PAUSE -> "it RUNNING or COMPENSATING to pause it";
            case ABANDON -> "it not to have ended to abandon it";
            case COMPENSATE -> "it to go forward to compensate it";
            case RESUME -> "it PARKED by a pause to resume it";
            case RETRY -> "it PARKED, not by a pause, to retry it";
            case RETRY_FRESH, RESOLVE, SKIP -> "it PARKED with a step that has begun";
        };
    }

    /** Takes it up again, and first the answers that came meanwhile. */
    private static void unpark(Course course) {
        if (course.instance().parked() == null) {
            return;
        }
        var replies = course.instance().heldReplies();
        course.emit(new SagaEvent.SagaUnparked());
        for (var reply : replies) {
            if (course.isRunning()) {
                Answering.take(course, reply);
            }
        }
    }

    private static void proceed(Course course, Input.OperatorAction action, @Nullable String name) {
        if (!course.isRunning()) {
            return;
        }
        var step = name == null ? null : course.definition().structure().step(name);
        switch (action.verb()) {
            case COMPENSATE -> {
                if (course.isForward()) {
                    course.compensate("operator", action.actor() + ": " + action.reason());
                }
            }
            case RETRY -> again(course, name, step, 0);
            case RETRY_FRESH -> again(course, name, step, 1);
            case RESOLVE -> resolve(course, action, step);
            case SKIP -> {
                if (step != null && course.isForward()) {
                    course.emit(new SagaEvent.StepSkipped(step.name(), "by " + action.actor()));
                } else if (step != null) {
                    course.emit(new SagaEvent.UndoSucceeded(step.name()));
                }
            }
            case RESUME, PAUSE, ABANDON -> {
                // nothing beside what they have done already
            }
        }
    }

    /** Sends a step again that has no clear answer; the answers that were held may have settled it. */
    private static void again(Course course, @Nullable String name, @Nullable Step step, int fresher) {
        if (step == null) {
            if (name != null && course.instance().step(name).sending() != null) {
                course.emit(new SagaEvent.AttemptStarted(name, Direction.PUBLISH, 1));
            }
            return;
        }
        var state = course.step(step);
        switch (state.status()) {
            case UNDO_FAILED, UNDOING -> course.send(step, Direction.UNDO, state.epoch(Direction.UNDO) + fresher);
            case REJECTED, UNKNOWN, RUNNING -> {
                if (course.isForward() && step.send() != null) {
                    course.send(step, Direction.FORWARD, state.epoch(Direction.FORWARD) + fresher);
                }
            }
            case PENDING, SUCCEEDED, SKIPPED, UNDONE -> {
                // settled by an answer that was held
            }
        }
    }

    private static void resolve(Course course, Input.OperatorAction action, @Nullable Step step) {
        if (step == null) {
            return;
        }
        if (!course.isForward()) {
            course.emit(new SagaEvent.UndoSucceeded(step.name()));
            return;
        }
        var send = step.send();
        var reply = action.reply() == null ? JsonNodeFactory.instance.objectNode() : action.reply();
        String type =
                send == null || send.replies().isEmpty() ? "" : send.replies().get(0);
        var state = course.definition().code().replied(step, course.instance().state(), type, reply);
        course.emit(new SagaEvent.StepSucceeded(step.name(), type, reply, state, null));
    }

    /** Takes up the events that came while it was parked. */
    private static void release(Course course) {
        for (var held : course.instance().held()) {
            if (course.isRunning() && !held.trigger().equals("start")) {
                course.emit(new SagaEvent.EventReleased(held.event().position()));
                Machine.take(course, new Input.EventReceived(held.trigger(), held.event()));
            }
        }
    }
}
