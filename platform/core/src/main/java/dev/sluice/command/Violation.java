package dev.sluice.command;

import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.pointer.JsonPointer;
import io.vertx.json.schema.OutputUnit;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One way in which a command is not as its schema demands.
 *
 * @param pointer into the data, RFC 6901
 */
record Violation(String pointer, String found, String expected) {
    static final int MOST = 1_000;
    private static final int SHOWN_CHARS = 64;

    /** What only says that something below it is wrong, which is told of itself. */
    private static final Set<String> OUTER = Set.of(
            "properties",
            "patternProperties",
            "items",
            "prefixItems",
            "allOf",
            "$ref",
            "then",
            "else",
            "dependentSchemas");

    /** Members of a problem document. */
    Map<String, Object> toMap() {
        return Map.of("pointer", pointer, "found", found, "expected", expected);
    }

    /** All that a validator tells, each once; never empty. */
    static List<Violation> of(List<OutputUnit> errors, JsonObject schema, Object data) {
        var all = new LinkedHashSet<Violation>();
        for (var error : errors) {
            if (all.size() < MOST) {
                all.addAll(of(error, schema, data));
            }
        }
        if (all.isEmpty()) {
            errors.forEach(error ->
                    all.add(new Violation(fragment(error.getInstanceLocation()), "other data", error.getError())));
        }
        return List.copyOf(all);
    }

    private static List<Violation> of(OutputUnit error, JsonObject schema, Object data) {
        String rule = fragment(error.getAbsoluteKeywordLocation());
        String keyword = rule.substring(rule.lastIndexOf('/') + 1);
        String pointer = fragment(error.getInstanceLocation());
        Object demanded = at(rule, schema);
        Object value = at(pointer, data);
        return switch (keyword) {
            case "required" -> missing(pointer, value, demanded);
            case "additionalProperties", "unevaluatedProperties" -> unknown(pointer, rule, demanded, schema);
            default ->
                OUTER.contains(keyword)
                        ? List.of()
                        : List.of(new Violation(
                                pointer, shown(value), expected(keyword, demanded, String.valueOf(error.getError()))));
        };
    }

    private static List<Violation> missing(String pointer, @Nullable Object value, @Nullable Object demanded) {
        var missing = new ArrayList<Violation>();
        if (value instanceof JsonObject object && demanded instanceof JsonArray names) {
            for (Object name : names) {
                if (!object.containsKey(String.valueOf(name))) {
                    missing.add(new Violation(pointer + "/" + escaped(String.valueOf(name)), "nothing", "a value"));
                }
            }
        }
        return missing;
    }

    /** The validator also tells of properties that are known and wrong. */
    private static List<Violation> unknown(String pointer, String rule, @Nullable Object demanded, JsonObject schema) {
        String name = pointer.substring(pointer.lastIndexOf('/') + 1)
                .replace("~1", "/")
                .replace("~0", "~");
        var known = at(rule.substring(0, rule.lastIndexOf('/')) + "/properties", schema);
        if (!Boolean.FALSE.equals(demanded) || known instanceof JsonObject names && names.containsKey(name)) {
            return List.of();
        }
        return List.of(new Violation(
                pointer,
                "a property that is not known",
                known instanceof JsonObject names && !names.isEmpty()
                        ? "one of " + String.join(", ", names.fieldNames())
                        : "no property"));
    }

    private static String expected(String keyword, @Nullable Object demanded, String error) {
        if (demanded == null) {
            return error;
        }
        return switch (keyword) {
            case "type" -> listed(demanded, " or ");
            case "enum" -> "one of " + listed(demanded, ", ");
            case "format" -> "a text of format " + demanded;
            case "minimum" -> "at least " + demanded;
            case "maximum" -> "at most " + demanded;
            case "exclusiveMinimum" -> "more than " + demanded;
            case "exclusiveMaximum" -> "less than " + demanded;
            case "minLength" -> "at least " + demanded + " characters";
            case "maxLength" -> "at most " + demanded + " characters";
            case "minItems" -> "at least " + demanded + " items";
            case "maxItems" -> "at most " + demanded + " items";
            case "uniqueItems" -> "no item twice";
            case "pattern" -> "a text that matches " + demanded;
            case "const" -> shown(demanded);
            default -> error;
        };
    }

    private static String listed(Object values, String separator) {
        return values instanceof JsonArray array
                ? array.stream().map(String::valueOf).collect(Collectors.joining(separator))
                : String.valueOf(values);
    }

    private static String shown(@Nullable Object value) {
        String json = Json.encode(value);
        return json.length() <= SHOWN_CHARS ? json : json.substring(0, SHOWN_CHARS) + "…";
    }

    private static @Nullable Object at(String pointer, Object document) {
        return pointer.isEmpty() ? document : JsonPointer.from(pointer).queryJson(document);
    }

    private static String fragment(String location) {
        return location.substring(location.indexOf('#') + 1);
    }

    static String escaped(String name) {
        return name.replace("~", "~0").replace("/", "~1");
    }
}
