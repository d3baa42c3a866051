package dev.sluice.saga;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.log.Failure;

/** Records of sagas in Java as JSON: numbers exact, times as ISO 8601, a missing number is no 0. */
final class Mapping {
    /** A state is what this code has written: a field that it does not know would be lost. */
    private static final JsonMapper STATES = dev.sluice.command.Mapping.common()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** Of others' records only the fields that are known matter. */
    private static final JsonMapper RECORDS = dev.sluice.command.Mapping.common()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private Mapping() {}

    static JsonNode tree(Object value) {
        return STATES.valueToTree(value);
    }

    static <T> T state(JsonNode data, Class<T> type) {
        return read(STATES, data, type);
    }

    static <T> T reply(JsonNode data, Class<T> type) {
        return read(RECORDS, data, type);
    }

    static <T> T event(JsonNode data, Class<T> type) {
        return read(RECORDS, data, type);
    }

    private static <T> T read(JsonMapper mapper, JsonNode data, Class<T> type) {
        try {
            T value = mapper.treeToValue(data, type);
            if (value != null) {
                return value;
            }
        } catch (JsonProcessingException malformed) {
            throw Failure.of(
                    Failure.Kind.EVALUATION_FAILED,
                    "found data that is no " + type.getSimpleName() + ": " + malformed.getOriginalMessage());
        }
        throw Failure.of(Failure.Kind.EVALUATION_FAILED, "found no data, expected a " + type.getSimpleName());
    }
}
