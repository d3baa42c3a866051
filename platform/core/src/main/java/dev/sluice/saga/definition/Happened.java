package dev.sluice.saga.definition;

import org.jspecify.annotations.Nullable;

/**
 * What happened to an instance of a machine. Events and replies are JSON where the engine says so, and the records of the definition where
 * the machine's code is told.
 */
public sealed interface Happened {
    /** The instance has begun, with the state that its start event led to. */
    record Started() implements Happened {}

    record EventArrived(String name, Object event) implements Happened {}

    /**
     * A command was answered. Also after {@link Unknown}: it did happen.
     *
     * @param reply null when it says nothing: of an aggregate that had nothing to do
     */
    record Succeeded(String name, @Nullable Object reply) implements Happened {}

    /** A command had definitely no effect; of the code {@code skipped} an operator says so. */
    record Rejected(String name, String code, String message) implements Happened {}

    /** Nobody answered a command, however often it was tried: whether it had an effect is not known. */
    record Unknown(String name, String error) implements Happened {}

    record TimerFired(String name) implements Happened {}

    /** The way is back from here on: a cancel event came, the deadline has passed, or an operator says so. */
    record CompensationAsked(String reason, String detail) implements Happened {}

    /** An operator's retry of an instance that had parked itself, or to which nothing else would happen. */
    record Retried() implements Happened {}
}
