package dev.sluice.projection;

import dev.sluice.expression.EventFacts;
import dev.sluice.expression.Time;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.definition.Definition;
import dev.sluice.projection.definition.Tumbling;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Finds the window of each event, and which events are late: a property of the event alone. For the fold thread. */
final class Windowing {
    private final Definition.Window window;
    private final long retainMicros;
    private final int variable;
    private Tumbling.@Nullable Window last;
    private @Nullable Object[] shown = {};

    /** @param variable the index of {@code window} among the expressions' variables */
    Windowing(Definition.Window window, long retainMicros, int variable) {
        this.window = window;
        this.retainMicros = retainMicros;
        this.variable = variable;
    }

    /** The window, given to expressions as well; null: the event is late. EVALUATION_FAILED for a time without a window. */
    Tumbling.@Nullable Window of(EventFacts facts, RecordedEvent event) {
        long micros = event.timeMicros();
        var at = last;
        if (at == null || !at.contains(micros)) {
            at = window.tumbling().of(micros);
            if (at == null) {
                throw Failure.of(
                        Failure.Kind.EVALUATION_FAILED,
                        "found the time " + micros + " µs since 1970, expected one that a calendar has");
            }
            last = at;
            shown = new Object[] {new Time(at.startMicros()), new Time(at.endMicros())};
        }
        facts.variable(variable, shown);
        return isLate(event, Objects.requireNonNull(at)) ? null : at;
    }

    private boolean isLate(RecordedEvent event, Tumbling.Window at) {
        return window.graceMicros() >= 0 && event.recordedMicros() - event.timeMicros() > window.graceMicros()
                || retainMicros > 0 && at.endMicros() + retainMicros < event.recordedMicros();
    }
}
