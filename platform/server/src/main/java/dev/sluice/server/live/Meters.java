package dev.sluice.server.live;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;

/** The room's metrics. Any thread. */
final class Meters {
    private final AtomicInteger active = new AtomicInteger();
    private final Counter exact;
    private final Counter diff;
    private final Counter snapshot;
    private final Counter conflated;

    Meters(MeterRegistry registry) {
        Gauge.builder("subscription.active", active, AtomicInteger::get).register(registry);
        exact = registry.counter("subscription.resumes", "kind", Resumed.EXACT.wire());
        diff = registry.counter("subscription.resumes", "kind", Resumed.DIFF.wire());
        snapshot = registry.counter("subscription.resumes", "kind", Resumed.SNAPSHOT.wire());
        conflated = registry.counter("subscription.conflated");
    }

    /** How a subscription began. */
    enum Resumed {
        /** Goes on exactly where the token stands. */
        EXACT,
        /** Every row comes again, in order; the client drops the keys that it does not see. */
        DIFF,
        /** From nothing. */
        SNAPSHOT;

        String wire() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    void opened() {
        active.incrementAndGet();
    }

    void closed() {
        active.decrementAndGet();
    }

    void resumed(Resumed how) {
        Counter counter =
                switch (how) {
                    case EXACT -> exact;
                    case DIFF -> diff;
                    case SNAPSHOT -> snapshot;
                };
        counter.increment();
    }

    void conflated(long commits) {
        conflated.increment(commits);
    }
}
