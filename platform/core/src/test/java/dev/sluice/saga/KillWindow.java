package dev.sluice.saga;

import dev.sluice.saga.Failpoints.Place;
import org.jspecify.annotations.Nullable;

/** Where a process is killed: the crash windows, and anywhere. */
enum KillWindow {
    ANYWHERE(null),
    W1_INPUT_READ(Place.INPUT_READ),
    W2_COMMITTED(Place.COMMITTED),
    W3_PUBLISHED(Place.PUBLISHED),
    W4_SENT(Place.SENT),
    /** The participant has it and has done nothing. */
    W5_NOT_ACKNOWLEDGED(null),
    /** The participant has done it and says nothing. */
    W6_NOT_ANSWERED(null),
    /** The answer has come and nothing of it is written. */
    W7_ANSWERED(Place.ANSWERED),
    W8_TIMER_DUE(Place.TIMER_DUE),
    W9_UNDO_SENT(Place.UNDO_SENT),
    /** The last record of the write-ahead logs ends in the middle. */
    W10_TORN_TAIL(null),
    /** What is committed is in the write-ahead log only: under as many inputs as there are. */
    W11_UNFLUSHED(null),
    /** An input ends the process whenever it comes. */
    W12_CRASH_LOOP(null);

    private final @Nullable Place place;

    KillWindow(@Nullable Place place) {
        this.place = place;
    }

    @Nullable
    Place place() {
        return place;
    }
}
