package dev.sluice.testing;

import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.machine.Status;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The commands that are open and the timers that are armed by the events of an instance, counted apart from its fold: what has to have a row (I2, I15). */
final class SagaRowLaws {
    private final Map<String, String> open = new HashMap<>();
    private final Map<String, Long> timers = new TreeMap<>();

    void take(SagaEvent event) {
        if (event instanceof SagaEvent.SagaStarted it && it.deadlineMillis() != null) {
            timers.put("deadline", it.deadlineMillis());
        } else if (event instanceof SagaEvent.CompensationStarted || event instanceof SagaEvent.DeadlinePassed) {
            timers.remove("deadline");
        } else if (event instanceof SagaEvent.TimerSet it) {
            timers.put("timer:" + it.timer(), it.dueMillis());
        } else if (event instanceof SagaEvent.TimerCancelled it) {
            timers.remove("timer:" + it.timer());
        } else if (event instanceof SagaEvent.TimerFired it) {
            timers.remove("timer:" + it.timer());
        } else if (event instanceof SagaEvent.SagaCompleted
                || event instanceof SagaEvent.SagaCompensated
                || event instanceof SagaEvent.SagaFailed) {
            open.clear();
            timers.clear();
        } else {
            step(event);
        }
    }

    private void step(SagaEvent event) {
        if (event instanceof SagaEvent.StepScheduled it) {
            open.put(it.step(), it.commandId());
            timers.remove("retry:" + it.step());
        } else if (event instanceof SagaEvent.StepWaiting it && it.untilMillis() != null) {
            timers.put("until:" + it.step(), it.untilMillis());
        } else if (event instanceof SagaEvent.StepDeferred it) {
            timers.put("retry:" + it.step(), it.untilMillis());
        } else if (event instanceof SagaEvent.AttemptFailed it) {
            timers.put("retry:" + it.step(), it.retryAtMillis());
        } else if (event instanceof SagaEvent.AttemptStarted it) {
            timers.remove("retry:" + it.step());
        }
        String settled = settled(event);
        if (settled != null) {
            open.remove(settled);
            timers.remove("retry:" + settled);
            timers.remove("until:" + settled);
        }
    }

    /** The step that an event is the end of, in its direction. */
    private static @Nullable String settled(SagaEvent event) {
        if (event instanceof SagaEvent.StepSucceeded it) {
            return it.step();
        } else if (event instanceof SagaEvent.StepRejected it) {
            return it.step();
        } else if (event instanceof SagaEvent.StepUnknown it) {
            return it.step();
        } else if (event instanceof SagaEvent.StepSkipped it) {
            return it.step();
        } else if (event instanceof SagaEvent.UndoSucceeded it) {
            return it.step();
        }
        return event instanceof SagaEvent.UndoFailed it ? it.step() : null;
    }

    /** A parked instance has no rows. */
    void check(Instance instance) {
        boolean hasRows = instance.status() != Status.PARKED;
        var armed = new TreeMap<String, Long>();
        instance.armed().forEach(timer -> armed.put(timer.id(), timer.dueMillis()));
        SagaLaws.demand(
                armed.equals(hasRows ? timers : Map.of()), "I15", "armed are " + armed + ", expected " + timers);
        var sent = new HashMap<String, String>();
        instance.outbox().forEach(due -> sent.put(due.step(), due.sending().commandId()));
        var sending = new HashMap<>(open);
        sending.keySet().removeIf(step -> !hasRows || timers.containsKey("retry:" + step));
        SagaLaws.demand(sent.equals(sending), "I2", "the outbox is " + sent + ", expected " + sending);
    }
}
