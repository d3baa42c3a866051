package dev.sluice.server.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON as maps, lists, strings, booleans, {@link Long} and {@link BigDecimal}, numbers exact. Jackson's streaming part alone,
 * because its databind costs every command about as much start-up as the rest of the command.
 */
final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /** One JSON value and nothing after it; anything else is an {@link IllegalArgumentException} with line and column. */
    static @Nullable Object parse(String text) {
        try (JsonParser in = FACTORY.createParser(text)) {
            if (in.nextToken() == null) {
                throw new IllegalArgumentException("found nothing, expected a JSON value");
            }
            Object value = value(in);
            if (in.nextToken() != null) {
                throw new IllegalArgumentException("found more text after the JSON value");
            }
            return value;
        } catch (com.fasterxml.jackson.core.JsonProcessingException malformed) {
            var at = malformed.getLocation();
            throw new IllegalArgumentException(malformed.getOriginalMessage()
                    + (at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")"));
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** As {@link #parse}, for a text that must be an object. */
    static Map<String, @Nullable Object> parseObject(String text) {
        if (parse(text) instanceof Map<?, ?> map) {
            return object(map);
        }
        throw new IllegalArgumentException("found '" + head(text) + "', expected a JSON object");
    }

    static String write(@Nullable Object value) {
        return write(value, false);
    }

    static String writeIndented(@Nullable Object value) {
        return write(value, true);
    }

    /** A member that is an object; an empty one when it is absent or something else. */
    static Map<String, @Nullable Object> object(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            @SuppressWarnings("unchecked")
            var typed = (Map<String, @Nullable Object>) map;
            return typed;
        }
        return Map.of();
    }

    /** A list of objects; elements that are something else are left out. */
    static List<Map<String, @Nullable Object>> objects(@Nullable Object value) {
        var objects = new ArrayList<Map<String, @Nullable Object>>();
        for (Object element : list(value)) {
            if (element instanceof Map<?, ?>) {
                objects.add(object(element));
            }
        }
        return objects;
    }

    static List<?> list(@Nullable Object value) {
        return value instanceof List<?> list ? list : List.of();
    }

    /** A value as text, "" when there is none. */
    static String text(@Nullable Object value) {
        if (value == null) {
            return "";
        }
        return value instanceof String text
                ? text
                : value instanceof BigDecimal number ? number.toPlainString() : write(value);
    }

    static long number(@Nullable Object value, long otherwise) {
        return value instanceof Number number ? number.longValue() : otherwise;
    }

    private static @Nullable Object value(JsonParser in) throws IOException {
        return switch (in.currentToken()) {
            case START_OBJECT -> {
                var map = new LinkedHashMap<String, @Nullable Object>();
                while (in.nextToken() != JsonToken.END_OBJECT) {
                    String name = in.currentName();
                    in.nextToken();
                    map.put(name, value(in));
                }
                yield map;
            }
            case START_ARRAY -> {
                var list = new ArrayList<@Nullable Object>();
                while (in.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(in));
                }
                yield list;
            }
            case VALUE_STRING -> in.getText();
            case VALUE_NUMBER_INT ->
                in.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                        ? (Object) new BigDecimal(in.getText())
                        : (Object) in.getLongValue();
            case VALUE_NUMBER_FLOAT -> new BigDecimal(in.getText());
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> throw new IllegalArgumentException("found " + in.currentToken() + ", expected a JSON value");
        };
    }

    private static String write(@Nullable Object value, boolean indented) {
        var text = new StringWriter();
        try (JsonGenerator out = FACTORY.createGenerator(text)) {
            if (indented) {
                var printer = new DefaultPrettyPrinter();
                printer.indentArraysWith(DefaultIndenter.SYSTEM_LINEFEED_INSTANCE);
                out.setPrettyPrinter(printer);
            }
            write(value, out);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }

    private static void write(@Nullable Object value, JsonGenerator out) throws IOException {
        if (value instanceof Map<?, ?> map) {
            out.writeStartObject();
            for (var entry : map.entrySet()) {
                out.writeFieldName(String.valueOf(entry.getKey()));
                write(entry.getValue(), out);
            }
            out.writeEndObject();
        } else if (value instanceof List<?> list) {
            out.writeStartArray();
            for (Object element : list) {
                write(element, out);
            }
            out.writeEndArray();
        } else if (value instanceof BigDecimal number) {
            out.writeNumber(number);
        } else if (value instanceof Number number) {
            out.writeNumber(number.longValue());
        } else if (value instanceof Boolean bool) {
            out.writeBoolean(bool);
        } else if (value == null) {
            out.writeNull();
        } else {
            out.writeString(value.toString());
        }
    }

    private static String head(String text) {
        return text.length() <= 40 ? text : text.substring(0, 40) + "…";
    }
}
