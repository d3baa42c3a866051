package dev.sluice.server.live;

import dev.sluice.log.Failure;
import org.jspecify.annotations.Nullable;

/**
 * Why a frame of the client is not obeyed; becomes an {@code error} frame. It has no stack trace.
 *
 * <p>Codes beside those of {@link Failure.Kind}: {@code bad_frame}, {@code unsupported}, {@code limits}, {@code sub_in_use},
 * {@code unknown_sub}, {@code field_unknown}.
 */
final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String code;
    private final boolean isRetryable;
    private final transient @Nullable Place place;
    private final @Nullable String request;
    private final @Nullable Integer sub;

    /** A place in the text of a filter, from 1. */
    private record Place(long line, long col) {}

    private Refused(
            String code,
            String message,
            boolean isRetryable,
            @Nullable Place place,
            @Nullable String request,
            @Nullable Integer sub) {
        super(message, null, false, false);
        this.code = code;
        this.isRetryable = isRetryable;
        this.place = place;
        this.request = request;
        this.sub = sub;
    }

    static Refused of(String code, String message) {
        return new Refused(code, message, false, null, null, null);
    }

    static Refused badFrame(String message) {
        return of("bad_frame", message);
    }

    static Refused unsupported(String message) {
        return of("unsupported", message);
    }

    /** What an expected failure or a bug looks like to the client; a bug shows nothing of itself. */
    static Refused of(Throwable cause) {
        if (cause instanceof Refused already) {
            return already;
        }
        if (cause instanceof Failure failure) {
            Place place = failure.details().get("line") instanceof Number line
                            && failure.details().get("col") instanceof Number col
                    ? new Place(line.longValue(), col.longValue())
                    : null;
            return new Refused(
                    failure.kind().code(), failure.getMessage(), failure.kind().retryable(), place, null, null);
        }
        return of(Failure.Kind.INTERNAL.code(), "an error of the server; its log says more");
    }

    /** This refusal as the answer to a request. */
    Refused to(@Nullable String op, @Nullable Integer ofSub) {
        return new Refused(code, String.valueOf(getMessage()), isRetryable, place, op, ofSub);
    }

    boolean isBadFrame() {
        return code.equals("bad_frame");
    }

    String code() {
        return code;
    }

    boolean isRetryable() {
        return isRetryable;
    }

    byte[] frame() {
        var frame = JsonFrame.op("error");
        if (sub != null) {
            frame.member("sub", sub);
        }
        if (request != null) {
            frame.member("ref", request);
        }
        frame.member("code", code).member("message", String.valueOf(getMessage()));
        if (place != null) {
            frame.raw(",\"at\":{\"line\":" + place.line() + ",\"col\":" + place.col() + "}");
        }
        return frame.raw(",\"retryable\":" + isRetryable).end();
    }
}
