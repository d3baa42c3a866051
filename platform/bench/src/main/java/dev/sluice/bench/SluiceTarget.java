package dev.sluice.bench;

import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The log through its public API with default options: one append an event. */
final class SluiceTarget implements AppendTarget {
    private final Log log;
    private final OrderData data;

    SluiceTarget(Path folder, OrderData data) {
        this(Log.open(folder, LogOptions.defaults()), data);
    }

    SluiceTarget(Log log, OrderData data) {
        this.log = log;
        this.data = data;
    }

    @Override
    public void append(int stream, byte[] order, Done done) {
        var event = new Event(
                OrderData.idOf(order),
                "OrderPlaced",
                "/bench",
                System.currentTimeMillis() * 1_000,
                Event.JSON,
                Map.of(),
                null,
                order);
        log.append(Append.to(data.stream(stream), Expected.ANY, List.of(event)))
                .whenComplete((appended, failure) -> done.done(failure));
    }

    @Override
    public void close() {
        log.close();
    }
}
