package dev.sluice.saga.machine;

/** What something that is sent is for. */
public enum Direction {
    FORWARD,
    UNDO,
    /** Asks whether an attempt of unknown outcome happened. */
    PROBE,
    /** Appends the event that ends the saga. */
    PUBLISH
}
