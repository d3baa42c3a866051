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
            if (isLast || !isSick(each)) {
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
        var instance = running.get(random.nextInt(running.size()));
        var action = new Action("action-" + ++actions, Verb.PAUSE);
        try {
            say(instance, action);
            say(instance, action);
            acted.merge(Verb.PAUSE, 1, Integer::sum);
        } catch (KillHouse.Refused tooLate) {
            acted.merge(Verb.PAUSE, 0, Integer::sum);
        }
    }

    private void act(JsonNode parked) {
        var action = decided.computeIfAbsent(name(parked), first -> new Action("action-" + ++actions, decide(parked)));
        try {
            say(parked, action);
            say(parked, action);
            acted.merge(action.verb(), 1, Integer::sum);
        } catch (KillHouse.Refused refused) {
            throw new IllegalStateException(
                    "found " + action + " on " + parked + " refused: " + refused.getMessage(), refused);
        }
        decided.remove(name(parked));
    }

    private static String name(JsonNode instance) {
        return new InstanceId(
                        instance.path("saga").textValue(), instance.path("key").textValue())
                .toString();
    }

    /** Of the saga of steps; the other has no code that throws. */
    private static boolean isSick(JsonNode instance) {
        return instance.path("saga").textValue().equals(KillChild.DEFINITION.name())
                && instance.path("key").textValue().endsWith(KillLoad.SICK);
    }

    private void say(JsonNode instance, Action action) {
        house.call(KillHouse.message("act")
                .put("id", action.id())
                .put("saga", instance.path("saga").textValue())
                .put("key", instance.path("key").textValue())
                .put("verb", action.verb().name()));
    }

    private Verb decide(JsonNode parked) {
        String instance = name(parked);
        String step = parked.path("step").asText("");
        if (isSick(parked)) {
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
