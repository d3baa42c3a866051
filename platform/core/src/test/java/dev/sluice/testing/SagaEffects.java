package dev.sluice.testing;

import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.Log;
import dev.sluice.log.StreamName;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.SagaEvent;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The invariants of aggregates that sagas send commands to, from the events that these caused. */
final class SagaEffects {
    private static final int ROWS = 100_000;

    /** When a command of the way forward was undone, µs. */
    private final Map<String, Long> undone = new HashMap<>();
    /** By instance, run and step, the command of the way forward that was sent last. */
    private final Map<String, String> sent = new HashMap<>();

    /** Effects that an instance {@code NAME/KEY} which has failed lists as in force. */
    private final Map<String, Set<String>> residue = new HashMap<>();

    private final Demand demand;

    /** Hears of each invariant whether it holds. */
    interface Demand {
        void holds(boolean holds, String invariant, String problem);
    }

    SagaEffects(Demand demand) {
        this.demand = demand;
    }

    /** @param instance before the event */
    void take(Instance instance, SagaEvent event, long recordedMicros) {
        String run = instance.saga() + "/" + instance.key() + "~" + instance.run() + "/";
        if (event instanceof SagaEvent.StepScheduled it
                && it.direction() == dev.sluice.saga.machine.Direction.FORWARD) {
            sent.put(run + it.step(), it.commandId());
        } else if (event instanceof SagaEvent.SagaFailed it) {
            residue.put(instance.saga() + "/" + instance.key(), Set.copyOf(it.effects()));
        } else if (event instanceof SagaEvent.UndoSucceeded it) {
            String command = sent.get(run + it.step());
            // an operator's word undoes nothing
            if (command != null && instance.step(it.step()).sending() != null) {
                undone.putIfAbsent(command, recordedMicros);
            }
        }
    }

    /** Whether an instance, should it have failed, lists what is in force. */
    boolean isListed(String instance, Set<String> inForce) {
        var listed = residue.get(instance);
        return listed == null || listed.containsAll(inForce);
    }

    /** Of all events that sagas did not publish themselves: a command's lie together, and none behind its undo. */
    void check(Log log) {
        for (var info : log.streams("", "", ROWS)) {
            if (StreamName.isPlatform(info.stream())) {
                continue;
            }
            var over = new HashSet<String>();
            String last = "";
            for (var event : log.readStream(info.stream(), 1, Direction.FORWARD, ROWS)) {
                String cause = event.attributes().get("causationid") instanceof String id ? id : "";
                String at = info.stream() + "/" + event.version();
                if (!cause.isEmpty() && !cause.equals(last)) {
                    demand.holds(over.add(cause), "I7", at + " is appended again by " + cause);
                }
                last = cause;
                demand.holds(
                        event.recordedMicros() <= undone.getOrDefault(cause, Long.MAX_VALUE),
                        "I8",
                        at + " is caused by " + cause + ", which was undone before");
            }
        }
    }
}
