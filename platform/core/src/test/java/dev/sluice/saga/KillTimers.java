package dev.sluice.saga;

import dev.sluice.log.Log;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.saga.machine.SagaEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Whether the timers that were overdue when a process started fired in the order in which they were due, shard by shard (I18). */
final class KillTimers {
    private final List<Fired> fired = new ArrayList<>();
    /** By instance and step, the timer that is armed. */
    private final Map<String, Armed> armed = new HashMap<>();

    private record Armed(long dueMillis, long armedMicros, boolean isWait) {}

    private record Fired(String what, Armed timer, long firedMicros) {}

    private KillTimers() {}

    /** @param startsMicros when processes were started, ascending */
    static List<String> broken(Log log, List<Long> startsMicros) {
        var broken = new ArrayList<String>();
        for (int shard = 0; shard < log.shards(); shard++) {
            var timers = new KillTimers();
            for (long offset = 1; offset <= log.shard(shard).head(); offset++) {
                var recorded = log.event(new Position(shard, offset));
                if (recorded != null && recorded.stream().startsWith("$saga.")) {
                    timers.take(recorded);
                }
            }
            for (int i = 0; i < startsMicros.size(); i++) {
                boolean isLast = i + 1 == startsMicros.size();
                timers.check(startsMicros.get(i), isLast ? Long.MAX_VALUE : startsMicros.get(i + 1), broken);
            }
        }
        return broken;
    }

    private void take(RecordedEvent recorded) {
        var event = Json.event(recorded);
        String stream = recorded.stream();
        if (event instanceof SagaEvent.StepWaiting it && it.untilMillis() != null) {
            arm(stream + " " + it.step(), it.untilMillis(), recorded, true);
        } else if (event instanceof SagaEvent.AttemptFailed it) {
            arm(stream + " " + it.step(), it.retryAtMillis(), recorded, false);
        } else if (event instanceof SagaEvent.StepDeferred it) {
            arm(stream + " " + it.step(), it.untilMillis(), recorded, false);
        } else if (event instanceof SagaEvent.AttemptStarted it) {
            end(stream + " " + it.step(), recorded, true);
        } else if (event instanceof SagaEvent.StepSucceeded it) {
            end(
                    stream + " " + it.step(),
                    recorded,
                    it.position() == null && it.type().isEmpty());
        } else if (event instanceof SagaEvent.StepRejected it) {
            end(stream + " " + it.step(), recorded, it.code().equals("timeout"));
        } else if (event instanceof SagaEvent.SagaParked) {
            armed.keySet().removeIf(name -> name.startsWith(stream + " ")); // it fires when it is unparked
        }
    }

    private void arm(String what, long dueMillis, RecordedEvent recorded, boolean isWait) {
        armed.put(what, new Armed(dueMillis, recorded.recordedMicros(), isWait));
    }

    /** @param mayBeByTime else something else has ended the step */
    private void end(String what, RecordedEvent recorded, boolean mayBeByTime) {
        var timer = armed.remove(what);
        boolean isAttempt = Json.event(recorded) instanceof SagaEvent.AttemptStarted;
        if (timer != null && mayBeByTime && timer.isWait() != isAttempt) {
            fired.add(new Fired(what, timer, recorded.recordedMicros()));
        }
    }

    /** What fired in one write fired at one time. */
    private void check(long startMicros, long nextMicros, List<String> broken) {
        long startMillis = TimeUnit.MICROSECONDS.toMillis(startMicros);
        Fired latest = null;
        Fired latestOfWrite = null;
        for (var each : fired) {
            boolean isOverdue = each.timer().armedMicros() < startMicros
                    && each.timer().dueMillis() < startMillis
                    && each.firedMicros() >= startMicros
                    && each.firedMicros() < nextMicros;
            if (!isOverdue) {
                continue;
            }
            if (latestOfWrite != null && latestOfWrite.firedMicros() < each.firedMicros()) {
                latest = later(latest, latestOfWrite);
                latestOfWrite = null;
            }
            latestOfWrite = later(latestOfWrite, each);
            if (latest != null && latest.timer().dueMillis() > each.timer().dueMillis()) {
                broken.add("I18: " + each + " fired behind " + latest);
            }
        }
    }

    private static Fired later(@Nullable Fired one, Fired other) {
        return one == null || one.timer().dueMillis() < other.timer().dueMillis() ? other : one;
    }
}
