package dev.sluice.projection;

import dev.sluice.log.Cursor;
import dev.sluice.log.Position;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a projection's live generation makes of an event.
 *
 * @param cursor how far it has folded
 * @param way whether it has come as far as the event
 */
public record Explanation(String projection, int generation, Cursor cursor, Way way, Outcome outcome) {
    /** Whether a generation has come as far as an event. */
    public sealed interface Way {}

    /**
     * It has, some time between the two (µs since 1970 UTC); nobody knows it more exactly when that was before the process
     * started or long ago.
     */
    public record Reached(long afterMicros, long byMicros) implements Way {}

    /**
     * It has not yet.
     *
     * @param lag what is between it and the end of the log
     * @param events up to the event, in its shard
     * @param millis about how long it takes to come there, −1 when that cannot be told; {@code reason} says why
     */
    public record Ahead(
            View.Lag lag,
            long events,
            long millis,
            @Nullable String reason) implements Way {}

    boolean isReached() {
        return way instanceof Reached;
    }

    Explanation with(Outcome other) {
        return new Explanation(projection, generation, cursor, way, other);
    }

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
