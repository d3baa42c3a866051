package dev.sluice.server;

import dev.sluice.log.Failure;
import dev.sluice.log.LogMetrics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** What the log tells, as {@code log.append}, {@code log.append.batch}, {@code log.fsync}, {@code log.events}, {@code log.bytes}. */
final class LogMeters implements LogMetrics {
    private final MeterRegistry registry;
    private final Counter written;
    private final DistributionSummary batch;
    private final Counter events;
    private final Counter bytes;
    private final Timer sync;

    LogMeters(MeterRegistry registry) {
        this.registry = registry;
        written = Counter.builder("log.append").tag("outcome", "committed").register(registry);
        batch = DistributionSummary.builder("log.append.batch")
                .baseUnit("writes")
                .register(registry);
        events = Counter.builder("log.events").register(registry);
        bytes = Counter.builder("log.bytes").baseUnit("bytes").register(registry);
        sync = Timer.builder("log.fsync")
                .serviceLevelObjectives(
                        Duration.ofNanos(100_000),
                        Duration.ofNanos(500_000),
                        Duration.ofMillis(1),
                        Duration.ofMillis(5),
                        Duration.ofMillis(10),
                        Duration.ofMillis(25),
                        Duration.ofMillis(100),
                        Duration.ofSeconds(1))
                .register(registry);
    }

    @Override
    public void committed(int shard, int writes, int eventCount, long byteCount) {
        written.increment(writes);
        batch.record(writes);
        events.increment(eventCount);
        bytes.increment(byteCount);
    }

    @Override
    public void synced(int shard, long nanos) {
        sync.record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void refused(int shard, Failure.Kind kind) {
        registry.counter("log.append", "outcome", kind.code()).increment();
    }
}
