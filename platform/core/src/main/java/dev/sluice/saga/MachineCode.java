package dev.sluice.saga;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.saga.definition.Happened;
import dev.sluice.saga.definition.Moved;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A {@link SagaMachine} over JSON.
 *
 * @param readers of events and replies, by name
 */
record MachineCode<S>(SagaMachine<S> machine, Map<String, Function<JsonNode, @Nullable Object>> readers) {
    Moved moved(JsonNode json, S state, Happened happened) {
        var told = typed(happened);
        var evolved = machine.evolve(state, told);
        // as equals says, since numbers of a tree that was stored may be of another class
        var after = evolved.equals(state) ? json : Mapping.tree(evolved);
        return new Moved(after, List.copyOf(machine.react(evolved, told)));
    }

    private Happened typed(Happened happened) {
        if (happened instanceof Happened.EventArrived it) {
            return new Happened.EventArrived(it.name(), Objects.requireNonNull(read(it.name(), it.event())));
        }
        return happened instanceof Happened.Succeeded it
                ? new Happened.Succeeded(it.name(), read(it.name(), it.reply()))
                : happened;
    }

    private @Nullable Object read(String name, @Nullable Object json) {
        return Objects.requireNonNull(readers.get(name), name).apply((JsonNode) json);
    }
}
