package dev.sluice.command;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;

/** How commands, events and states are read and written as JSON: times as ISO 8601, numbers exact, a missing number is no 0. */
public final class Mapping {
    /** Takes a command only as it is meant: nothing unknown, nothing twice, no text for a number. */
    static final ObjectMapper COMMANDS = commands().build();

    /** Reads of commands only what their derived schemas allow. */
    static final ObjectMapper STRICT = commands()
            .addModule(new StrictModule())
            .disable(MapperFeature.USE_GETTERS_AS_SETTERS)
            .disable(MapperFeature.AUTO_DETECT_SETTERS)
            .disable(MapperFeature.AUTO_DETECT_FIELDS)
            .disable(MapperFeature.INFER_PROPERTY_MUTATORS)
            .build();

    /** Reads what older versions of the code have written: what is unknown is ignored. */
    static final ObjectMapper EVENTS =
            common().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

    private Mapping() {}

    private static JsonMapper.Builder commands() {
        return common().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
                .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS);
    }

    /** What all records of users have in common. */
    public static JsonMapper.Builder common() {
        return JsonMapper.builder()
                .addModule(new Jdk8Module())
                .addModule(new JavaTimeModule())
                .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                .disable(DeserializationFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE)
                .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
                .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS);
    }
}
