package dev.sluice.saga;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.SagaEvent;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What is stored and sent, as JSON. */
final class Json {
    static final JsonMapper MAPPER = new JsonMapper();

    /** The events of instances by the name of their record. */
    private static final Map<String, Class<?>> EVENTS = Arrays.stream(SagaEvent.class.getPermittedSubclasses())
            .collect(Collectors.toMap(Class::getSimpleName, Function.identity()));

    private Json() {}

    static byte[] bytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
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

    static Instance instance(byte[] row) {
        return value(row, Instance.class);
    }

    /** An event of the stream of an instance. */
    static SagaEvent event(RecordedEvent recorded) {
        var type = EVENTS.get(recorded.type());
        if (type == null) {
            throw Failure.of(
                    Failure.Kind.NEWER_FORMAT,
                    "found an event of type " + recorded.type() + " in " + recorded.stream()
                            + ", expected one that this version knows");
        }
        return (SagaEvent) value(recorded.data(), type);
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
