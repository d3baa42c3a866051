package dev.sluice.participant;

import dev.sluice.log.Failure;
import dev.sluice.spi.ParticipantReply;
import io.vertx.core.MultiMap;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the response of an upstream says. Clear are only a success that can be read, a rejection that has a code (422, 409) and a refusal
 * to begin (429, 503 with Retry-After); everything else may come from something in between and leaves unknown what happened.
 */
final class HttpAnswer {
    private static final int CONFLICT = 409;
    private static final int UNPROCESSABLE = 422;
    private static final int TOO_MANY = 429;
    private static final int UNAVAILABLE = 503;
    private static final long MAX_WAIT_MILLIS = 3_600_000;
    private static final Pattern SECONDS = Pattern.compile("\\d{1,9}");
    private static final Pattern JSON = Pattern.compile("application/([a-z0-9.+-]+\\+)?json\\s*(;.*)?");

    private final String upstream;
    private final int status;
    private final MultiMap headers;
    private final byte[] body;

    HttpAnswer(String upstream, int status, MultiMap headers, byte[] body) {
        this.upstream = upstream;
        this.status = status;
        this.headers = headers;
        this.body = body;
    }

    /** The reply; throws RATE_LIMITED or OVERLOADED when nothing was begun, else OUTCOME_UNKNOWN. */
    ParticipantReply reply() {
        if (status >= 200 && status < 300) {
            return success();
        }
        if (status == UNPROCESSABLE || status == CONFLICT) {
            return rejection();
        }
        String retryAfter = headers.get("Retry-After");
        if (status == TOO_MANY || status == UNAVAILABLE && retryAfter != null) {
            throw refusal(retryAfter);
        }
        throw unknown("found status " + status + ", expected 2xx, 409, 422, 429, or 503 with Retry-After");
    }

    private ParticipantReply success() {
        var json = json();
        if (json == null) {
            throw unknown("found status " + status + " with a body of type " + headers.get("Content-Type")
                    + " that is no JSON, expected JSON or no body");
        }
        String named = headers.get("ce-type");
        if (named != null) {
            return new ParticipantReply(false, Header.decoded(named), json.bytes());
        }
        String type = json.text("type");
        byte[] data = json.value("data");
        if (type != null && data != null) {
            return new ParticipantReply(false, type, data);
        }
        String only = json.onlyObject();
        byte[] value = only == null || !Character.isUpperCase(only.codePointAt(0)) ? null : json.value(only);
        return only == null || value == null
                ? new ParticipantReply(false, "", json.bytes())
                : new ParticipantReply(false, only, value);
    }

    private ParticipantReply rejection() {
        var json = json();
        String code = json == null ? null : json.text("code");
        if (json == null || code == null || code.isEmpty()) {
            throw unknown(
                    "found status " + status + " without a code in a JSON body, expected one: a status alone may come"
                            + " from something in between, or say that the first request is still under way");
        }
        return Rejection.of(code, json);
    }

    private @Nullable JsonText json() {
        String type = headers.get("Content-Type");
        boolean isJson = type == null
                || body.length == 0
                || JSON.matcher(type.toLowerCase(Locale.ROOT)).matches();
        return isJson ? JsonText.parse(body) : null;
    }

    private Failure refusal(@Nullable String retryAfter) {
        var refused = Failure.of(
                status == TOO_MANY ? Failure.Kind.RATE_LIMITED : Failure.Kind.OVERLOADED,
                "upstream " + upstream + " did not begin: found status " + status);
        long millis = retryAfter == null ? 0 : waitMillis(retryAfter.trim());
        return millis == 0 ? refused : refused.with("retryAfterMillis", millis);
    }

    /** Of seconds, or of a time as the upstream's own clock has it; at most an hour; 0 for what says nothing. */
    private long waitMillis(String retryAfter) {
        if (SECONDS.matcher(retryAfter).matches()) {
            return Math.min(MAX_WAIT_MILLIS, 1_000 * Long.parseLong(retryAfter));
        }
        String now = headers.get("Date");
        try {
            var wait = now == null ? Duration.ZERO : Duration.between(time(now), time(retryAfter));
            return Math.max(0, Math.min(MAX_WAIT_MILLIS, wait.toMillis()));
        } catch (DateTimeException malformed) {
            return 0;
        }
    }

    private static ZonedDateTime time(String text) {
        return ZonedDateTime.parse(text.trim(), DateTimeFormatter.RFC_1123_DATE_TIME);
    }

    private Failure unknown(String why) {
        return Failure.of(Failure.Kind.OUTCOME_UNKNOWN, "upstream " + upstream + ": " + why);
    }
}
