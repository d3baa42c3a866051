package dev.sluice.command;

import dev.sluice.log.Failure;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Derives the JSON Schema of a command from its record: a component is required unless it is an Optional, marked {@code @Nullable}, or
 * the box of a primitive; nothing else may be there.
 */
final class RecordSchema {
    private static final Set<Class<?>> BOXES =
            Set.of(Boolean.class, Byte.class, Short.class, Integer.class, Long.class, Float.class, Double.class);
    private static final Set<Class<?>> WHOLE = Set.of(
            byte.class,
            Byte.class,
            short.class,
            Short.class,
            int.class,
            Integer.class,
            long.class,
            Long.class,
            BigInteger.class);
    private static final Set<Class<?>> NUMBERS =
            Set.of(double.class, Double.class, float.class, Float.class, BigDecimal.class);
    private static final Map<Class<?>, String> FORMATS = Map.of(
            Instant.class, "date-time",
            OffsetDateTime.class, "date-time",
            ZonedDateTime.class, "date-time",
            LocalDate.class, "date",
            Duration.class, "duration",
            UUID.class, "uuid",
            URI.class, "uri");

    /** The records that lie around the place in which the derivation is. */
    private final Set<Class<?>> around = new LinkedHashSet<>();

    private RecordSchema() {}

    /** DEFINITION_INVALID when it is no record, or has a component that no schema can be derived of. */
    static JsonObject of(Class<?> type) {
        if (!type.isRecord()) {
            throw invalid(type.getName(), "a record, or a schema given as text");
        }
        return new RecordSchema().object(type);
    }

    private JsonObject object(Class<?> type) {
        if (!around.add(type)) {
            throw invalid(type.getName() + " within itself", "a schema given as text");
        }
        checkPlain(type);
        var properties = new JsonObject();
        var required = new JsonArray();
        for (RecordComponent component : type.getRecordComponents()) {
            var annotated = component.getAnnotatedType();
            boolean isOptional = isOptional(annotated);
            var schema = schema(annotated);
            properties.put(component.getName(), isOptional ? orNull(schema) : schema);
            if (!isOptional) {
                required.add(component.getName());
            }
        }
        around.remove(type);
        return new JsonObject()
                .put("type", "object")
                .put("properties", properties)
                .put("required", required)
                .put("additionalProperties", false);
    }

    /** The schema knows nothing of what annotations make of a type. */
    private static void checkPlain(Class<?> type) {
        var methods =
                Stream.concat(Arrays.stream(type.getDeclaredMethods()), Arrays.stream(type.getDeclaredConstructors()));
        var parts = methods.flatMap(method -> Stream.concat(Stream.of(method), Arrays.stream(method.getParameters())));
        var annotations = Stream.of(Stream.of(type), Arrays.stream(type.getDeclaredFields()), parts)
                .flatMap(each -> each)
                .flatMap(part -> Arrays.stream(part.getAnnotations()));
        if (annotations.anyMatch(each -> each.annotationType().getName().startsWith("com.fasterxml.jackson."))) {
            throw invalid(type.getName() + " with annotations of Jackson", "none, or a schema given as text");
        }
    }

    static boolean isRequired(RecordComponent component) {
        return !isOptional(component.getAnnotatedType());
    }

    private static boolean isOptional(AnnotatedType annotated) {
        var raw = raw(annotated.getType());
        return raw == Optional.class
                || BOXES.contains(raw)
                || Arrays.stream(annotated.getAnnotations())
                        .anyMatch(each -> each.annotationType().getSimpleName().equals("Nullable"));
    }

    private static JsonObject orNull(JsonObject schema) {
        if (schema.containsKey("enum")) {
            schema.getJsonArray("enum").addNull();
        }
        String type = schema.getString("type");
        return type == null
                ? schema
                : schema.put("type", new JsonArray().add(type).add("null"));
    }

    private JsonObject schema(AnnotatedType annotated) {
        var raw = raw(annotated.getType());
        if (raw == Optional.class) {
            return schema(argument(annotated, 0));
        }
        if (Collection.class.isAssignableFrom(raw)) {
            var array = new JsonObject().put("type", "array").put("items", element(argument(annotated, 0)));
            return Set.class.isAssignableFrom(raw) ? array.put("uniqueItems", true) : array;
        }
        if (Map.class.isAssignableFrom(raw)) {
            return new JsonObject().put("type", "object").put("additionalProperties", element(argument(annotated, 1)));
        }
        if (raw.isRecord()) {
            return object(raw);
        }
        return raw.isEnum() ? constants(raw) : scalar(raw);
    }

    private JsonObject element(AnnotatedType annotated) {
        var schema = schema(annotated);
        return isOptional(annotated) && !BOXES.contains(raw(annotated.getType())) ? orNull(schema) : schema;
    }

    private static JsonObject constants(Class<?> type) {
        checkPlain(type);
        var names = new JsonArray();
        for (Object constant : type.getEnumConstants()) {
            names.add(((Enum<?>) constant).name());
        }
        return new JsonObject().put("type", "string").put("enum", names);
    }

    private static JsonObject scalar(Class<?> type) {
        String format = format(type);
        if (format != null) {
            return new JsonObject().put("type", "string").put("format", format);
        }
        if (type == String.class) {
            return new JsonObject().put("type", "string");
        }
        if (type == boolean.class || type == Boolean.class) {
            return new JsonObject().put("type", "boolean");
        }
        if (type == int.class || type == Integer.class) {
            return whole(Integer.MIN_VALUE, Integer.MAX_VALUE);
        }
        if (type == short.class || type == Short.class) {
            return whole(Short.MIN_VALUE, Short.MAX_VALUE);
        }
        if (type == byte.class || type == Byte.class) {
            return whole(Byte.MIN_VALUE, Byte.MAX_VALUE);
        }
        if (isWhole(type)) {
            return new JsonObject().put("type", "integer");
        }
        if (isNumber(type)) {
            return new JsonObject().put("type", "number");
        }
        throw invalid("a component of " + type.getName(), "one of JSON's types, or a schema given as text");
    }

    static boolean isWhole(Class<?> type) {
        return WHOLE.contains(type);
    }

    static boolean isNumber(Class<?> type) {
        return NUMBERS.contains(type);
    }

    /** The format of the text that a value is written as, null when it is not of those that have one. */
    static @Nullable String format(Class<?> type) {
        return FORMATS.get(type);
    }

    private static JsonObject whole(long least, long most) {
        return new JsonObject().put("type", "integer").put("minimum", least).put("maximum", most);
    }

    private static Class<?> raw(Type type) {
        if (type instanceof Class<?> plain) {
            return plain;
        }
        if (type instanceof ParameterizedType parameterized && parameterized.getRawType() instanceof Class<?> plain) {
            return plain;
        }
        throw invalid("a component of type " + type, "a class");
    }

    private static AnnotatedType argument(AnnotatedType annotated, int index) {
        if (annotated instanceof AnnotatedParameterizedType parameterized) {
            return parameterized.getAnnotatedActualTypeArguments()[index];
        }
        throw invalid("a component of " + annotated.getType() + " without type arguments", "them, or a schema as text");
    }

    private static Failure invalid(String found, String expected) {
        return Failure.of(
                Failure.Kind.DEFINITION_INVALID, "schema of a command: found " + found + ", expected " + expected);
    }
}
