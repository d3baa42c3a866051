package dev.sluice.saga;

import dev.sluice.saga.machine.Direction;

/** Where a process may die; told by the engine, heard by tests that end it there. */
@FunctionalInterface
public interface Failpoints {
    /** Nothing happens. */
    Failpoints NONE = place -> {};

    /** The crash windows of a write and of what follows it, as far as they lie in the engine. */
    enum Place {
        /** Inputs were gathered, their write has not begun. */
        INPUT_READ,
        /** A write is durable, nothing of it was sent. */
        COMMITTED,
        /** What an instance publishes at its end was handed on. */
        PUBLISHED,
        /** A command was handed on, nobody has answered. */
        SENT,
        /** A participant has answered, which is not written. */
        ANSWERED,
        /** Timers are due, their write has not begun. */
        TIMER_DUE,
        /** An undo was handed on. */
        UNDO_SENT;

        static Place sent(Direction direction) {
            return switch (direction) {
                case FORWARD, PROBE -> SENT;
                case UNDO -> UNDO_SENT;
                case PUBLISH -> PUBLISHED;
            };
        }
    }

    void reached(Place place);
}
