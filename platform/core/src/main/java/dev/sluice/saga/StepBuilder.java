package dev.sluice.saga;

import dev.sluice.saga.definition.Outgoing;
import dev.sluice.saga.definition.Retry;
import dev.sluice.saga.definition.Send;
import dev.sluice.saga.definition.Step;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A step of a {@link Saga} in the making.
 *
 * @param <S> the state of the saga
 * @param <R> what the participant replies
 */
public final class StepBuilder<S, R> {
    private final Participant<?, R> participant;
    private final Function<S, Outgoing> command;
    private final BiFunction<S, R, S> after;
    private Policy policy;
    private @Nullable Predicate<S> when;
    private @Nullable Send undo;
    private @Nullable BiFunction<S, Optional<R>, Outgoing> undoing;
    private @Nullable Send probe;
    private @Nullable Function<S, Outgoing> probing;
    private boolean isReadOnly;

    private <C> StepBuilder(
            Participant<C, R> participant, Function<S, C> command, BiFunction<S, R, S> after, Policy policy) {
        this.participant = participant;
        this.command = state -> participant.outgoing(command.apply(state));
        this.after = after;
        this.policy = policy;
    }

    /** A step of which only the name is known. */
    public static final class Named<S> {
        private final Policy policy;

        Named(Policy policy) {
            this.policy = policy;
        }

        /** Sends the command that the state leads to; the reply leads to the state after. */
        public <C, R> StepBuilder<S, R> call(
                Participant<C, R> participant, Function<S, C> command, BiFunction<S, R, S> after) {
            return new StepBuilder<>(participant, command, after, policy);
        }

        /** As {@link #call(Participant, Function, BiFunction)}; the state stays as it is. */
        public <C, R> StepBuilder<S, R> call(Participant<C, R> participant, Function<S, C> command) {
            return call(participant, command, (state, reply) -> state);
        }
    }

    /** The step is left out where this does not hold. */
    public StepBuilder<S, R> when(Predicate<S> condition) {
        when = condition;
        return this;
    }

    /** Of an attempt. */
    public StepBuilder<S, R> timeout(Duration ofAttempt) {
        policy = policy.timeout(ofAttempt);
        return this;
    }

    public StepBuilder<S, R> retry(Retry how) {
        policy = policy.retry(how);
        return this;
    }

    /** Has no effect, hence no undo. */
    public StepBuilder<S, R> readOnly() {
        isReadOnly = true;
        return this;
    }

    /** The command that takes the effect back; without a reply it is not known whether there is one. */
    public <C> StepBuilder<S, R> undo(Participant<C, ?> with, BiFunction<S, Optional<R>, C> undoCommand) {
        return undo(with, undoCommand, unchanged -> unchanged);
    }

    public <C> StepBuilder<S, R> undo(
            Participant<C, ?> with, BiFunction<S, Optional<R>, C> undoCommand, UnaryOperator<Policy> how) {
        undo = with.send(how.apply(Policy.UNDO));
        undoing = (state, reply) -> with.outgoing(undoCommand.apply(state, reply));
        return this;
    }

    /** The command that asks whether an attempt of unknown outcome happened: a rejection says that it did not, a reply is the step's. */
    public <C> StepBuilder<S, R> probe(Participant<C, R> with, Function<S, C> probeCommand) {
        probe = with.send(Policy.FORWARD);
        probing = state -> with.outgoing(probeCommand.apply(state));
        return this;
    }

    Step step(String name, Step.Kind kind) {
        return new Step(name, kind, when != null, isReadOnly, participant.send(policy), undo, probe, null, null);
    }

    StepCode<S, R> code() {
        return new StepCode<>(participant.reply(), command, after, when, undoing, probing);
    }
}
