package dev.sluice.saga.machine;

import dev.sluice.saga.definition.Retry;
import dev.sluice.saga.definition.Send;
import dev.sluice.saga.definition.Step;
import java.util.Objects;

/** What the answers of participants do: the way on, the next attempt, the way back, or an operator. */
final class Answering {
    private Answering() {}

    static void take(Course course, Input.Replied reply) {
        var state = course.instance().step(reply.step());
        var sending = state.sending();
        boolean isExpected = sending != null
                && sending.direction() == reply.direction()
                && sending.epoch() == reply.epoch()
                && (isClear(reply.outcome())
                        || (reply.attempt() == 0 || reply.attempt() == state.attempt())
                                && !course.instance().waitsToRetry(reply.step()));
        if (!isExpected) {
            late(course, reply);
        } else if (reply.outcome() instanceof Outcome.Deferred deferred) {
            deferred(course, reply, deferred);
        } else if (reply.direction() == Direction.PUBLISH) {
            published(course, reply);
        } else {
            var step = Objects.requireNonNull(course.definition().structure().step(reply.step()), reply.step());
            settle(course, step, reply);
        }
    }

    /** Of whatever attempt: all are the same command. */
    private static boolean isClear(Outcome outcome) {
        return outcome instanceof Outcome.Succeeded || outcome instanceof Outcome.Rejected;
    }

    /** On the way back no step is sent forward again; what an earlier attempt did is not known. */
    private static void deferred(Course course, Input.Replied reply, Outcome.Deferred deferred) {
        if (reply.direction() == Direction.FORWARD && !course.sendsForward()) {
            course.emit(new SagaEvent.StepUnknown(reply.step(), "given up: compensation has begun"));
        } else {
            course.defer(reply.step(), deferred);
        }
    }

    /** An answer nobody waits for any more tells of a step of unknown outcome that it did happen; until its undo has been sent. */
    private static void late(Course course, Input.Replied reply) {
        var step = course.definition().structure().step(reply.step());
        var state = course.instance().step(reply.step());
        if (step != null
                && step.send() != null
                && reply.direction() == Direction.FORWARD
                && classified(step.send(), reply.outcome()) instanceof Outcome.Succeeded succeeded
                && state.status() == StepStatus.UNKNOWN
                && reply.epoch() == state.epoch(Direction.FORWARD)) {
            succeeded(course, step, succeeded);
        } else if (!(reply.outcome() instanceof Outcome.Deferred)) {
            course.emit(new SagaEvent.ReplyIgnored(
                    reply.step(), reply.direction(), reply.epoch(), "nothing waits for this answer"));
        }
    }

    private static void published(Course course, Input.Replied reply) {
        if (reply.outcome() instanceof Outcome.Succeeded) {
            var instance = course.instance();
            course.emit(new SagaEvent.StepSucceeded(
                    reply.step(),
                    "",
                    Objects.requireNonNull(instance.step(reply.step()).sending())
                            .data(),
                    instance.state(),
                    null));
        } else {
            unanswered(
                    course,
                    reply,
                    Retry.UNDO,
                    errorOf(reply.outcome()),
                    () -> course.park(ParkReason.EXHAUSTED, reply.step(), Direction.PUBLISH, errorOf(reply.outcome())));
        }
    }

    private static void settle(Course course, Step step, Input.Replied reply) {
        var send = Objects.requireNonNull(Course.sendOf(step, reply.direction()));
        var outcome = classified(send, reply.outcome());
        if (outcome instanceof Outcome.Unknown unknown) {
            unknown(course, step, reply, send, unknown.error());
            return;
        }
        switch (reply.direction()) {
            case FORWARD -> {
                if (outcome instanceof Outcome.Succeeded succeeded) {
                    succeeded(course, step, succeeded);
                } else {
                    rejected(course, step, (Outcome.Rejected) outcome);
                }
            }
            case UNDO -> {
                if (outcome instanceof Outcome.Succeeded) {
                    course.emit(new SagaEvent.UndoSucceeded(step.name()));
                } else {
                    undoFailed(course, step, ParkReason.UNDO_REJECTED, errorOf(outcome));
                }
            }
            case PROBE -> {
                if (outcome instanceof Outcome.Succeeded succeeded) {
                    succeeded(course, step, succeeded);
                } else {
                    rejected(course, step, new Outcome.Rejected("never-happened", errorOf(outcome)));
                }
            }
            case PUBLISH -> throw new IllegalStateException("a step publishes nothing");
        }
    }

