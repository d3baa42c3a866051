package dev.sluice.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.log.Cursor;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Log;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Selection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** What instances took, by the recorded times of their events: from the log, when they have ended. */
final class SagaTimes {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int PAGE = 10_000;

    /** From a step being scheduled until the next is, or the instance is complete; ns. */
    private final Histogram hops = new Histogram(3);
    /** From when a sleep is over until that is recorded; ns. */
    private final Histogram lateness = new Histogram(3);

    private final Map<String, Long> waitingMicros = new HashMap<>();

    private SagaTimes() {}

    static SagaTimes of(Log log, String saga) {
        var times = new SagaTimes();
        var after = Cursor.start(log.shards());
        for (boolean isEnd = false; !isEnd; ) {
            var page = log.read(new EventQuery(
                    new Selection.OfCategory("$saga." + saga),
                    after,
                    null,
                    EventQuery.Direction.FORWARD,
                    PAGE,
                    PAGE,
                    null));
            page.events().forEach(times::take);
            after = page.next();
            isEnd = page.end();
        }
        return times;
    }

    private void take(RecordedEvent event) {
        String stream = event.stream();
        switch (event.type()) {
            case "StepScheduled" -> {
                hop(event);
                waitingMicros.put(stream, event.recordedMicros());
            }
            case "SagaCompleted" -> hop(event);
            case "StepWaiting" -> waitingMicros.put(stream, TimeUnit.MILLISECONDS.toMicros(untilMillis(event)));
            case "StepSucceeded" -> {
                Long due = waitingMicros.get(stream);
                if (due != null && event.recordedMicros() >= due) {
                    lateness.recordValue(TimeUnit.MICROSECONDS.toNanos(event.recordedMicros() - due));
                }
            }
            default -> {}
        }
    }

    private void hop(RecordedEvent event) {
        Long before = waitingMicros.remove(event.stream());
        if (before != null) {
            hops.recordValue(TimeUnit.MICROSECONDS.toNanos(event.recordedMicros() - before));
        }
    }

    private static long untilMillis(RecordedEvent event) {
        try {
            return JSON.readTree(event.dataArray(), event.dataStart(), event.dataLength())
                    .path("untilMillis")
                    .asLong();
        } catch (IOException malformed) {
            throw new UncheckedIOException(malformed);
        }
    }

    Histogram hops() {
        return hops;
    }

    Histogram lateness() {
        return lateness;
    }
}
