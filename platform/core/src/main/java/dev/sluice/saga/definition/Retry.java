package dev.sluice.saga.definition;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How often a command is sent again, and when: {@code first * factor^(n-1)}, at most {@code max}, less up to {@code jitter} of it.
 *
 * @param jitter 0 to 1
 * @param attempts 0: as many as it takes
 * @param parkAfter since the first attempt; null: attempts alone decide
 */
public record Retry(
        Duration first,
        double factor,
        Duration max,
        double jitter,
        int attempts,
        @Nullable Duration parkAfter) {
    /** Of commands. */
    public static final Retry FORWARD = new Retry(Duration.ofMillis(200), 2, Duration.ofSeconds(10), 0.2, 5, null);

    /** Of undos: up to five minutes apart, parked after an hour. */
    public static final Retry UNDO =
            new Retry(Duration.ofMillis(200), 2, Duration.ofMinutes(5), 0.2, 0, Duration.ofHours(1));

    /** {@link #FORWARD} with other waits; no jitter unless it is said. */
    public static Retry exponential(Duration first, double factor, Duration max) {
        return new Retry(first, factor, max, 0, FORWARD.attempts(), null);
    }

    public Retry {
        if (first.isNegative() || first.isZero() || max.compareTo(first) < 0) {
            throw new IllegalArgumentException(
                    "found retries from " + first + " to " + max + ", expected 0 < from ≤ to");
        }
        if (!(factor >= 1 && factor <= 100) || !(jitter >= 0 && jitter <= 1)) {
            throw new IllegalArgumentException(
                    "found factor " + factor + " and jitter " + jitter + ", expected 1 to 100 and 0 to 1");
        }
        if (attempts < 0) {
            throw new IllegalArgumentException("found " + attempts + " attempts, expected 0 (no end) or more");
        }
        if (attempts == 0 && parkAfter == null) {
            throw new IllegalArgumentException("found neither attempts nor a time to park after, expected one");
        }
    }

    public Retry jitter(double share) {
        return new Retry(first, factor, max, share, attempts, parkAfter);
    }

    public Retry attempts(int most) {
        return new Retry(first, factor, max, jitter, most, parkAfter);
    }

    /** However many attempts it takes, until this long after the first. */
    public Retry parkAfter(Duration age) {
        return new Retry(first, factor, max, jitter, 0, age);
    }

    /** The wait in ms after a failed attempt, from 1 on; {@code spread} of 0 to 1 chooses within the jitter. */
    public long delayMillis(int attempt, double spread) {
        double full = Math.min(max.toMillis(), first.toMillis() * Math.pow(factor, attempt - 1.0));
        return Math.max(1, (long) (full * (1 - jitter * spread)));
    }
}
