package dev.sluice.saga.machine;

/** Why an instance waits for an operator. */
public enum ParkReason {
    /** Code of the definition threw. */
    POISON,
    /** A step that cannot be refused was. */
    REJECTED,
    /** A step behind the pivot had no clear answer, however often it was tried. */
    EXHAUSTED,
    PIVOT_UNKNOWN,
    UNDO_REJECTED,
    UNDO_EXHAUSTED,
    DEFINITION_MISSING,
    STATE_TOO_LARGE,
    /** Code of a machine wants it. */
    ASKED,
    PAUSED
}
