package dev.sluice.saga;

import java.time.Duration;

/**
 * What sagas may take up.
 *
 * @param inFlight most commands sent and not answered, of all shards together; more wait in the store
 * @param batch most inputs in one write
 * @param cacheBytes of decoded instances, of all shards together
 * @param timerWindow how far ahead timers are held in memory
 * @param maxEventBytes what the log takes
 */
public record SagaLimits(int inFlight, int batch, long cacheBytes, Duration timerWindow, int maxEventBytes) {
    public static final SagaLimits DEFAULTS = new SagaLimits(2_048, 512, 32L << 20, Duration.ofSeconds(60), 1 << 20);
}
