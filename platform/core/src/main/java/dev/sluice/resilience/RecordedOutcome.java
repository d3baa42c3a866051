package dev.sluice.resilience;

import org.jspecify.annotations.Nullable;

/**
 * An attempt of the last minutes, as it is kept for a dry run.
 *
 * @param client who called, null when nobody knows
 * @param attempt 1 for the first
 * @param atNanos when it began, by the clock of the machine that recorded it, which never goes back
 * @param outcome {@link #OK}, {@link #UNKNOWN}, or the word of a {@link Policy.Condition}
 */
public record RecordedOutcome(
        String address, @Nullable String client, int attempt, long atNanos, long durationNanos, String outcome) {
    public static final String OK = "ok";
    /** It was refused on this side, so nobody knows what would have become of it. */
    public static final String UNKNOWN = "unknown";

    public RecordedOutcome {
        if (attempt < 1 || durationNanos < 0) {
            throw new IllegalArgumentException("found attempt " + attempt + " of " + durationNanos
                    + " ns, expected one from 1 on that did not end before it began");
        }
        if (!outcome.equals(OK) && !outcome.equals(UNKNOWN)) {
            new Policy.Condition(outcome);
        }
    }

    boolean isKnown() {
        return !outcome.equals(UNKNOWN);
    }

    /** Null when it did not fail, as far as is known. */
    Policy.@Nullable Condition failure() {
        return outcome.equals(OK) || !isKnown() ? null : new Policy.Condition(outcome);
    }

    long endNanos() {
        return atNanos + durationNanos;
    }
}
