package dev.sluice.server.gateway;

import dev.sluice.log.Failure;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;

/** A failure as RFC 9457 problem details: code, what was found and expected, and the failure's own members. */
final class Problem {
    private static final String RETRY_AFTER_SECONDS = "1";

    private Problem() {}

    static Answer of(Failure failure, String traceId) {
        return of(failure, failure.kind().httpStatus(), traceId);
    }

    /** With a status of HTTP's own that is closer than the kind's, such as 431. */
    static Answer of(Failure failure, int status, String traceId) {
        var answer = Answer.of(status, MediaTypes.PROBLEM, document(failure, status, traceId));
        return status == 503 || status == 429 ? answer.with("Retry-After", retryAfterSeconds(failure)) : answer;
    }

    /** Rounded up: who comes back a moment early is refused again. */
    private static String retryAfterSeconds(Failure failure) {
        return failure.details().get("retryAfterMillis") instanceof Number millis
                ? String.valueOf(Math.max(1, (millis.longValue() + 999) / 1_000))
                : RETRY_AFTER_SECONDS;
    }

    static Buffer document(Failure failure, int status, String traceId) {
        String code = failure.kind().code();
        var document = new JsonObject()
                .put("type", "urn:sluice:problem:" + code)
                .put("title", title(code))
                .put("status", status)
                .put("detail", failure.getMessage())
                .put("code", code)
                .put("traceId", traceId);
        failure.details().forEach((name, value) -> {
            if (!document.containsKey(name)) {
                document.put(name, json(value));
            }
        });
        return document.toBuffer();
    }

    private static String title(String code) {
        return Character.toUpperCase(code.charAt(0)) + code.substring(1).replace('_', ' ');
    }

    @SuppressWarnings("unchecked") // a Failure's details hold strings, numbers, booleans, lists and maps by name
    private static Object json(Object value) {
        if (value instanceof Map<?, ?> map) {
            return new JsonObject((Map<String, Object>) map);
        }
        return value instanceof List<?> list ? new JsonArray(list) : value;
    }
}
