package dev.sluice.bench;

import org.HdrHistogram.AbstractHistogram;
import org.jspecify.annotations.Nullable;

/**
 * What one run of one target did.
 *
 * @param cpuSeconds of this whole process and those it started
 * @param latencies in ns, null where single events have none
 */
record Run(
        long events,
        long nanos,
        double cpuSeconds,
        @Nullable AbstractHistogram latencies) {
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
