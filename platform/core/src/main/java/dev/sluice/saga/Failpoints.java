package dev.sluice.saga;

/** Where a process may die; told by the engine, heard by tests that end it there. */
@FunctionalInterface
public interface Failpoints {
    /** Nothing happens. */
    Failpoints NONE = place -> {};

    /** The crash windows of a write and of what follows it. */
    enum Place {
        INPUT_READ,
        COMMITTED,
        PUBLISHED,
        SENT,
        ANSWERED,
        TIMER_DUE,
        UNDO_SENT
    }

    void reached(Place place);
}
