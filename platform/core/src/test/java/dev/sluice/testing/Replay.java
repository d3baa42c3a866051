package dev.sluice.testing;

import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Reaction;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.machine.SagaJson;
import dev.sluice.saga.scenario.Trial;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The recorded events of an instance folded once more, by a process whose code throws whenever it is called: it comes to the same instance (I9).
 * Every reaction on the way is held against {@link SagaLaws}.
 */
final class Replay {
    private final SagaDefinition definition;
    private final FaultyCode code;
    private @Nullable Instance folded;
    private SagaLaws laws;
    private int told;

    /** @param code that of the definition which reacts */
    Replay(SagaDefinition definition, FaultyCode code) {
        this.definition = definition;
        this.code = code;
        laws = new SagaLaws(definition, Set.of());
    }

    /** Goes on to where the trial is. */
    void follow(Trial trial) {
        var instance = trial.instance();
        if (folded == null || folded.run() != instance.run()) {
            folded = Instance.of(instance.saga(), instance.key(), instance.run());
            laws = new SagaLaws(definition, Set.of());
            told = 0;
        }
        boolean wasThrowing = code.isThrowing;
        code.isThrowing = true;
        try {
            follow(trial, folded);
        } catch (FaultyCode.Called called) {
            throw new AssertionError("I9: a fold calls code of the definition", called);
        } finally {
            code.isThrowing = wasThrowing;
        }
        SagaLaws.demand(
                text(folded).equals(text(instance)), "I9", "found " + text(folded) + ", expected " + text(instance));
    }

    private void follow(Trial trial, Instance from) {
        var all = trial.recorded();
        var before = from;
        while (told < all.size()) {
            var first = all.get(told);
            var events = new ArrayList<SagaEvent>();
            for (; told < all.size() && all.get(told).reaction() == first.reaction(); told++) {
                var event = all.get(told).event();
                events.add(SagaJson.event(SagaJson.type(event), SagaJson.bytes(event)));
            }
            var after = before.copy();
            events.forEach(event -> after.fold(event, first.atMicros()));
            laws.check(before, new Reaction(events, after), first.atMicros());
            before = after;
        }
        folded = before;
    }

    /** As it is when it was written and read: a number has no type then. */
    private static String text(Instance instance) {
        try {
            return SagaJson.MAPPER.readTree(SagaJson.bytes(instance)).toString();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }
}