    /**
     * A reply of a type that means rejection is one, and one that the definition does not know tells nothing. One without a type is of an
     * aggregate that had nothing to do.
     */
    private static Outcome classified(Send send, Outcome outcome) {
        if (!(outcome instanceof Outcome.Succeeded succeeded)) {
            return outcome;
        }
        String type = succeeded.type();
        if (send.rejects().contains(type)) {
            return new Outcome.Rejected(type, succeeded.data().toString());
        }
        return type.isEmpty() || send.replies().isEmpty() || send.replies().contains(type)
                ? outcome
                : new Outcome.Unknown("found a reply of type " + type + ", expected one of "
                        + String.join(", ", send.replies()) + " or of " + String.join(", ", send.rejects()));
    }

    private static void succeeded(Course course, Step step, Outcome.Succeeded succeeded) {
        var state =
                course.definition().code().replied(step, course.instance().state(), succeeded.type(), succeeded.data());
        course.emit(new SagaEvent.StepSucceeded(step.name(), succeeded.type(), succeeded.data(), state, null));
    }

    private static void rejected(Course course, Step step, Outcome.Rejected rejected) {
        course.emit(new SagaEvent.StepRejected(step.name(), rejected.code(), rejected.message()));
        course.failed(step, "rejected", "step " + step.name() + ": " + rejected.code() + ": " + rejected.message());
    }

    private static void undoFailed(Course course, Step step, ParkReason reason, String error) {
        course.emit(new SagaEvent.UndoFailed(step.name(), error));
        course.park(reason, step.name(), Direction.UNDO, error);
    }

    private static void unknown(Course course, Step step, Input.Replied reply, Send send, String error) {
        switch (reply.direction()) {
            case FORWARD -> {
                if (course.sendsForward()) {
                    unanswered(course, reply, send.retry(), error, () -> exhausted(course, step, error));
                } else {
                    course.emit(new SagaEvent.StepUnknown(step.name(), error));
                }
            }
            case UNDO ->
                unanswered(
                        course,
                        reply,
                        send.retry(),
                        error,
                        () -> undoFailed(course, step, ParkReason.UNDO_EXHAUSTED, error));
            case PROBE ->
                unanswered(course, reply, send.retry(), error, () -> {
                    course.emit(new SagaEvent.StepUnknown(step.name(), error));
                    stays(course, step, error);
                });
            case PUBLISH -> throw new IllegalStateException("a step publishes nothing");
        }
    }

    private static void unanswered(Course course, Input.Replied reply, Retry retry, String error, Runnable exhausted) {
        var state = course.instance().step(reply.step());
        var parkAfter = retry.parkAfter();
        boolean isOver = retry.attempts() > 0 && state.attempt() >= retry.attempts()
                || parkAfter != null && course.nowMillis() - state.beganMillis >= parkAfter.toMillis();
        if (isOver) {
            exhausted.run();
            return;
        }
        double spread =
                CommandIds.spread(Objects.requireNonNull(state.sending()).commandId(), state.attempt());
        course.emit(new SagaEvent.AttemptFailed(
                reply.step(),
                reply.direction(),
                state.attempt(),
                error,
                course.nowMillis() + retry.delayMillis(state.attempt(), spread)));
    }

    private static void exhausted(Course course, Step step, String error) {
        course.emit(new SagaEvent.StepUnknown(step.name(), error));
        if (step.probe() != null) {
            course.send(step, Direction.PROBE, course.step(step).epoch(Direction.FORWARD));
        } else {
            stays(course, step, error);
        }
    }

    /** Nobody can tell whether it happened. */
    private static void stays(Course course, Step step, String error) {
        if (!course.isForward() || course.isMachine()) {
            return;
        }
        if (course.definition().structure().isFromPivotOn(step)) {
            var reason = step.kind() == Step.Kind.PIVOT ? ParkReason.PIVOT_UNKNOWN : ParkReason.EXHAUSTED;
            course.park(reason, step.name(), Direction.FORWARD, error);
        } else {
            course.compensate("exhausted", "step " + step.name() + ": " + error);
        }
    }

    private static String errorOf(Outcome outcome) {
        if (outcome instanceof Outcome.Rejected rejected) {
            return rejected.code() + ": " + rejected.message();
        }
        return outcome instanceof Outcome.Unknown unknown ? unknown.error() : outcome.toString();
    }
}
