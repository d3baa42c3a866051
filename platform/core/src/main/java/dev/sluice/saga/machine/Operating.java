package dev.sluice.saga.machine;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.log.Failure;
import dev.sluice.saga.definition.Step;
import org.jspecify.annotations.Nullable;

/** What operators do to an instance; each action id acts once. */
final class Operating {
    private Operating() {}

    /** WRONG_STATUS for what cannot be done to the instance as it is. */
    static void check(Course course, Input.OperatorAction action) {
        var instance = course.instance();
        var parked = instance.parked();
        String step = meant(course, action);
        boolean isParked = parked != null;
        boolean isPaused = parked != null && parked.reason() == ParkReason.PAUSED;
        boolean fits =
                switch (action.verb()) {
                    case PAUSE -> course.isLive();
                    case ABANDON -> !instance.status().isEnded();
                    case COMPENSATE ->
                        course.isForward()
                                ? !instance.status().isEnded() && !course.isEnding()
                                : isParked
                                        && !isPaused
                                        && !instance.heldReplies().isEmpty();
                    case RESUME -> isPaused;
                    case RETRY -> isParked && !isPaused && (step == null || isOpen(course, step));
                    case RETRY_FRESH -> isParked && step != null && isOpen(course, step) && canSend(course, step);
                    case RESOLVE, SKIP -> isParked && step != null && isOpen(course, step);
                };
        if (!fits) {
            throw Failure.of(
                            Failure.Kind.WRONG_STATUS,
                            "found instance " + instance.key() + " " + instance.status()
                                    + (parked == null ? "" : " (" + parked.reason() + ")")
                                    + (step == null
                                            ? ""
                                            : ", step " + step + " "
                                                    + instance.step(step).status())
                                    + ", expected " + expected(action.verb()))
                    .with("status", instance.status().name());
        }
    }

    /** The step that an action is about: the one it names, that was parked for, or else the first that is stuck. */
    static @Nullable String meant(Course course, Input.OperatorAction action) {
        var parked = course.instance().parked();
        if (action.step() != null || parked == null) {
            return action.step();
        }
        if (parked.step() != null) {
            return parked.step();
        }
        var stuck = course.definition().structure().steps().stream()
                .filter(step -> isStuck(course, course.step(step)))
                .map(Step::name)
                .findFirst();
        boolean isAnswered =
                switch (action.verb()) {
                    case RETRY_FRESH, RESOLVE, SKIP -> parked.reason() != ParkReason.PAUSED;
                    case RETRY, COMPENSATE, PAUSE, RESUME, ABANDON -> false;
                };
        return stuck.or(() -> course.instance().heldReplies().stream()
                        .filter(reply -> isAnswered)
                        .map(Input.Replied::step)
                        .findFirst())
                .orElse(null);
    }

    /** Nothing but an operator will move it. */
    private static boolean isStuck(Course course, StepState step) {
        return course.isForward()
                ? !course.isMachine()
                        && step.sending() == null
                        && (step.status() == StepStatus.REJECTED || step.status() == StepStatus.UNKNOWN)
                : step.status() == StepStatus.UNDO_FAILED;
    }

    /** Has begun in the direction that the instance goes, and is not done: what is done stays, as its undo depends on it. */
    private static boolean isOpen(Course course, String name) {
        return switch (course.instance().step(name).status()) {
            case RUNNING, REJECTED, UNKNOWN -> course.sendsForward() || name.equals(Course.PUBLISH);
            case UNDOING, UNDO_FAILED -> true;
            case PENDING, SUCCEEDED, SKIPPED, UNDONE -> false;
        };
    }

    /** What a machine's command was is known while it is under way; steps make theirs again. */
    private static boolean canSend(Course course, String name) {
        return !course.isMachine() || course.instance().step(name).sending() != null;
    }

    static SagaEvent acted(Input.OperatorAction action, @Nullable String step) {
        return new SagaEvent.OperatorActed(action.id(), action.verb(), action.actor(), action.reason(), step);
    }

    static void act(Course course, Input.OperatorAction action) {
        String step = meant(course, action);
        course.emit(acted(action, step));
        switch (action.verb()) {
            case PAUSE ->
                course.park(
                        ParkReason.PAUSED,
                        null,
                        course.isForward() ? Direction.FORWARD : Direction.UNDO,
                        "paused by " + action.actor() + ": " + action.reason());
            case ABANDON -> course.finish(new SagaEvent.SagaFailed(action.reason(), Machine.inForce(course)));
            case RESUME, RETRY, RETRY_FRESH, RESOLVE, SKIP, COMPENSATE -> {
                unpark(course, action, step);
                proceed(course, action, step);
                release(course);
                if (course.isMachine() && action.verb() == Input.Verb.RETRY) {
                    CodeCourse.retried(course);
                }
                Machine.goOn(course);
            }
        }
    }

    private static String expected(Input.Verb verb) {
        return switch (verb) {
            case PAUSE -> "it PENDING, RUNNING or COMPENSATING to pause it";
            case ABANDON -> "it not to have ended to abandon it";
            case COMPENSATE ->
                "it to go forward and not to have all but completed, or PARKED with an answer that cannot be taken, to compensate it";
            case RESUME -> "it PARKED by a pause to resume it";
            case RETRY -> "it PARKED, not by a pause, with a step that is not done, to retry it";
            case RETRY_FRESH, RESOLVE, SKIP -> "it PARKED with a step that has begun and is not done";
        };
    }

