package dev.sluice.saga;

import dev.sluice.log.Event;
import dev.sluice.saga.definition.ReceivedEvent;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The dead letter of an event that a saga could not take, as it is appended to {@code $dlq.saga-<name>@<shard>}. */
final class DeadLetter {
    /** Its key could not be told. */
    static final String KEY_FAILED = "evaluation-failed";
    /** The code that could tell its key is not there, and instances live that wait for its type. */
    static final String DEFINITION_MISSING = "definition-missing";
    /** It came before its instance, which did not come in time. */
    static final String EXPIRED = "expired";
    /** Too many events came before their instance, or before it waited for them. */
    static final String TOO_MANY = "too-many-early";
    /** It does not fit into the stream of an instance. */
    static final String TOO_LARGE = "too-large";
    /** The process ended whenever it came. */
    static final String CRASHES = "crashes";

    private static final int MAX_DETAIL_CHARS = 2_000;

    private DeadLetter() {}

    static String stream(String saga, int shard) {
        return "$dlq.saga-" + saga + "@" + shard;
    }

    static Event of(
            String saga, @Nullable InstanceId id, ReceivedEvent event, String reason, String detail, long nowMicros) {
        var data = new LinkedHashMap<String, Object>();
        data.put("consumer", "saga:" + saga);
        data.put("reason", reason);
        data.put("detail", detail.length() > MAX_DETAIL_CHARS ? detail.substring(0, MAX_DETAIL_CHARS) : detail);
        data.put("position", event.position());
        data.put("stream", event.stream());
        data.put("type", event.type());
        data.put("id", event.id());
        if (id != null) {
            data.put("key", id.key());
        }
        data.put("attempts", 1);
        return new Event(
                saga + "/" + event.position() + (id == null ? "" : "/" + id.key()),
                "DeadLettered",
                "sluice://saga/" + saga,
                nowMicros,
                Event.JSON,
                Map.of(),
                null,
                Json.bytes(data));
    }
}
