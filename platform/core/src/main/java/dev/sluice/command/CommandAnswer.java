package dev.sluice.command;

import dev.sluice.log.Cursor;
import dev.sluice.log.Event;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an aggregate answers to a command after the commit: it was decided. Every other {@link Outcome} is a
 * {@link dev.sluice.log.Failure}, which names it in its detail {@link Outcome#DETAIL}: then nothing has happened, unless its kind is
 * OUTCOME_UNKNOWN or INTERNAL.
 *
 * @param decided ACCEPTED, NOTHING or REJECTED; of a repetition what was decided the first time
 * @param isDuplicate the command was known by its id: nothing was decided again
 * @param version of the stream behind the command
 * @param cursor covers the command's events, or what the decision was made upon; every other shard at what was visible
 * @param events in order: each type and data as the reply to who sent the command; empty unless ACCEPTED
 * @param rejection of REJECTED, else null
 */
public record CommandAnswer(
        Outcome decided,
        boolean isDuplicate,
        String stream,
        long version,
        Cursor cursor,
        List<Reply> events,
        @Nullable Rejection rejection) {
    /** An event that the command has led to. {@code data} is JSON, not changed. */
    public record Reply(String type, byte[] data) {
        static Reply of(Event event) {
            return new Reply(event.type(), event.data());
        }
    }

    /** DUPLICATE for a repetition, else what was decided. */
    public Outcome outcome() {
        return isDuplicate ? Outcome.DUPLICATE : decided;
    }
}
