package dev.sluice.projection;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** Counts what became of events in one table. For the fold thread. */
final class Tally {
    private long folded;
    private long filtered;
    private long late;
    private long parked;
    private long refused;
    private long nullsIgnored;

    void count(FoldClause.Outcome outcome) {
        switch (outcome) {
            case FOLDED -> folded++;
            case FILTERED -> filtered++;
            case LATE -> late++;
            case PARKED -> parked++;
            case NOT_MEANT -> {}
        }
    }

    void refused() {
        refused++;
    }

    /** An aggregate was given null. */
    void nullIgnored() {
        nullsIgnored++;
    }

    /** What was counted since the last report is not so. */
    void forget() {
        folded = 0;
        filtered = 0;
        late = 0;
        parked = 0;
        refused = 0;
        nullsIgnored = 0;
    }

    /** Adds to the meters what was counted since the last report. */
    void report(MeterRegistry metrics, String projection) {
        folded = report(metrics, projection, "folded", folded);
        filtered = report(metrics, projection, "filtered", filtered);
        late = report(metrics, projection, "late", late);
        parked = report(metrics, projection, "parked", parked);
        refused = report(metrics, projection, "dead_letter", refused);
        nullsIgnored = report(metrics, projection, "null_ignored", nullsIgnored);
    }

    private static long report(MeterRegistry metrics, String projection, String result, long count) {
        if (count > 0) {
            Counter.builder("projection.events")
                    .tags("projection", projection, "result", result)
                    .register(metrics)
                    .increment(count);
        }
        return 0;
    }
}
