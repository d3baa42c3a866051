package dev.sluice.log;

import java.util.List;

/**
 * A page of events.
 *
 * @param next where to read on with {@code after}, in the same direction
 * @param end nothing more lies beyond {@code next} at this moment
 */
public record EventPage(List<RecordedEvent> events, Cursor next, boolean end) {
    /** A page ends with the event whose data brings it to so many bytes. */
    public static final int MAX_BYTES = 1 << 20;
}
