package dev.sluice.server.gateway;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an endpoint answers; {@code contentType} null when there is no body. */
record Answer(int status, @Nullable String contentType, Map<String, String> headers, Buffer body) {
    /** The endpoint writes, or has written, the response itself. */
    static final Answer TAKEN = new Answer(0, null, Map.of(), Buffer.buffer());

    static Answer of(int status, String contentType, Buffer body) {
        return new Answer(status, contentType, Map.of(), body);
    }

    static Answer json(int status, JsonObject body) {
        return of(status, MediaTypes.JSON, body.toBuffer());
    }

    static Answer empty(int status) {
        return new Answer(status, null, Map.of(), Buffer.buffer());
    }

    Answer with(String header, String value) {
        var more = new LinkedHashMap<>(headers);
        more.put(header, value);
        return new Answer(status, contentType, more, body);
    }
}
