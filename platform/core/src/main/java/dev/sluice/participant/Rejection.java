package dev.sluice.participant;

import dev.sluice.spi.ParticipantReply;
import org.jspecify.annotations.Nullable;

/** The clear no of a participant: a code, and an object whose {@code message} says why. */
final class Rejection {
    private Rejection() {}

    static ParticipantReply of(String code, String message) {
        return new ParticipantReply(true, code, JsonText.of("message", message));
    }

    /** With what the first of {@code detail}, {@code message}, {@code title} says; where none is there, the code. */
    static ParticipantReply of(String code, JsonText body) {
        return of(code, or(body.text("detail"), or(body.text("message"), or(body.text("title"), code))));
    }

    private static String or(@Nullable String text, String otherwise) {
        return text == null || text.isEmpty() ? otherwise : text;
    }
}
