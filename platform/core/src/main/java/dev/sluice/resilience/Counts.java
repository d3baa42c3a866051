package dev.sluice.resilience;

/**
 * What a circuit breaker has counted: since its phase began and, in CLOSED, no longer ago than {@code interval}.
 *
 * @param requests admitted, answered or not
 * @param successes slow ones among them
 * @param consecutiveSuccesses since the last failure
 * @param consecutiveFailures since the last success
 * @param stale outcomes that came when their phase was over, since the breaker was made: they count nowhere else
 */
public record Counts(
        long requests,
        long successes,
        long failures,
        long consecutiveSuccesses,
        long consecutiveFailures,
        long slow,
        long stale) {
    /** What the ratios are of: requests whose outcome is known. */
    public long settled() {
        return successes + failures;
    }
}
