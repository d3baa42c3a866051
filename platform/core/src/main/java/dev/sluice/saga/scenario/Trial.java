package dev.sluice.saga.scenario;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Input;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Machine;
import dev.sluice.saga.machine.Reaction;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.machine.SagaJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One instance, recorded as it would be stored. After every reaction it is read back: the fold of the stored events is the instance
 * (invariant I1). Every reaction is made a second time, by the instance that was read back: it comes to the same events (I10), so that an
 * instance that a crash cuts off anywhere comes to the same end.
 */
public final class Trial {
    private final SagaDefinition definition;
    private final List<Recorded> recorded = new ArrayList<>();
    private @Nullable Instance live;
    private @Nullable Instance stored;

    /** An event of the instance with the time of its reaction; {@code reaction} counts from 0. */
    public record Recorded(SagaEvent event, long atMicros, int reaction) {}

    private int reactions;

    public Trial(SagaDefinition definition) {
        this.definition = definition;
    }

    /**
     * The first reaction of an instance; of another run when there was one before.
     *
     * @param turn null when it may go at once
     */
    public Reaction begin(String key, int run, ReceivedEvent event, @Nullable Long turn, long nowMicros) {
        live = null;
        stored = null;
        recorded.clear();
        reactions = 0;
        return made(key, run, ignored -> Machine.begin(definition, key, run, event, turn, nowMicros), nowMicros);
    }

    public Reaction react(Input input, long nowMicros) {
        var instance = instance();
        var reaction =
                made(instance.key(), instance.run(), of -> Machine.react(definition, of, input, nowMicros), nowMicros);
        if (input instanceof Input.EventReceived it && reaction.events().isEmpty()) {
            throw Unexpected.found(
                    "I3: nothing that tells of event " + it.event().id(), "it received, held or ignored");
        }
        return reaction;
    }

    private Reaction made(String key, int run, Function<Instance, Reaction> reacting, long nowMicros) {
        var before = live == null ? Instance.of(definition.name(), key, run) : live;
        var from = stored == null ? before.copy() : stored;
        var untouched = tree(before);
        var reaction = reacting.apply(before);
        same("the instance that reacted", tree(before), untouched);
        var again = reacting.apply(from);
        same("I10: the events of the same reaction again", tree(named(again)), tree(named(reaction)));
        for (var event : reaction.events()) {
            recorded.add(new Recorded(event, nowMicros, reactions));
            from = folded(from, event, nowMicros);
        }
        reactions++;
        same("I1: the fold of the events", tree(from), tree(reaction.after()));
        live = reaction.after();
        stored = SagaJson.instance(SagaJson.bytes(reaction.after()));
        same("I1: the instance as it is stored", tree(Objects.requireNonNull(stored)), tree(reaction.after()));
        return reaction;
    }

    /** With the event folded as it is read back. */
    private static Instance folded(Instance instance, SagaEvent event, long atMicros) {
        var after = instance.copy();
        after.fold(SagaJson.event(SagaJson.type(event), SagaJson.bytes(event)), atMicros);
        return after;
    }

    private static List<List<Object>> named(Reaction reaction) {
        return reaction.events().stream()
                .map(event -> List.<Object>of(SagaJson.type(event), event))
                .toList();
    }

    private static void same(String what, JsonNode found, JsonNode expected) {
        if (!found.equals(expected)) {
            throw new Unexpected(what + ": found " + found + ", expected " + expected);
        }
    }

    /** As text would be read: a number is the same whatever it was before it was written. */
    static JsonNode tree(Object value) {
        try {
            var read = SagaJson.MAPPER.readTree(SagaJson.bytes(value));
            return SagaJson.MAPPER.readTree(SagaJson.bytes(read));
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    public boolean hasBegun() {
        return live != null;
    }

    public Instance instance() {
        if (live == null) {
            throw Unexpected.found("no instance", "an event that starts one");
        }
        return live;
    }

    /** All events of the run so far. */
    public List<Recorded> recorded() {
        return Collections.unmodifiableList(recorded);
    }
}
