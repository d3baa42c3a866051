package dev.sluice.command;

import dev.sluice.bus.Call;
import org.jspecify.annotations.Nullable;

/**
 * A command that has been read, on its way to the writer of its shard.
 *
 * @param digest of what was asked, to tell a repetition from an id used twice
 * @param traceparent of its events
 */
record Attempt<C>(
        CommandType<C> type,
        C command,
        CommandRequest request,
        long digest,
        Call call,
        @Nullable String traceparent) {
    Attempt<C> prepared(C other) {
        return new Attempt<>(type, other, request, digest, call, traceparent);
    }
}
