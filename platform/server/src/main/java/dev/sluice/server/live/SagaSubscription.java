package dev.sluice.server.live;

import dev.sluice.expression.LenientFilter;
import dev.sluice.log.Cursor;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Selection;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Instances of a saga that have changed: reads the events of their streams, and of each batch tells the newest of each instance once, as it stands
 * when it is told. So who has taken all of it up to a cursor has every instance as it was there, or later.
 */
final class SagaSubscription extends EventSubscription {
    private static final int MAX_READS = 4;

    private final String saga;
    private final String streams;
    /** Of the batch at hand, under the place of its instance's last event. */
    private Map<Position, byte[]> rows = Map.of();

    private SagaSubscription(
            Outlet outlet,
            Request.Subscribe request,
            Request.SagaTarget target,
            String streams,
            @Nullable LenientFilter<RecordedEvent> filter,
            Flow flow) {
        super(outlet, request, events(target, streams), filter, flow);
        saga = target.saga();
        this.streams = streams;
    }

    /** NOT_FOUND. */
    static SagaSubscription of(Outlet outlet, Request.Subscribe request, Request.SagaTarget target, Flow flow) {
        String streams = outlet.live().instances().streams(target.saga());
        String key = target.key();
        LenientFilter<RecordedEvent> filter = key == null
                ? null
                : new LenientFilter<>(event -> key(streams, event).equals(key), event -> "event " + event.position());
        return new SagaSubscription(outlet, request, target, streams, filter, flow);
    }

    /** The category is what comes before the {@code -}. */
    private static Request.EventTarget events(Request.SagaTarget target, String streams) {
        return new Request.EventTarget(
                new Selection.OfCategory(streams.substring(0, streams.length() - 1)),
                null,
                target.sinceMicros(),
                target.last());
    }

    private static String key(String streams, RecordedEvent event) {
        String stream = event.stream();
        return stream.substring(streams.length(), stream.lastIndexOf('~'));
    }

    @Override
    Future<Void> prepare(List<RecordedEvent> events) {
        var last = new LinkedHashMap<String, Position>();
        events.forEach(event -> last.put(key(event), event.position()));
        var found = new HashMap<Position, byte[]>();
        return find(List.copyOf(last.entrySet()), found).map(all -> {
            rows = found;
            return null;
        });
    }

    /** A few at a time: reads for the disk are few for all. */
    private Future<Void> find(List<Map.Entry<String, Position>> instances, Map<Position, byte[]> found) {
        if (instances.isEmpty()) {
            return Future.succeededFuture();
        }
        int now = Math.min(MAX_READS, instances.size());
        var asked = new ArrayList<Future<?>>();
        for (var each : instances.subList(0, now)) {
            asked.add(live.instances().json(saga, each.getKey()).onSuccess(json -> {
                if (json != null) {
                    found.put(each.getValue(), json);
                }
            }));
        }
        return Future.all(asked).compose(all -> find(instances.subList(now, instances.size()), found));
    }

    @Override
    byte @Nullable [] row(RecordedEvent event, Cursor here) {
        return rows.get(event.position());
    }

    @Override
    String key(RecordedEvent event) {
        return key(streams, event);
    }
}
