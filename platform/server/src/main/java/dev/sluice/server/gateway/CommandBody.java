package dev.sluice.server.gateway;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.sluice.log.Failure;
import dev.sluice.shard.Utf8;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The body of a command: {@code {"stream":…,"data":{…}}}. The data stay the bytes that they are.
 *
 * @param data an empty object when there are none
 */
record CommandBody(String stream, byte[] data) {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private static final byte[] NOTHING = {'{', '}'};

    /** Takes time in proportion to the body. INVALID_REQUEST. */
    static CommandBody parse(byte[] body) {
        if (!Utf8.isValid(body) || isTextOfAnotherKind(body)) {
            throw invalid("a body that is not UTF-8");
        }
        try (JsonParser parser = JSON.createParser(body)) {
            return parse(parser, body);
        } catch (JsonProcessingException malformed) {
            throw invalid("a body that is not JSON (" + malformed.getOriginalMessage() + ")");
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** A parser takes zero bytes for another encoding. */
    private static boolean isTextOfAnotherKind(byte[] body) {
        for (byte b : body) {
            if (b == 0) {
                return true;
            }
        }
        return false;
    }

    private static CommandBody parse(JsonParser parser, byte[] body) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw invalid("another value");
        }
        @Nullable String stream = null;
        byte[] data = NOTHING;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            var value = parser.nextToken();
            if (name.equals("stream") && value == JsonToken.VALUE_STRING) {
                stream = parser.getText();
            } else if (name.equals("data")) {
                data = bytes(parser, body);
            } else {
                throw invalid("member '" + Query.shown(name) + "'"
                        + (name.equals("stream") ? " with another value than a string" : ""));
            }
        }
        if (parser.nextToken() != null) {
            throw invalid("something behind the object");
        }
        if (stream == null) {
            throw invalid("no member 'stream'");
        }
        return new CommandBody(stream, data);
    }

    private static byte[] bytes(JsonParser parser, byte[] body) throws IOException {
        int start = (int) parser.currentTokenLocation().getByteOffset();
        parser.skipChildren();
        parser.finishToken();
        return Arrays.copyOfRange(body, start, (int) parser.currentLocation().getByteOffset());
    }

    private static Failure invalid(String found) {
        return Query.invalid("found " + found + ", expected an object with stream and data");
    }
}
