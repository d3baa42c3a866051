package dev.sluice.saga.machine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.log.Failure;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Events of instances, and instances, as they are stored: JSON whose numbers stay exact, however often they are read and written. */
public final class SagaJson {
    /** Reads numbers with a point as decimals, with all their digits. */
    public static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    /** By the name of the record, which is the type of the event. */
    private static final Map<String, Class<?>> EVENTS = Arrays.stream(SagaEvent.class.getPermittedSubclasses())
            .collect(Collectors.toMap(Class::getSimpleName, Function.identity()));

    private SagaJson() {}

    /** The type that an event is stored under. */
    public static String type(SagaEvent event) {
        return event.getClass().getSimpleName();
    }

    public static byte[] bytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** NEWER_FORMAT for a type that is not known, CORRUPT for what is no event. */
    public static SagaEvent event(String type, byte[] data) {
        var known = EVENTS.get(type);
        if (known == null) {
            throw Failure.of(
                    Failure.Kind.NEWER_FORMAT,
                    "found an event of type " + type + ", expected one that this version knows");
        }
        return (SagaEvent) value(data, known);
    }

    /** CORRUPT for what is no instance. */
    public static Instance instance(byte[] data) {
        return value(data, Instance.class);
    }

    private static <T> T value(byte[] data, Class<T> type) {
        try {
            return MAPPER.readValue(data, type);
        } catch (IOException torn) {
            throw Failure.of(
                    Failure.Kind.CORRUPT,
                    "found no " + type.getSimpleName() + " in what is stored of a saga: " + torn.getMessage());
        }
    }
}
