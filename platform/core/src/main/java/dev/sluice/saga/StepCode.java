package dev.sluice.saga;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.saga.definition.Outgoing;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The functions of a step. */
record StepCode<S, R>(
        @Nullable Class<R> reply,
        Function<S, Outgoing> command,
        BiFunction<S, R, S> after,
        @Nullable Predicate<S> when,
        @Nullable BiFunction<S, Optional<R>, Outgoing> undo,
        @Nullable Function<S, Outgoing> probe) {
    S replied(S state, JsonNode data) {
        return saysNothing(reply, data) ? state : after.apply(state, read(data));
    }

    Outgoing undone(S state, @Nullable JsonNode data) {
        return Objects.requireNonNull(undo, "only what has an undo is undone")
                .apply(
                        state,
                        data == null || saysNothing(reply, data) ? Optional.empty() : Optional.ofNullable(read(data)));
    }

    /** An aggregate that had nothing to do answers without a reply. */
    static boolean saysNothing(@Nullable Class<?> reply, JsonNode data) {
        return reply != null && data.isObject() && data.isEmpty() && reply.getDeclaredFields().length > 0;
    }

    /** Of a participant that replies nothing there is nothing to read. */
    @SuppressWarnings("NullAway") // a Void has no other value than null
    private R read(JsonNode data) {
        return reply == null ? null : Mapping.reply(data, reply);
    }
}
