package dev.sluice.log;

import java.util.List;

/**
 * A page of events.
 *
 * @param next where to read on with {@code after}, in the same direction
 * @param end nothing more lies beyond {@code next} at this moment
 */
public record EventPage(List<RecordedEvent> events, Cursor next, boolean end) {}
