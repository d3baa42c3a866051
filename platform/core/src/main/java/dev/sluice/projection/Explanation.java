package dev.sluice.projection;

import dev.sluice.log.Cursor;
import dev.sluice.log.Position;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a projection's live generation makes of an event.
 *
 * @param cursor how far it has folded
 * @param isReached whether it has come as far as the event
 * @param lag what is between it and the end of the log
 */
public record Explanation(
        String projection, int generation, Cursor cursor, boolean isReached, View.Lag lag, Outcome outcome) {

    /** What becomes of an event. More kinds may come. */
    public sealed interface Outcome {}

    /** No clause is for it. */
    public record NotMeant() implements Outcome {}

    /** {@code where} does not hold for it. */
    public record Filtered(String where) implements Outcome {}

    /** It came after its window's grace. */
    public record Late() implements Outcome {}

    /** It is held back until a dead letter is dealt with. */
    public record Parked(List<String> keys, Position behind) implements Outcome {}

    /** It cannot be folded; {@code letter}: where its dead letter is, null when that is not written (yet). */
    public record Refused(
            String detail, List<String> keys, @Nullable Position letter) implements Outcome {}

    /** Nobody can say: the generation cannot be folded. */
    public record Untold(String problem) implements Outcome {}

    /** Its dead letter was discarded. */
    public record Discarded(Position letter) implements Outcome {}

    /** It is folded into rows; {@code retried}: the dead letter that it was before, null for none. */
    public record Folded(List<RowChange> rows, @Nullable Position retried) implements Outcome {}

    /** A row as it is now, and as it would be with the event folded (once more); JSON, null when it is not there. */
    public record RowChange(
            String key, @Nullable String before, @Nullable String after) {}
}
