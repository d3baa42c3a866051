package dev.sluice.saga;

import dev.sluice.log.Event;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.saga.Incoming.Concern;
import dev.sluice.saga.Incoming.Matched;
import dev.sluice.saga.definition.ReceivedEvent;
import java.util.LinkedHashMap;
import java.util.List;
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

    private static final String RETRIED = "DeadLetterRetried";
    private static final String RESOLVED = "$dlq-resolved.saga-";
    private static final int MAX_DETAIL_CHARS = 2_000;

    private DeadLetter() {}

    static String stream(String saga, int shard) {
        return "$dlq.saga-" + saga + "@" + shard;
    }

    /** Whether an event says that a dead letter of a saga is to be tried again. */
    static boolean isRetry(RecordedEvent event) {
        return event.type().equals(RETRIED) && event.stream().startsWith(RESOLVED);
    }

    /** The letter that such an event is about: each names one. */
    static Position retried(RecordedEvent resolution) {
        return Position.parse(Json.data(resolution).path("positions").path(0).asText());
    }

    /**
     * What a letter says of its event.
     *
     * @param key of the instance, null when it could not be told
     * @param position of the event
     * @param told triggers whose key could be told: what they are for has had the event
     * @param attempts how often it was tried
     */
    record Kept(String saga, @Nullable String key, Position position, List<Matched> told, int attempts) {
        static Kept of(RecordedEvent letter) {
            var data = Json.data(letter);
            return new Kept(
                    data.path("consumer").asText().substring("saga:".length()),
                    data.path("key").textValue(),
                    Position.parse(data.path("position").asText()),
                    data.has("told") ? List.of(Json.MAPPER.convertValue(data.get("told"), Matched[].class)) : List.of(),
                    data.path("attempts").asInt(1));
        }
    }

    /** @param retry of which letter it is one again, null for the first */
    static Event of(
            Concern concern,
            ReceivedEvent event,
            String reason,
            String detail,
            Incoming.@Nullable Retry retry,
            long nowMicros) {
        var id = concern.id();
        int attempts = retry == null ? 1 : retry.attempts() + 1;
        var data = new LinkedHashMap<String, Object>();
        data.put("consumer", "saga:" + concern.saga());
        data.put("reason", reason);
        data.put("detail", detail.length() > MAX_DETAIL_CHARS ? detail.substring(0, MAX_DETAIL_CHARS) : detail);
        data.put("position", event.position());
        data.put("stream", event.stream());
        data.put("type", event.type());
        data.put("id", event.id());
        if (id != null) {
            data.put("key", id.key());
        } else if (!concern.triggers().isEmpty()) {
            data.put("told", concern.triggers());
        }
        data.put("attempts", attempts);
        if (retry != null) {
            data.put("retriedFrom", retry.letter().toString());
        }
        return new Event(
                concern.saga() + "/" + event.position() + (id == null ? "" : "/" + id.key())
                        + (attempts == 1 ? "" : "/" + attempts),
                "DeadLettered",
                "sluice://saga/" + concern.saga(),
                nowMicros,
                Event.JSON,
                Map.of(),
                null,
                Json.bytes(data));
    }
}
