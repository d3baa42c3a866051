package dev.sluice.log;

import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of dead letters of a source in one write: their records are appended, those that are refused again become new
 * dead letters, and an event in {@link SourceBatch#resolvedStream} names what is resolved. Of a key whose records wait
 * ({@code ordering: park}) the head comes first and the others follow it in order; one that is refused again ends the write and
 * is the new head.
 *
 * @param key that the records share, as {@link SourceBatch.Ordered} has it; null: no order to keep
 * @param after the write goes on with a release: offset of the letter that was released last; 0: it begins with a letter
 * @param steps in order; may be empty only when a release goes on
 * @param readUpTo offset up to which the letters that wait were looked for; 0: they were not
 * @param resolved makes the event that names letters, discarded or not
 */
public record SourceResolution(
        String source,
        String topic,
        int partition,
        @Nullable String key,
        long after,
        List<Step> steps,
        long readUpTo,
        BiFunction<Boolean, List<Position>, Event> resolved) {
    /**
     * One letter.
     *
     * @param isParked it was stored because it waits behind another
     * @param isDiscarded nothing is appended for it
     * @param record to append, in this shard; null: nothing
     */
    public record Step(
            Position letter, boolean isParked, boolean isDiscarded, SourceBatch.@Nullable SourceEvent record) {}

    /** How a write ended. */
    public enum Outcome {
        /** The steps were taken, as far as {@link Resolved} says. */
        DONE,
        /** The first letter was resolved before, or another caller goes on with the release. */
        ALREADY,
        /** The first letter waits behind {@link Resolved#head}. */
        BEHIND
    }

    /**
     * The answer.
     *
     * @param resolved how many letters were, without the last when it was refused again
     * @param again offset of the new letter of a record that was refused again, 0 for none
     * @param head offset of the letter that the key's others wait behind, 0 for none
     * @param isReleasing others wait and follow: go on after {@code head}
     */
    public record Resolved(Outcome outcome, int resolved, long again, long head, boolean isReleasing) {}
}
