package dev.sluice.saga.definition;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A step of a saga.
 *
 * @param name unique within the saga
 * @param isConditional {@link SagaCode#applies} decides whether it runs
 * @param isReadOnly has nothing to undo
 * @param send null for waiting steps
 * @param undo null when there is nothing to undo
 * @param probe asks a participant whether an attempt of unknown outcome happened; null: nobody can tell
 * @param await of {@link Kind#AWAIT} and {@link Kind#HEARD}
 * @param sleep of {@link Kind#SLEEP}
 */
public record Step(
        String name,
        Kind kind,
        boolean isConditional,
        boolean isReadOnly,
        @Nullable Send send,
        @Nullable Send undo,
        @Nullable Send probe,
        @Nullable Await await,
        @Nullable Duration sleep) {
    /** What becomes of a step when things go wrong. */
    public enum Kind {
        /** Can be undone; before the pivot. */
        COMPENSATABLE,
        /** The point of no return: done, the saga only goes forward. */
        PIVOT,
        /** Cannot be refused; after the pivot, or all steps when there is none. */
        RETRIABLE,
        /** Waits for an event. */
        AWAIT,
        SLEEP,
        /** Of a machine: sent when, and as often as, its code says so. */
        SCHEDULED,
        /** Of a machine: an event that its code is told of whenever it comes. */
        HEARD
    }

    /**
     * What is waited for.
     *
     * @param timeout without an end when null; then the saga's own deadline is the end
     */
    public record Await(Trigger trigger, @Nullable Duration timeout) {}
}
