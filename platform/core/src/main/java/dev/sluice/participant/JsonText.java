package dev.sluice.participant;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A JSON document in UTF-8 as it came: the members of an object are slices of its bytes, so that no number loses a digit. */
final class JsonText {
    static final byte[] EMPTY_OBJECT = {'{', '}'};
    private static final JsonFactory FACTORY = new JsonFactory();

    private final byte[] bytes;
    private final Map<String, Member> members;

    private JsonText(byte[] bytes, Map<String, Member> members) {
        this.bytes = bytes;
        this.members = members;
    }

    /** A value of the object, from a byte of the document to before another; {@code text} is null for what is no text. */
    private record Member(
            int from, int to, boolean isObject, @Nullable String text) {}

    /** Null for what is not exactly one JSON value in UTF-8; nothing at all is an empty object. */
    static @Nullable JsonText parse(byte @Nullable [] bytes) {
        if (bytes == null || bytes.length == 0) {
            return new JsonText(EMPTY_OBJECT, Map.of());
        }
        var members = new LinkedHashMap<String, Member>();
        try (JsonParser parser = FACTORY.createParser(bytes)) {
            var first = parser.nextToken();
            if (first == null || parser.currentTokenLocation().getByteOffset() < 0) {
                return null;
            }
            if (first == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    members.put(parser.currentName(), member(parser));
                }
            } else {
                parser.skipChildren();
                parser.finishToken();
            }
            return parser.nextToken() == null ? new JsonText(bytes, members) : null;
        } catch (IOException malformed) {
            return null;
        }
    }

    private static Member member(JsonParser parser) throws IOException {
        var token = parser.nextToken();
        int from = Math.toIntExact(parser.currentTokenLocation().getByteOffset());
        String text = token == JsonToken.VALUE_STRING ? parser.getText() : null;
        parser.skipChildren();
        parser.finishToken();
        int to = Math.toIntExact(parser.currentLocation().getByteOffset());
        return new Member(from, to, token == JsonToken.START_OBJECT, text);
    }

    /** An object with one member that is a text. */
    static byte[] of(String name, String text) {
        return JsonNodeFactory.instance.objectNode().put(name, text).toString().getBytes(StandardCharsets.UTF_8);
    }

    /** The document itself; not to be changed. */
    byte[] bytes() {
        return bytes;
    }

    /** The text of a member, null when there is none of that name or it is no text. */
    @Nullable
    String text(String name) {
        var member = members.get(name);
        return member == null ? null : member.text;
    }

    /** The value of a member, null when there is none of that name. */
    byte @Nullable [] value(String name) {
        var member = members.get(name);
        return member == null ? null : Arrays.copyOfRange(bytes, member.from, member.to);
    }

    /** The name of the only member, when its value is an object; else null. */
    @Nullable
    String onlyObject() {
        var only = members.size() == 1 ? members.entrySet().iterator().next() : null;
        return only != null && only.getValue().isObject ? only.getKey() : null;
    }
}
