package dev.sluice.resilience;

import dev.sluice.log.Failure;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An attempt of the last minutes, as it is kept for a dry run.
 *
 * @param client who called, null when nobody knows
 * @param attempt 1 for the first
 * @param atNanos when it began, by the clock of the machine that recorded it, which never goes back
 * @param outcome {@link #OK}, {@link #UNKNOWN}, or the code of a kind of failure
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
    }

    boolean isOk() {
        return outcome.equals(OK);
    }

    boolean isKnown() {
        return !outcome.equals(UNKNOWN);
    }

    /** Of an outcome that is known and not ok. */
    Failure.Kind failure() {
        return Failure.Kind.valueOf(outcome.toUpperCase(Locale.ROOT));
    }

    long endNanos() {
        return atNanos + durationNanos;
    }
}
