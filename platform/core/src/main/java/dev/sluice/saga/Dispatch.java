package dev.sluice.saga;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.saga.machine.Direction;
import dev.sluice.saga.machine.Instance;
import org.jspecify.annotations.Nullable;

/** Something that an instance has to send: a row of the outbox, with all that the sending needs. */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Dispatch(
        String saga,
        String key,
        int run,
        String step,
        int attempt,
        Direction direction,
        int epoch,
        String commandId,
        @Nullable String undoes,
        String to,
        String type,
        JsonNode data,
        long timeoutMillis,
        String correlation) {
    static Dispatch of(Instance instance, Instance.Due due) {
        var sending = due.sending();
        return new Dispatch(
                instance.saga(),
                instance.key(),
                instance.run(),
                due.step(),
                due.attempt(),
                sending.direction(),
                sending.epoch(),
                sending.commandId(),
                due.undoes(),
                sending.to(),
                sending.type(),
                sending.data(),
                sending.timeoutMillis(),
                instance.correlation());
    }

    InstanceId id() {
        return new InstanceId(saga, key);
    }

    /** The same attempt of the same command. */
    boolean isSame(@Nullable Dispatch other) {
        return other != null && other.commandId.equals(commandId) && other.attempt == attempt;
    }
}
