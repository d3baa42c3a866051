package dev.sluice.bench;

import java.util.Map;
import org.HdrHistogram.AbstractHistogram;
import org.jspecify.annotations.Nullable;

/**
 * What one run of one target did.
 *
 * @param cpuSeconds of this whole process and those it started, unless the benchmark says of what
 * @param latencies in ns, null where single events have none
 * @param more what this benchmark alone measures
 */
record Run(
        long events,
        long nanos,
        double cpuSeconds,
        @Nullable AbstractHistogram latencies,
        Map<Comparison.Figure, Double> more) {
    Run(long events, long nanos, double cpuSeconds, @Nullable AbstractHistogram latencies) {
        this(events, nanos, cpuSeconds, latencies, Map.of());
    }

    /** The same and what else was measured. */
    Run with(Map<Comparison.Figure, Double> measured) {
        return new Run(events, nanos, cpuSeconds, latencies, measured);
    }

    double eventsPerSecond() {
        return events * 1e9 / nanos;
    }

    double cpuMicrosPerEvent() {
        return cpuSeconds * 1e6 / events;
    }

    /** −1 without latencies. */
    double latencyMicros(double percentile) {
        return latencies == null ? -1 : latencies.getValueAtPercentile(percentile) / 1e3;
    }
}
