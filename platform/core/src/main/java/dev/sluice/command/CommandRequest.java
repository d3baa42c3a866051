package dev.sluice.command;

import dev.sluice.log.Expected;
import org.jspecify.annotations.Nullable;

/**
 * A command for an aggregate, as it comes to the address {@code command.TYPE}; a {@link CommandAnswer} answers it. Deadline and
 * traceparent are those of the call.
 *
 * @param stream of the aggregate; its category says which aggregate
 * @param data JSON; not changed
 * @param commandId 1–255 characters; the same again for the same stream gets the same answer; null: nothing is remembered of it
 * @param expected the version that the aggregate must have
 * @param undoes the id of the command that this one undoes, null when it undoes none. When that one was never seen or was rejected,
 *     there is nothing to undo: the answer is NOTHING, and should that one still come, it is rejected with the code
 *     {@link Rejection#VOIDED}
 * @param isOfSaga its answer is remembered as long as the stream, since undo, park and retry may outlive the usual week
 * @param correlation of the events; null: the command id
 */
public record CommandRequest(
        String stream,
        byte[] data,
        @Nullable String commandId,
        Expected expected,
        @Nullable String undoes,
        boolean isOfSaga,
        @Nullable String correlation) {
    /** A command that is remembered for a week under its id. */
    public static CommandRequest of(String stream, byte[] data, @Nullable String commandId) {
        return new CommandRequest(stream, data, commandId, Expected.ANY, null, false, null);
    }
}
