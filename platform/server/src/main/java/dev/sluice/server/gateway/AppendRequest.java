package dev.sluice.server.gateway;

import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import dev.sluice.server.gateway.wire.Percent;
import dev.sluice.shard.CloudEventsJson;
import dev.sluice.shard.Tags;
import dev.sluice.shard.Utf8;
import io.vertx.core.json.JsonObject;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A request to append, in one of four forms (CloudEvents HTTP binding 1.0.2 §3): structured, batch, binary, or plain JSON
 * with its type as a parameter.
 *
 * @param type the parameter {@code type}
 * @param ceHeaders the {@code ce-} headers without their prefix, as they came
 */
record AppendRequest(
        String stream,
        Expected expected,
        @Nullable String appendId,
        @Nullable String contentType,
        @Nullable String type,
        SortedMap<String, String> ceHeaders,
        byte[] body) {
    private static final String PLAIN_SOURCE = "urn:sluice:http";
    private static final String PREFIX = "ce-";
    private static final String BYTES = "application/octet-stream";

    static AppendRequest of(String stream, Call call, @Nullable String type) {
        call.checkContentEncoding();
        return new AppendRequest(
                stream,
                Preconditions.expected(call.header("If-Match"), call.header("If-None-Match")),
                Preconditions.appendId(call.header("Idempotency-Key")),
                call.header("Content-Type"),
                type,
                ceHeaders(call),
                call.body());
    }

    private static SortedMap<String, String> ceHeaders(Call call) {
        var headers = new TreeMap<String, String>();
        for (Map.Entry<String, String> header : call.request().headers()) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            if (name.startsWith(PREFIX) && headers.put(name.substring(PREFIX.length()), header.getValue()) != null) {
                throw invalid("found header " + Query.shown(name) + " twice, expected it once");
            }
        }
        return headers;
    }

    /**
     * The append, everything checked that needs no log. Takes time in proportion to the body.
     *
     * @param nowMicros the time of events that have none
     */
    Append toAppend(long nowMicros) {
        List<CloudEventsJson.Incoming> incoming = incoming(nowMicros);
        var events = new ArrayList<Event>(incoming.size());
        for (CloudEventsJson.Incoming each : incoming) {
            if (each.stream() != null && !each.stream().equals(stream)) {
                throw invalid("found an event for stream '" + Query.shown(each.stream()) + "', expected '" + stream
                        + "' as in the path");
            }
            if (each.expectedVersion() != null) {
                throw invalid("found attribute expectedversion, expected the header If-Match or If-None-Match");
            }
            Tags.check(each.event().attributes().get("tags"));
            events.add(each.event());
        }
        return new Append(
                appendId, appendId == null ? 0 : digest(), List.of(new Append.StreamWrite(stream, expected, events)));
    }

    private List<CloudEventsJson.Incoming> incoming(long nowMicros) {
        String media = contentType == null ? "" : MediaTypes.bare(contentType);
        if (contentType != null) {
            MediaTypes.checkCharset(contentType);
        }
        if (media.equals(MediaTypes.CLOUDEVENT) || media.equals(MediaTypes.CLOUDEVENTS)) {
            refuseType("with " + media + ", whose events have theirs");
            checkText();
            return media.equals(MediaTypes.CLOUDEVENT)
                    ? List.of(CloudEventsJson.parse(body, nowMicros))
                    : CloudEventsJson.parseBatch(body, nowMicros);
        }
        if (!ceHeaders.isEmpty()) {
            refuseType("with ce- headers, of which one is ce-type");
            return List.of(binary(nowMicros));
        }
        if (!media.equals(MediaTypes.JSON)) {
            throw Failure.of(
                    Kind.UNSUPPORTED_MEDIA_TYPE,
                    "found " + (contentType == null ? "no Content-Type" : Query.shown(contentType)) + ", expected "
                            + MediaTypes.CLOUDEVENT + ", " + MediaTypes.CLOUDEVENTS
                            + ", any type with ce- headers, or application/json with ?type=");
        }
        if (type == null || type.isEmpty()) {
            throw Query.invalid("found plain JSON without an event type, expected the parameter type or ce- headers");
        }
        checkText();
        CloudEventsJson.checkJson(body);
        var event = new Event(
                UUID.randomUUID().toString(), type, PLAIN_SOURCE, nowMicros, Event.JSON, Map.of(), null, body);
        return List.of(new CloudEventsJson.Incoming(event, null, null));
    }

    /** The attributes pass through the structured form's parser, so that both forms have one set of rules. */
    private CloudEventsJson.Incoming binary(long nowMicros) {
        var attributes = new JsonObject();
        ceHeaders.forEach((name, value) -> {
            if (!CloudEventsJson.isAttributeName(name) || name.equals("data") || name.equals("datacontenttype")) {
                throw invalid("found header ce-" + Query.shown(name) + ", expected ce- and an attribute's name ("
                        + "lower-case letters and digits); the data's type is Content-Type");
            }
            attributes.put(
                    name, Percent.decode(unquoted(value), false, Kind.INVALID_EVENT, "header ce-" + Query.shown(name)));
        });
        String dataType = contentType == null ? (body.length == 0 ? Event.JSON : BYTES) : contentType;
        attributes.put("datacontenttype", dataType);
        CloudEventsJson.Incoming read =
                CloudEventsJson.parse(attributes.toBuffer().getBytes(), nowMicros);
        if (body.length > 0 && Event.isJson(dataType)) {
            checkText();
            CloudEventsJson.checkJson(body);
        }
        Event event = read.event();
        return new CloudEventsJson.Incoming(
                new Event(
                        event.id(),
                        event.type(),
                        event.source(),
                        event.timeMicros(),
                        dataType,
                        event.attributes(),
                        null,
                        body),
                read.stream(),
                read.expectedVersion());
    }

    /** Without the double quotes and backslashes that older versions of the binding allowed. */
    private static String unquoted(String value) {
        if (value.length() < 2 || !value.startsWith("\"") || !value.endsWith("\"")) {
            return value;
        }
        return value.substring(1, value.length() - 1).replaceAll("\\\\(.)", "$1");
    }

    private void refuseType(String why) {
        if (type != null) {
            throw Query.invalid("found parameter 'type' " + why + ", expected none");
        }
    }

    /** JSON is UTF-8 without NUL and byte order mark; a parser that guesses encodings must not see anything else. */
    private void checkText() {
        for (byte b : body) {
            if (b == 0) {
                throw invalid("found a NUL byte in JSON, expected UTF-8 text");
            }
        }
        if (!Utf8.isValid(body)) {
            throw invalid("found JSON with bytes that are not UTF-8, expected UTF-8");
        }
        if (body.length > 2 && (body[0] & 0xff) == 0xef && (body[1] & 0xff) == 0xbb && (body[2] & 0xff) == 0xbf) {
            throw invalid("found a byte order mark before the JSON, expected none");
        }
    }

    /** What the client sent: the same again is the same append, anything else is not. */
    private long digest() {
        try {
            MessageDigest hash = MessageDigest.getInstance("SHA-256");
            add(hash, stream);
            add(hash, expected.toString());
            add(hash, contentType == null ? "" : MediaTypes.bare(contentType));
            add(hash, type == null ? "" : type);
            ceHeaders.forEach((name, value) -> {
                add(hash, name);
                add(hash, value);
            });
            hash.update(body);
            return ByteBuffer.wrap(hash.digest()).getLong();
        } catch (NoSuchAlgorithmException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }

    private static void add(MessageDigest hash, String part) {
        byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
        hash.update(ByteBuffer.allocate(4).putInt(0, bytes.length));
        hash.update(bytes);
    }

    private static Failure invalid(String message) {
        return Failure.of(Kind.INVALID_EVENT, message);
    }
}
