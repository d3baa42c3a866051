package dev.sluice.ingest;

/** Why a record cannot become an event; it becomes a dead letter with this reason. Has no stack trace. */
final class Refusal extends RuntimeException {
    static final String NO_STREAM = "no-stream";
    static final String PLATFORM_STREAM = "platform-stream";
    static final String BAD_JSON = "bad-json";
    static final String BAD_CLOUDEVENT = "bad-cloudevent";
    static final String TOO_LARGE = "too-large";
    static final String TRUNCATED = "truncated";
    static final String TOMBSTONE = "tombstone";
    static final String WRONG_EXPECTED_VERSION = "wrong-expected-version";
    private static final long serialVersionUID = 1L;

    private final String reason;

    Refusal(String reason, String detail) {
        super(detail, null, false, false);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }

    String detail() {
        return String.valueOf(getMessage());
    }
}
