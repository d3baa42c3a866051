package dev.sluice.resilience;

import java.util.concurrent.atomic.LongAdder;

/** What became of attempts, as metrics count them. Any thread. */
final class Tally {
    private final LongAdder[] outcomes = new LongAdder[Outcome.values().length];
    private final LongAdder rejected = new LongAdder();

    Tally() {
        for (int i = 0; i < outcomes.length; i++) {
            outcomes[i] = new LongAdder();
        }
    }

    void count(Outcome outcome) {
        outcomes[outcome.ordinal()].increment();
    }

    void countRejected() {
        rejected.increment();
    }

    Sidecar.Calls shown() {
        return new Sidecar.Calls(
                outcomes[Outcome.SUCCESS.ordinal()].sum(),
                outcomes[Outcome.FAILURE.ordinal()].sum(),
                outcomes[Outcome.SLOW.ordinal()].sum(),
                outcomes[Outcome.EXCLUDED.ordinal()].sum(),
                rejected.sum());
    }
}
