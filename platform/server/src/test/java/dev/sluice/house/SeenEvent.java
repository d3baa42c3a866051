package dev.sluice.house;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.Instant;
import java.util.Comparator;

/** An event as a client of the HTTP API sees it. */
record SeenEvent(
        int shard, long offset, String stream, long version, String type, String id, Instant recorded, JsonNode data) {
    static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** The order in which {@code first} and {@code last} choose. */
    static final Comparator<SeenEvent> BY_RECORDED_TIME = Comparator.comparing(SeenEvent::recorded)
            .thenComparing(SeenEvent::shard)
            .thenComparing(SeenEvent::offset);

    static SeenEvent of(JsonNode event) {
        var position = event.required("position").textValue().split(":");
        return new SeenEvent(
                Integer.parseInt(position[0]),
                Long.parseLong(position[1]),
                event.required("stream").textValue(),
                event.required("streamversion").longValue(),
                event.required("type").textValue(),
                event.required("id").textValue(),
                Instant.parse(event.required("recordedtime").textValue()),
                event.required("data"));
    }

    String position() {
        return shard + ":" + offset;
    }
}
