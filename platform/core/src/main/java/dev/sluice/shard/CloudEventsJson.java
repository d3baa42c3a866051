package dev.sluice.shard;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import dev.sluice.log.Event;
import dev.sluice.log.Failure;
import dev.sluice.log.Origin;
import dev.sluice.log.RecordedEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * CloudEvents 1.0 JSON format (cloudevents/spec v1.0.2, formats/json-format.md), read and written by streaming; the data's
 * bytes are taken and given as they are.
 */
public final class CloudEventsJson {
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(200).build())
            .build();
    private static final Set<String> GIVEN_ON_READING = Set.of(
            "streamversion", "position", "recordedtime", "cursor", "kafkatopic", "kafkapartition", "kafkaoffset");

    private CloudEventsJson() {}

    /** An event read from outside; the extension attributes that address it are taken out of the event. */
    public record Incoming(
            Event event, @Nullable String stream, @Nullable String expectedVersion) {}

    /**
     * One structured event. INVALID_EVENT says what is wrong: the required attributes are {@code specversion id source type}.
     *
     * @param nowMicros the time of an event that has none
     */
    public static Incoming parse(byte[] json, long nowMicros) {
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw invalid("found " + name(parser.currentToken())
                        + ", expected a JSON object with CloudEvents attributes");
            }
            Incoming event = readEvent(parser, json, nowMicros);
            if (parser.nextToken() != null) {
                throw invalid("found more after the event, expected one JSON object");
            }
            return event;
        } catch (IOException malformed) {
            throw malformed(malformed);
        }
    }

    /** A batch: a JSON array of at least one event. */
    public static List<Incoming> parseBatch(byte[] json, long nowMicros) {
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_ARRAY) {
                throw invalid("found " + name(parser.currentToken()) + ", expected a JSON array of CloudEvents");
            }
            var events = new ArrayList<Incoming>();
            while (parser.nextToken() == JsonToken.START_OBJECT) {
                events.add(readEvent(parser, json, nowMicros));
            }
            if (parser.currentToken() != JsonToken.END_ARRAY) {
                throw invalid("found " + name(parser.currentToken()) + " in the batch, expected CloudEvents only");
            }
            if (parser.nextToken() != null) {
                throw invalid("found more after the batch, expected one JSON array");
            }
            if (events.isEmpty()) {
                throw invalid("found an empty batch, expected at least one event");
            }
            return events;
        } catch (IOException malformed) {
            throw malformed(malformed);
        }
    }

    /** Checks that bytes are exactly one JSON value; INVALID_EVENT with line and column otherwise. */
    public static void checkJson(byte[] json) {
        if (JsonScan.recognizes(json)) {
            return;
        }
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() == null) {
                throw invalid("found no data, expected one JSON value");
            }
            parser.skipChildren();
            parser.finishToken();
            if (parser.nextToken() != null) {
                throw invalid("found more after the data, expected one JSON value");
            }
        } catch (IOException malformed) {
            throw malformed(malformed);
        }
    }

    /** Whether a name may be a CloudEvents attribute: lower-case letters and digits. */
    public static boolean isAttributeName(String name) {
        if (name.isEmpty() || name.length() > 64) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) {
                return false;
            }
        }
        return true;
    }

    /** Reads an RFC 3339 time as µs since 1970 UTC; INVALID_EVENT otherwise. */
    public static long micros(String time) {
        try {
            Instant instant = OffsetDateTime.parse(time).toInstant();
            return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1_000);
        } catch (DateTimeException | ArithmeticException malformed) {
            throw invalid("found time '" + shortened(time) + "', expected RFC 3339 such as 2026-01-31T12:00:00Z");
        }
    }

    private static Incoming readEvent(JsonParser parser, byte[] json, long nowMicros) throws IOException {
        var attributes = new LinkedHashMap<String, Object>();
        byte @Nullable [] data = null;
        boolean dataIsText = false;
        byte @Nullable [] binary = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken token = parser.nextToken();
            if (name.equals("data")) {
                dataIsText = token == JsonToken.VALUE_STRING;
                data = token == JsonToken.VALUE_NULL ? null : slice(parser, json);
            } else if (name.equals("data_base64")) {
                binary = token == JsonToken.VALUE_NULL ? null : base64(parser);
            } else if (token != JsonToken.VALUE_NULL && attributes.put(name, value(parser, name, token)) != null) {
                throw invalid("found attribute '" + shortened(name) + "' twice, expected it once");
            }
        }
        if (data != null && binary != null) {
            throw invalid("found data and data_base64, expected one of them");
        }
        return event(attributes, data, dataIsText, binary, nowMicros);
    }

    private static Incoming event(
            Map<String, Object> attributes,
            byte @Nullable [] data,
            boolean dataIsText,
            byte @Nullable [] binary,
            long nowMicros) {
        String version = required(attributes, "specversion");
        if (!version.equals("1.0")) {
            throw invalid("found specversion '" + shortened(version) + "', expected 1.0");
        }
        String id = required(attributes, "id");
        String source = required(attributes, "source");
        String type = required(attributes, "type");
        String contentType = text(attributes, "datacontenttype");
        contentType = contentType == null ? Event.JSON : contentType;
        String time = text(attributes, "time");
        String stream = text(attributes, "stream");
        Object expected = attributes.remove("expectedversion");
        attributes.keySet().removeAll(GIVEN_ON_READING);
        byte[] bytes = new byte[0];
        if (binary != null) {
            bytes = binary;
            if (Event.isJson(contentType)) {
                checkJson(bytes);
            }
        } else if (data != null) {
            bytes = !Event.isJson(contentType) && dataIsText ? unquote(data) : data;
        }
        var event = new Event(
                id,
                type,
                source,
                time == null ? nowMicros : micros(time),
                contentType,
                attributes.isEmpty() ? Map.of() : attributes,
                null,
                bytes);
        return new Incoming(event, stream, expected == null ? null : expected.toString());
    }

    private static String required(Map<String, Object> attributes, String name) {
        String value = text(attributes, name);
        if (value == null || value.isEmpty()) {
            throw invalid("found no attribute '" + name + "', expected specversion, id, source and type");
        }
        return value;
    }

    private static @Nullable String text(Map<String, Object> attributes, String name) {
        Object value = attributes.remove(name);
        if (value == null || value instanceof String) {
            return (String) value;
        }
        throw invalid("found " + value + " as attribute '" + name + "', expected a string");
    }

    private static Object value(JsonParser parser, String name, JsonToken token) throws IOException {
        if (!isAttributeName(name)) {
            throw invalid(
                    "found attribute '" + shortened(name) + "', expected a name of lower-case letters and digits");
        }
        if (token == JsonToken.VALUE_STRING) {
            return unicode(parser.getText(), name);
        }
        if (token == JsonToken.VALUE_TRUE || token == JsonToken.VALUE_FALSE) {
            return parser.getBooleanValue();
        }
        if (token == JsonToken.VALUE_NUMBER_INT && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
            return parser.getLongValue();
        }
        throw invalid("found " + name(token) + " as attribute '" + name + "', expected a string, boolean or integer");
    }

    /** JSON can escape half of a surrogate pair; UTF-8, in which the event is kept, cannot hold it. */
    private static String unicode(String text, String name) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            if (Character.isLowSurrogate(c) || i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(++i))) {
                throw invalid("found half of a surrogate pair in attribute '" + name + "', expected Unicode text");
            }
        }
        return text;
    }

    private static byte[] slice(JsonParser parser, byte[] json) throws IOException {
        int start = (int) parser.currentTokenLocation().getByteOffset();
        parser.skipChildren();
        parser.finishToken();
        return Arrays.copyOfRange(json, start, (int) parser.currentLocation().getByteOffset());
    }

    private static byte[] unquote(byte[] quoted) {
        try (JsonParser parser = JSON.createParser(quoted)) {
            parser.nextToken();
            return parser.getText().getBytes(StandardCharsets.UTF_8);
        } catch (IOException malformed) {
            throw malformed(malformed);
        }
    }

    private static byte[] base64(JsonParser parser) throws IOException {
        if (parser.currentToken() == JsonToken.VALUE_STRING) {
            try {
                return Base64.getDecoder().decode(parser.getText());
            } catch (IllegalArgumentException malformed) {
                throw invalid("found data_base64 that cannot be decoded, expected base64: " + malformed.getMessage());
            }
        }
        throw invalid("found " + name(parser.currentToken()) + " as data_base64, expected a string");
    }

    private static Failure invalid(String message) {
        return Failure.of(Failure.Kind.INVALID_EVENT, message);
    }

    private static Failure malformed(IOException malformed) {
        if (malformed instanceof StreamConstraintsException) {
            return invalid("found JSON beyond the limits, expected at most 200 levels and 1000 digits: "
                    + ((StreamConstraintsException) malformed).getOriginalMessage());
        }
        if (malformed instanceof com.fasterxml.jackson.core.JsonProcessingException at && at.getLocation() != null) {
            return invalid(
                    "found JSON that cannot be read at line " + at.getLocation().getLineNr() + ", column "
                            + at.getLocation().getColumnNr() + ": " + at.getOriginalMessage());
        }
        return invalid("found JSON that cannot be read: " + malformed.getMessage());
    }

    private static String name(@Nullable JsonToken token) {
        return token == null
                ? "nothing"
                : token.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
    }

    private static String shortened(String text) {
        return text.length() <= 64 ? text : text.substring(0, 64) + "…";
    }

    /**
     * The structured form of an event, with {@code stream streamversion position recordedtime}, the Kafka origin where it has
     * one, and {@code cursor} when given. JSON data stands as {@code data}, text as a string, all else as {@code data_base64}.
     */
    public static byte[] write(RecordedEvent event, @Nullable String cursor) {
        var out = new JsonBytes(256 + event.dataLength());
        write(out, event, cursor);
        return out.toBytes();
    }

    /** A JSON array of events. */
    public static byte[] writeBatch(List<RecordedEvent> events) {
        var out = new JsonBytes(64 + events.size() * 512);
        out.raw('[');
        for (int i = 0; i < events.size(); i++) {
            if (i > 0) {
                out.raw(',');
            }
            write(out, events.get(i), null);
        }
        out.raw(']');
        return out.toBytes();
    }

    private static void write(JsonBytes out, RecordedEvent event, @Nullable String cursor) {
        out.raw("{\"specversion\":\"1.0\"");
        out.member("id", event.id());
        out.member("source", event.source());
        out.member("type", event.type());
        out.member("time", time(event.timeMicros()));
        out.member("stream", event.stream());
        out.member("streamversion", event.version());
        out.member("position", event.shard() + ":" + event.offset());
        out.member("recordedtime", time(event.recordedMicros()));
        event.attributes().forEach((name, value) -> {
            if (value instanceof String text) {
                out.member(name, text);
            } else {
                out.memberRaw(name, value.toString());
            }
        });
        Origin origin = event.origin();
        if (origin != null) {
            if (!event.attributes().containsKey("correlationid")) {
                out.member("correlationid", event.id());
            }
            out.member("kafkatopic", origin.topic());
            out.member("kafkapartition", origin.partition());
            out.member("kafkaoffset", String.valueOf(origin.offset()));
        }
        if (cursor != null) {
            out.member("cursor", cursor);
        }
        out.member("datacontenttype", event.contentType());
        if (event.dataLength() > 0) {
            writeData(out, event);
        }
        out.raw('}');
    }

    private static void writeData(JsonBytes out, RecordedEvent event) {
        if (event.isJson()) {
            out.name("data");
            out.raw(event.dataArray(), event.dataStart(), event.dataLength());
        } else if (event.contentType().startsWith("text/") && Utf8.isValid(event.data())) {
            out.member("data", new String(event.data(), StandardCharsets.UTF_8));
        } else {
            out.member("data_base64", Base64.getEncoder().encodeToString(event.data()));
        }
    }

    private static String time(long micros) {
        return Instant.ofEpochSecond(Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1_000)
                .toString();
    }
}
