package dev.sluice.saga;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.saga.machine.Input.Verb;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * An operator of the killed process: decides on what is parked, does by hand what its decision says was done, and says it again under the same action
 * id until it was heard, and once more.
 */
final class KillOperator {
    private final KillHouse house;
    private final KillParticipants participants;
    private final Random random;
    private final Map<String, Action> decided = new HashMap<>();
    private final Map<Verb, Integer> acted = new EnumMap<>(Verb.class);
    private int actions;

    private record Action(String id, Verb verb) {}

    KillOperator(KillHouse house, KillParticipants participants, long seed) {
        this.house = house;
        this.participants = participants;
        random = new Random(seed);
    }

    Map<Verb, Integer> acted() {
        return acted;
    }

    /** Acts on all that is parked now; how many that were. */
    int act() {
        var parked = house.call(KillHouse.message("parked"));
        parked.forEach(this::act);
        return parked.size();
    }

    private void act(JsonNode parked) {
        String key = parked.path("key").textValue();
        var action = decided.computeIfAbsent(key, first -> new Action("action-" + ++actions, decide(parked)));
        try {
            say(key, action);
            say(key, action);
            acted.merge(action.verb(), 1, Integer::sum);
        } catch (KillHouse.Refused refused) {
            throw new IllegalStateException(
                    "found " + action + " on " + parked + " refused: " + refused.getMessage(), refused);
        }
        decided.remove(key);
    }

    private void say(String key, Action action) {
        house.call(KillHouse.message("act")
                .put("id", action.id())
                .put("key", key)
                .put("verb", action.verb().name()));
    }

    private Verb decide(JsonNode parked) {
        String instance =
                new InstanceId(KillChild.DEFINITION.name(), parked.path("key").textValue()).toString();
        String step = parked.path("step").asText("");
        if (!participants.knows(step)) {
            return Verb.RETRY;
        }
        if (random.nextInt(10) == 0) {
            return Verb.ABANDON;
        }
        return parked.path("direction").textValue().equals("UNDO") ? back(instance, step) : onward(instance, step);
    }

    private Verb back(String instance, String step) {
        var verb = List.of(Verb.RETRY, Verb.RETRY, Verb.RESOLVE, Verb.SKIP).get(random.nextInt(4));
        participants.persuade(instance);
        return verb == Verb.RETRY || participants.repair(instance, step, true) ? verb : Verb.RETRY;
    }

    private Verb onward(String instance, String step) {
        var verb = List.of(Verb.RETRY, Verb.RETRY, Verb.RESOLVE, Verb.SKIP, Verb.COMPENSATE)
                .get(random.nextInt(5));
        boolean isDone =
                switch (verb) {
                    case RESOLVE -> participants.repair(instance, step, false);
                    case SKIP -> participants.repair(instance, step, true);
                    case COMPENSATE ->
                        participants.repair(instance, step, true)
                                && (step.equals("ship") || participants.repair(instance, "ship", true));
                    case RETRY, RETRY_FRESH, PAUSE, RESUME, ABANDON -> true;
                };
        return isDone ? verb : Verb.RETRY;
    }
}
