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
 * id until it was heard, and once more. Pauses some that run, and tries dead letters again. What is sick, its code at an end, is left parked for the
 * last.
 */
final class KillOperator {
    private final KillHouse house;
    private final KillParticipants participants;
    private final Random random;
    private final Map<String, Action> decided = new HashMap<>();
    private final Map<Verb, Integer> acted = new EnumMap<>(Verb.class);
    private int actions;
    private int left;
    private int retried;
    private boolean isLast;

    private record Action(String id, Verb verb) {}

    KillOperator(KillHouse house, KillParticipants participants, long seed) {
        this.house = house;
        this.participants = participants;
        random = new Random(seed);
    }

    Map<Verb, Integer> acted() {
        return acted;
    }

    /** Those that were left parked the last time. */
    int left() {
        return left;
    }

    /** From now on nothing is left. */
    void endSick() {
        isLast = true;
    }

    /** Acts on all that is parked now and not left; how many that were. */
    int act() {
        pauseOne();
        if (random.nextInt(5) == 0) {
            retry();
        }
        int acting = 0;
        int leaving = 0;
        for (var each : house.call(KillHouse.message("parked"))) {
            if (isLast || !each.path("key").textValue().endsWith(KillLoad.SICK)) {
                act(each);
                acting++;
            } else {
                leaving++;
            }
        }
        left = leaving;
        return acting;
    }

    /** How many dead letters are open that were all tried again. */
    int retry() {
        var done = house.call(KillHouse.message("retry"));
        retried += done.path("retried").intValue();
        return done.path("open").intValue();
    }

    /** Letters whose events were taken. */
    int retried() {
        return retried;
    }

    /** It may have ended, or been parked, meanwhile. */
    private void pauseOne() {
        var running = house.call(KillHouse.message("running"));
        if (running.isEmpty()) {
            return;
        }
        String key = running.get(random.nextInt(running.size())).path("key").textValue();
        var action = new Action("action-" + ++actions, Verb.PAUSE);
        try {
            say(key, action);
            say(key, action);
            acted.merge(Verb.PAUSE, 1, Integer::sum);
        } catch (KillHouse.Refused tooLate) {
            acted.merge(Verb.PAUSE, 0, Integer::sum);
        }
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
        if (parked.path("key").textValue().endsWith(KillLoad.SICK)) {
            return Verb.ABANDON;
        }
        if (parked.path("reason").textValue().equals("PAUSED")) {
            return random.nextInt(10) == 0 ? Verb.ABANDON : Verb.RESUME;
        }
        if (!participants.knows(step)) {
            return Verb.RETRY;
        }
        if (random.nextInt(10) == 0) {
            return Verb.ABANDON;
        }
        return parked.path("direction").textValue().equals("UNDO") ? back(instance, step) : onward(instance, step);
    }

    private Verb back(String instance, String step) {
        var verb =
                List.of(Verb.RETRY, Verb.RETRY_FRESH, Verb.RESOLVE, Verb.SKIP).get(random.nextInt(4));
        participants.persuade(instance);
        boolean isSentAgain = verb == Verb.RETRY || verb == Verb.RETRY_FRESH;
        return isSentAgain || participants.repair(instance, step, true) ? verb : Verb.RETRY;
    }

    private Verb onward(String instance, String step) {
        var verb = List.of(Verb.RETRY, Verb.RETRY_FRESH, Verb.RESOLVE, Verb.SKIP, Verb.COMPENSATE)
                .get(random.nextInt(5));
        boolean isDone =
                switch (verb) {
                    case RESOLVE -> participants.repair(instance, step, false);
                    // a command under a new id is another: the one before must have done nothing, and never do
                    case SKIP, RETRY_FRESH -> participants.repair(instance, step, true);
                    case COMPENSATE ->
                        participants.repair(instance, step, true)
                                && (step.equals("ship") || participants.repair(instance, "ship", true));
                    case RETRY, PAUSE, RESUME, ABANDON -> true;
                };
        return isDone ? verb : Verb.RETRY;
    }
}
