package dev.sluice.log;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An expected failure: a kind, what was found and what was expected. It has no stack trace; bugs are other unchecked
 * exceptions. It travels by reference through stages, futures and the event bus.
 */
public final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Every way to fail, with what each surface makes of it. Codes are stable and public. */
    public enum Kind {
        WRONG_EXPECTED_VERSION(412, 4, false),
        APPEND_ID_REUSED(409, 4, false),
        EVENT_TOO_LARGE(413, 2, false),
        APPEND_TOO_LARGE(413, 2, false),
        BODY_TOO_LARGE(413, 2, false),
        INVALID_EVENT(400, 2, false),
        INVALID_REQUEST(400, 2, false),
        INVALID_CURSOR(400, 2, false),
        INVALID_STREAM(400, 2, false),
        FILTER_INVALID(400, 2, false),
        DEFINITION_INVALID(400, 2, false),
        CROSS_SHARD_APPEND(400, 2, false),
        EVALUATION_FAILED(422, 1, false),
        INVALID_COMMAND(400, 2, false),
        REJECTED(422, 4, false),
        COMMAND_ID_REUSED(409, 4, false),
        COMMAND_NOT_FOUND(404, 3, false),
        FORBIDDEN_ORIGIN(403, 5, false),
        PLATFORM_STREAM(403, 5, false),
        STREAM_NOT_FOUND(404, 3, false),
        EVENT_NOT_FOUND(404, 3, false),
        PROJECTION_NOT_FOUND(404, 3, false),
        ROW_NOT_FOUND(404, 3, false),
        DEAD_LETTER_NOT_FOUND(404, 3, false),
        NOT_RETRYABLE(409, 4, false),
        WRONG_STATUS(409, 4, false),
        BREAKER_NOT_FOUND(404, 3, false),
        NOT_FOUND(404, 3, false),
        METHOD_NOT_ALLOWED(405, 2, false),
        NOT_ACCEPTABLE(406, 2, false),
        UNSUPPORTED_MEDIA_TYPE(415, 2, false),
        BYPASSES_MESH(403, 5, false),
        RATE_LIMITED(429, 6, true),
        CIRCUIT_OPEN(503, 6, true),
        OVERLOADED(503, 6, true),
        NO_HANDLERS(503, 6, true),
        UNAVAILABLE(503, 6, true),
        OUTCOME_UNKNOWN(503, 6, true),
        NOT_YET(504, 7, true),
        DEADLINE_EXCEEDED(504, 7, true),
        GENERATION_NOT_READY(409, 4, true),
        NO_GENERATION(409, 4, false),
        SOURCE_GAP(500, 1, false),
        SOURCE_CHANGED(409, 1, false),
        NEWER_FORMAT(500, 1, false),
        CORRUPT(500, 8, false),
        CONFIG_INVALID(500, 2, false),
        INTERNAL(500, 1, false);

        private final int httpStatus;
        private final int exitCode;
        private final boolean retryable;

        Kind(int httpStatus, int exitCode, boolean retryable) {
            this.httpStatus = httpStatus;
            this.exitCode = exitCode;
            this.retryable = retryable;
        }

        /** The public code, such as {@code wrong_expected_version}. */
        public String code() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }

        public int httpStatus() {
            return httpStatus;
        }

        /** The exit code of a command line that ends with this failure. */
        public int exitCode() {
            return exitCode;
        }

        /** Whether the same request may succeed later. */
        public boolean retryable() {
            return retryable;
        }
    }

    private final Kind kind;
    private final transient Map<String, Object> details;

    private Failure(Kind kind, String message, Map<String, Object> details) {
        super(message, null, false, false);
        this.kind = kind;
        this.details = details;
    }

    public static Failure of(Kind kind, String message) {
        return new Failure(kind, message, Map.of());
    }

    /** A conflict of versions: "stream cart-7 is at version 4, expected 3". */
    public static Failure wrongVersion(String stream, Expected expected, long actual) {
        return of(
                        Kind.WRONG_EXPECTED_VERSION,
                        "stream " + stream + " is at version " + actual + ", expected " + expected)
                .with("stream", stream)
                .with("expected", expected.wire())
                .with("actual", actual);
    }

    /** This failure with one more machine-readable detail; the value is a string, number, boolean, list or map of them. */
    public Failure with(String name, Object value) {
        var more = new LinkedHashMap<>(details);
        more.put(name, value);
        return new Failure(kind, getMessage(), java.util.Collections.unmodifiableMap(more));
    }

    public Kind kind() {
        return kind;
    }

    /** Members of the problem document beside code and detail, in order. */
    public Map<String, Object> details() {
        return details;
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