    /** Takes it up again, and first the answers that came meanwhile. */
    private static void unpark(Course course, Input.OperatorAction action, @Nullable String step) {
        if (course.instance().parked() == null) {
            return;
        }
        var replies = course.instance().heldReplies();
        course.emit(new SagaEvent.SagaUnparked());
        for (var reply : replies) {
            var before = course.mark();
            try {
                Machine.take(course, reply);
                course.checkSize();
            } catch (RuntimeException | StackOverflowError thrown) {
                if (!isInstead(action, step, reply)) {
                    throw thrown;
                }
                course.rewind(before);
                letGo(
                        course,
                        action,
                        reply,
                        thrown instanceof Failure failure ? failure.getMessage() : thrown.toString());
            }
        }
    }

    /** On the way back a step whose answer cannot be taken is of unknown outcome, and undone; sent again, it would only be answered so again. */
    private static void letGo(Course course, Input.OperatorAction action, Input.Replied reply, String why) {
        var state = course.instance().step(reply.step());
        if (action.verb() == Input.Verb.COMPENSATE
                && reply.direction() != Direction.UNDO
                && reply.direction() != Direction.PUBLISH
                && state.status() == StepStatus.RUNNING) {
            course.emit(new SagaEvent.StepUnknown(reply.step(), "its answer cannot be taken: " + why));
            CodeCourse.tell(course);
        } else {
            course.emit(new SagaEvent.ReplyIgnored(
                    reply.step(), reply.direction(), reply.epoch(), "it cannot be taken: " + why));
        }
    }

    /** Whether an operator wants something else than an answer that cannot be taken: the answer is let go then. */
    private static boolean isInstead(Input.OperatorAction action, @Nullable String step, Input.Replied reply) {
        return switch (action.verb()) {
            case COMPENSATE -> true;
            case RETRY_FRESH, RESOLVE, SKIP -> reply.step().equals(step);
            case RETRY, RESUME, PAUSE, ABANDON -> false;
        };
    }

    private static void proceed(Course course, Input.OperatorAction action, @Nullable String name) {
        if (!course.isLive()) {
            return;
        }
        switch (action.verb()) {
            case COMPENSATE -> {
                if (course.isForward()) {
                    course.compensate("operator", action.actor() + ": " + action.reason());
                }
            }
            case RETRY -> again(course, name, 0);
            case RETRY_FRESH -> again(course, name, 1);
            case RESOLVE -> resolve(course, action, name);
            case SKIP -> {
                if (name != null && isOpen(course, name)) {
                    boolean isUndo = !course.sendsForward() && !name.equals(Course.PUBLISH);
                    course.emit(
                            isUndo
                                    ? new SagaEvent.UndoSucceeded(name)
                                    : new SagaEvent.StepSkipped(name, "by " + action.actor()));
                }
            }
            case RESUME, PAUSE, ABANDON -> {
                // nothing beside what they have done already
            }
        }
    }

    /** Begins a step again that has no clear answer; the answers that were held may have settled it. */
    private static void again(Course course, @Nullable String name, int fresher) {
        if (name == null || !isOpen(course, name)) {
            return;
        }
        var step = course.definition().structure().step(name);
        if (step == null) {
            course.sendAgain(name, 0);
            return;
        }
        if (course.isMachine()) {
            if (canSend(course, name)) {
                course.sendAgain(name, fresher);
            }
            return;
        }
        var state = course.step(step);
        if (!course.isForward()) {
            course.send(step, Direction.UNDO, state.epoch(Direction.UNDO) + fresher);
        } else if (step.send() != null) {
            course.send(step, Direction.FORWARD, state.epoch(Direction.FORWARD) + fresher);
        } else if (state.status() != StepStatus.RUNNING) {
            course.waitFor(step);
        }
    }

    private static void resolve(Course course, Input.OperatorAction action, @Nullable String name) {
        if (name == null || !isOpen(course, name)) {
            return;
        }
        var step = course.definition().structure().step(name);
        if (!course.sendsForward() && step != null) {
            course.emit(new SagaEvent.UndoSucceeded(name));
            return;
        }
        var state = course.instance().state();
        var send = step == null ? null : step.send();
        var reply = action.reply() == null ? JsonNodeFactory.instance.objectNode() : action.reply();
        String type =
                send == null || send.replies().isEmpty() ? "" : send.replies().get(0);
        var after = step == null || send == null
                ? state
                : course.definition().code().replied(step, state, type, reply);
        course.emit(new SagaEvent.StepSucceeded(name, type, reply, after, null));
    }

    /** Takes up the events that came while it was parked. */
    static void release(Course course) {
        for (var held : course.instance().held()) {
            if (course.isLive() && !held.trigger().equals("start")) {
                course.emit(
                        new SagaEvent.EventReleased(held.trigger(), held.event().position()));
                Machine.take(course, new Input.EventReceived(held.trigger(), held.event()));
            }
        }
    }
}
