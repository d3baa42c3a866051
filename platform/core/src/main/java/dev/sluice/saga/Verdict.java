package dev.sluice.saga;

import org.jspecify.annotations.Nullable;

/**
 * What a saga did with an event.
 *
 * @param key of the instance, null when it could not be told
 * @param run 0: of no run
 * @param version of the event in the instance's stream that says so; 0: none does
 * @param detail why, when there is a reason
 */
public record Verdict(
        String saga,
        @Nullable String key,
        Kind kind,
        int run,
        long version,
        @Nullable String detail) {
    /** What became of it. */
    public enum Kind {
        STARTED,
        RECEIVED,
        CANCELLED,
        /** The instance keeps it until it wants it. */
        HELD,
        IGNORED,
        /** It waits for its instance to begin. */
        EARLY,
        /** It is, or was, a dead letter. */
        DEAD_LETTER,
        /** The saga has not read so far. */
        NOT_REACHED,
        /** Its key could be told when it came, and cannot be told now. */
        UNTOLD;

        /** As users are told. */
        public String word() {
            return switch (this) {
                case STARTED -> "began";
                case RECEIVED -> "received";
                case CANCELLED -> "cancelled";
                case HELD, EARLY -> "held";
                case IGNORED -> "ignored";
                case DEAD_LETTER -> "dead_lettered";
                case NOT_REACHED -> "not_reached";
                case UNTOLD -> "untold";
            };
        }
    }
}
