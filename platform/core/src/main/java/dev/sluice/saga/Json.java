package dev.sluice.saga;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.machine.SagaJson;
import java.io.IOException;

/** What is stored and sent, as JSON. */
final class Json {
    static final JsonMapper MAPPER = SagaJson.MAPPER;

    private Json() {}

    static byte[] bytes(Object value) {
        return SagaJson.bytes(value);
    }

    /** CORRUPT for what is not a value of the type. */
    static <T> T value(byte[] stored, Class<T> type) {
        try {
            return MAPPER.readValue(stored, type);
        } catch (IOException torn) {
            throw Failure.of(
                    Failure.Kind.CORRUPT,
                    "found no " + type.getSimpleName() + " in a row of a saga: " + torn.getMessage());
        }
    }

    /** An event of the stream of an instance. */
    static SagaEvent event(RecordedEvent recorded) {
        return SagaJson.event(recorded.type(), recorded.data());
    }

    /** The data of an event; null when it has none. Failure EVALUATION_FAILED for broken JSON. */
    static JsonNode data(RecordedEvent event) {
        if (!event.isJson() || event.dataLength() == 0) {
            return NullNode.getInstance();
        }
        try {
            return MAPPER.readTree(event.dataArray(), event.dataStart(), event.dataLength());
        } catch (IOException broken) {
            throw Failure.of(Failure.Kind.EVALUATION_FAILED, "found data that is no JSON: " + broken.getMessage());
        }
    }
}
