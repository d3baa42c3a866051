package dev.sluice.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.sluice.log.Failure;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputFormat;
import io.vertx.json.schema.SchemaException;
import io.vertx.json.schema.Validator;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A type of command: its name, what it is read into, the schema that it is held against. Safe for any thread. */
final class CommandType<C> {
    /** As many as Jackson allows digits. To tell whether 1e1000000 is whole takes the validator minutes, on the event loop. */
    private static final int MAX_EXPONENT = 1_000;

    private final String name;
    private final Class<? extends C> type;
    private final JsonObject schema;
    private final Validator validator;
    private final ObjectReader reader;
    private final @Nullable ObjectReader strict;

    /** @param schemaText given by the author, null: derived */
    CommandType(String name, Class<? extends C> type, @Nullable String schemaText) {
        this.name = name;
        this.type = type;
        this.reader = Mapping.COMMANDS.readerFor(type);
        this.schema = schemaText == null ? RecordSchema.of(type) : parsed(schemaText);
        this.strict = schemaText == null ? Mapping.STRICT.readerFor(type) : null;
        this.validator = validatorOfSchema();
    }

    private JsonObject parsed(String text) {
        try {
            return new JsonObject(text);
        } catch (DecodeException malformed) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    "command " + name + ": found a schema that cannot be read, expected an object in JSON: "
                            + malformed.getMessage());
        }
    }

    private Validator validatorOfSchema() {
        try {
            return validator(schema.copy());
        } catch (SchemaException refused) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    "command " + name + ": found a schema that does not hold, expected JSON Schema 2020-12: "
                            + refused.getMessage());
        }
    }

    static Validator validator(JsonObject schema) {
        return Validator.create(
                JsonSchema.of(schema),
                new JsonSchemaOptions()
                        .setDraft(Draft.DRAFT202012)
                        .setOutputFormat(OutputFormat.Basic)
                        .setBaseUri("urn:sluice:command"));
    }

    String name() {
        return name;
    }

    Class<? extends C> type() {
        return type;
    }

    JsonObject schema() {
        return schema.copy();
    }

    /** The command; INVALID_COMMAND lists all that is wrong with it. */
    C read(byte[] data) {
        C command = strictly(data);
        return command != null ? command : validated(data);
    }

    /** What surely fits the derived schema, far sooner than by the validator; null: the validator has to say. */
    @Nullable
    C strictly(byte[] data) {
        try {
            return strict == null ? null : strict.readValue(data);
        } catch (IOException refused) {
            return null;
        }
    }

    /** As {@link #read}, by the validator. */
    C validated(byte[] data) {
        var document = document(data);
        var result = validator.validate(document);
        if (!Boolean.TRUE.equals(result.getValid())) {
            throw invalid(Violation.of(result.getErrors(), schema, document));
        }
        try {
            C command = reader.readValue(data);
            if (command == null) {
                throw invalid(List.of(new Violation("", "null", "an object")));
            }
            return command;
        } catch (JsonMappingException refused) {
            throw invalid(List.of(new Violation(pointer(refused), "another value", reason(refused))));
        } catch (IOException unreadable) {
            throw invalid(List.of(new Violation("", "no JSON", String.valueOf(unreadable.getMessage()))));
        }
    }

    private JsonObject document(byte[] data) {
        try {
            Map<String, Object> members =
                    Mapping.COMMANDS.readerForMapOf(Object.class).readValue(data);
            if (members != null) {
                var huge = new ArrayList<Violation>();
                findHuge(members, "", huge);
                if (!huge.isEmpty()) {
                    throw invalid(huge);
                }
                return new JsonObject(members);
            }
        } catch (JsonMappingException other) {
            throw invalid(List.of(new Violation("", "another value", "an object")));
        } catch (JsonProcessingException malformed) {
            throw invalid(List.of(new Violation("", "no JSON: " + malformed.getOriginalMessage(), "an object")));
        } catch (IOException unreadable) {
            throw invalid(List.of(new Violation("", "no JSON", "an object")));
        }
        throw invalid(List.of(new Violation("", "null", "an object")));
    }

    private static void findHuge(@Nullable Object value, String pointer, List<Violation> found) {
        if (found.size() == Violation.MOST) {
            return;
        }
        if (value instanceof BigDecimal number && Math.abs((long) number.scale()) > MAX_EXPONENT) {
            found.add(new Violation(pointer, number.toString(), "an exponent of at most " + MAX_EXPONENT));
        } else if (value instanceof Map<?, ?> members) {
            members.forEach(
                    (key, member) -> findHuge(member, pointer + "/" + Violation.escaped(String.valueOf(key)), found));
        } else if (value instanceof List<?> items) {
            for (int i = 0; i < items.size(); i++) {
                findHuge(items.get(i), pointer + "/" + i, found);
            }
        }
    }

    private static String pointer(JsonMappingException refused) {
        return refused.getPath().stream()
                .map(each -> "/" + (each.getFieldName() == null ? each.getIndex() : each.getFieldName()))
                .collect(Collectors.joining());
    }

    /** What a record's constructor says of its arguments is closer than what Jackson says of the constructor. */
    private static String reason(JsonMappingException refused) {
        var cause = refused.getCause();
        return cause == null || cause instanceof JsonProcessingException
                ? refused.getOriginalMessage()
                : String.valueOf(cause.getMessage());
    }

    private Failure invalid(List<Violation> violations) {
        var first = violations.get(0);
        return Failure.of(
                        Failure.Kind.INVALID_COMMAND,
                        "command " + name + ": found " + first.found() + " at '" + first.pointer() + "', expected "
                                + first.expected()
                                + (violations.size() == 1 ? "" : "; " + (violations.size() - 1) + " more violations"))
                .with("violations", violations.stream().map(Violation::toMap).toList());
    }
}
