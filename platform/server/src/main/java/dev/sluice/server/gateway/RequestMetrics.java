package dev.sluice.server.gateway;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** {@code gateway.requests}: time to the head of the answer, by route template and status. Shared by all event loops. */
final class RequestMetrics {
    /** OpenTelemetry's for messaging, and finer below. */
    private static final Duration[] BUCKETS = Stream.of(
                    .0001, .0005, .001, .005, .01, .025, .05, .075, .1, .25, .5, .75, 1.0, 2.5, 5.0, 7.5, 10.0)
            .map(seconds -> Duration.ofNanos((long) (seconds * 1e9)))
            .toArray(Duration[]::new);

    private final MeterRegistry registry;
    private final Map<Key, Timer> timers = new ConcurrentHashMap<>();

    RequestMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    void answered(String route, int status, long nanos) {
        timers.computeIfAbsent(new Key(route, status), this::timer).record(nanos, TimeUnit.NANOSECONDS);
    }

    private Timer timer(Key key) {
        return Timer.builder("gateway.requests")
                .description("Time from a request to the head of its answer")
                .tag("route", key.route())
                .tag("status", String.valueOf(key.status()))
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    private record Key(String route, int status) {}
}
