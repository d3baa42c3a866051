package dev.sluice.projection;

import dev.sluice.log.Event;
import dev.sluice.log.Origin;
import dev.sluice.log.RecordedEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An event that is in no log: the position counts those given, it is recorded when it happened. */
record GivenEvent(long offset, long recordedMicros, String stream, long version, Event event) implements RecordedEvent {
    static List<RecordedEvent> recorded(List<Projections.Given> given) {
        var versions = new HashMap<String, Long>();
        var events = new ArrayList<RecordedEvent>();
        long nowMicros = 0;
        for (var each : given) {
            nowMicros = Math.max(nowMicros, each.event().timeMicros());
            long version = versions.merge(each.stream(), 1L, Long::sum);
            events.add(new GivenEvent(events.size() + 1, nowMicros, each.stream(), version, each.event()));
        }
        return events;
    }

    @Override
    public int shard() {
        return 0;
    }

    @Override
    public String id() {
        return event.id();
    }

    @Override
    public String type() {
        return event.type();
    }

    @Override
    public String source() {
        return event.source();
    }

    @Override
    public long timeMicros() {
        return event.timeMicros();
    }

    @Override
    public String contentType() {
        return event.contentType();
    }

    @Override
    public Map<String, Object> attributes() {
        return event.attributes();
    }

    @Override
    public @Nullable Origin origin() {
        return null;
    }

    @Override
    public byte[] dataArray() {
        return event.data();
    }

    @Override
    public int dataStart() {
        return 0;
    }

    @Override
    public int dataLength() {
        return event.data().length;
    }
}
