package dev.sluice.testing;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.log.Position;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.definition.Step;
import dev.sluice.saga.definition.Structure;
import dev.sluice.saga.machine.Direction;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Reaction;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.machine.Status;
import dev.sluice.saga.machine.StepState;
import dev.sluice.saga.machine.StepStatus;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The invariants of an instance that its events alone can show, held against every reaction; a message begins with the number of what is broken. */
final class SagaLaws {
    private static final Set<StepStatus> IN_FORCE =
            Set.of(StepStatus.SUCCEEDED, StepStatus.UNKNOWN, StepStatus.UNDOING, StepStatus.UNDO_FAILED);

    private final Structure structure;
    private final boolean isMachine;
    private final Map<String, String> commandIds = new HashMap<>();
    /** Positions that the instance has taken notice of. */
    private final Set<String> noticed = new HashSet<>();
    /** The last of them, by the shard and whether it lay before the start: such events came too early, and were kept until then. */
    private final Map<String, Long> lastNoticed = new HashMap<>();

    private final Map<String, JsonNode> heldData = new HashMap<>();
    /** Steps and the positions of the events that they have taken on. */
    private final Set<String> taken = new HashSet<>();

    private final SagaRowLaws rows = new SagaRowLaws();
    private final Set<String> retried;
    private @Nullable Position start;
    private boolean isCompensating;

    /** @param retried positions of events that were dead letters once: they come when they are tried again, whatever came meanwhile */
    SagaLaws(SagaDefinition definition, Set<String> retried) {
        this.retried = retried;
        structure = definition.structure();
        isMachine = definition.isMachine();
    }

    /** @param before without the events of the reaction */
    void check(Instance before, Reaction reaction, long nowMicros) {
        var instance = before.copy();
        for (var event : reaction.events()) {
            event(instance, event, nowMicros);
            rows.take(event);
            instance.fold(event, nowMicros);
        }
        after(before, reaction);
    }

    private void event(Instance instance, SagaEvent event, long nowMicros) {
        var position = position(event);
        if (position != null && noticed.add(position) && !retried.contains(position)) {
            arrives(Position.parse(position));
        }
        held(instance, event);
        if (event instanceof SagaEvent.StepSucceeded it && position != null) {
            demand(taken.add(it.step() + " " + position), "I3", it.step() + " takes " + position + " on again");
        }
        if (event instanceof SagaEvent.StepScheduled it) {
            scheduled(instance, it);
        } else if (event instanceof SagaEvent.StepWaiting it) {
            begins(instance, it.step());
        } else if (event instanceof SagaEvent.AttemptStarted it) {
            attempt(instance, it, nowMicros);
        } else if (event instanceof SagaEvent.AttemptFailed it) {
            failed(it, nowMicros);
        } else if (event instanceof SagaEvent.StepSucceeded it) {
            if (!isHeard(it.step())) {
                resolves(instance, it.step(), instance.step(it.step()).status() == StepStatus.UNKNOWN);
            }
        } else if (event instanceof SagaEvent.StepRejected it) {
            resolves(instance, it.step(), instance.step(it.step()).status() == StepStatus.UNKNOWN);
        } else if (event instanceof SagaEvent.CompensationStarted it) {
            turnsBack(instance, it);
        } else if (event instanceof SagaEvent.SagaCompensated) {
            for (var step : structure.steps()) {
                demand(
                        step.undo() == null
                                || !IN_FORCE.contains(instance.step(step.name()).status()),
                        "I27",
                        "COMPENSATED with step " + step.name() + " "
                                + instance.step(step.name()).status());
            }
        } else if (event instanceof SagaEvent.SagaCompleted) {
            demand(
                    isMachine || structure.steps().stream().allMatch(step -> isDone(instance, step)),
                    "I20",
                    "COMPLETED, steps open");
        } else if (event instanceof SagaEvent.TimerFired it) {
            demand(
                    instance.armed().stream()
                            .anyMatch(timer ->
                                    timer.id().equals("timer:" + it.timer()) && timer.dueMillis() <= nowMicros / 1_000),
                    "I16",
                    "timer " + it.timer() + " fires before its time, or without having been set");
        }
        demand(
                !instance.status().isEnded()
                        || event instanceof SagaEvent.EventIgnored
                        || event instanceof SagaEvent.ReplyIgnored,
                "I17",
                event + " after the end");
    }

    /** Of an event of the log that an instance tells of, null when it tells of none. */
    static @Nullable String position(SagaEvent event) {
        if (event instanceof SagaEvent.SagaStarted it) {
            return it.event().position();
        } else if (event instanceof SagaEvent.EventHeld it) {
            return it.event().position();
        } else if (event instanceof SagaEvent.EventIgnored it) {
            return it.position();
        } else if (event instanceof SagaEvent.CancelRefused it) {
            return it.position();
        } else if (event instanceof SagaEvent.CompensationStarted it
                && it.reason().equals("cancelled")) {
            return it.detail().substring(it.detail().lastIndexOf(' ') + 1);
        }
        return event instanceof SagaEvent.StepSucceeded it ? it.position() : null;
    }

    private void arrives(Position position) {
        start = start == null ? position : start;
        boolean isEarly = position.shard() == start.shard() && position.offset() < start.offset();
        var last = lastNoticed.put(position.shard() + (isEarly ? " early" : ""), position.offset());
        demand(
                last == null || last < position.offset(),
                "I12",
                position + " is taken notice of behind " + position.shard() + ":" + last);
    }

    private void held(Instance instance, SagaEvent event) {
        if (event instanceof SagaEvent.EventHeld it) {
            heldData.put(it.event().position(), it.event().data());
        } else if (event instanceof SagaEvent.EventReleased it) {
            demand(
                    instance.held().stream()
                            .anyMatch(held -> held.event().position().equals(it.position())
                                    && held.event().data().equals(heldData.get(it.position()))),
                    "I31",
                    it.position() + " is released, and is not held with the data that it came with");
        } else if (event instanceof SagaEvent.StepSucceeded it && heldData.containsKey(it.position())) {
            demand(
                    it.reply().equals(heldData.get(it.position())),
                    "I31",
                    it.position() + " was held, and is taken on with other data");
        }
    }

    private void scheduled(Instance instance, SagaEvent.StepScheduled it) {
        String way = it.step() + " " + it.direction() + " " + it.epoch();
        String known = commandIds.putIfAbsent(way, it.commandId());
        demand(known == null || known.equals(it.commandId()), "I6", "another command id for " + way);
        demand(instance.status() != Status.PARKED, "I30", "something is sent while PARKED");
        switch (it.direction()) {
            case FORWARD -> begins(instance, it.step());
            case UNDO -> undoes(instance, it);
            case PROBE, PUBLISH -> {
                // in either direction
            }
        }
    }

    /** A machine may begin whatever its definition has, at any time. */
    private void begins(Instance instance, String name) {
        if (isMachine) {
            demand(structure.step(name) != null, "I34", name + " is not of the definition");
            return;
        }
        demand(!isCompensating, "I28", "step " + name + " forward after compensation began");
        demand(instance.status() != Status.PENDING, "I20", "step " + name + " while PENDING");
        for (var stage : structure.stages()) {
            if (stage.stream().anyMatch(step -> step.name().equals(name))) {
                return;
            }
            demand(stage.stream().allMatch(step -> isDone(instance, step)), "I20", name + " before those before it");
        }
    }

    private boolean isHeard(String name) {
        var step = structure.step(name);
        return step != null && step.kind() == Step.Kind.HEARD;
    }

    private static boolean isDone(Instance instance, Step step) {
        var status = instance.step(step.name()).status();
        return status == StepStatus.SUCCEEDED || status == StepStatus.SKIPPED;
    }

    private void undoes(Instance instance, SagaEvent.StepScheduled it) {
        var undone = instance.step(it.step());
        demand(isCompensating, "I28", "an undo of " + it.step() + " while going forward");
        demand(IN_FORCE.contains(undone.status()), "I25", "an undo of " + it.step() + ", " + undone.status());
        for (var step : structure.steps()) {
            var other = instance.step(step.name());
            boolean isLater =
                    step.undo() != null && other.order() > undone.order() && IN_FORCE.contains(other.status());
            demand(!isLater, "I26", it.step() + " undone before " + step.name() + ", " + other.status());
            demand(other.status() != StepStatus.RUNNING, "I26", it.step() + " undone while " + step.name() + " runs");
            demand(step.name().equals(it.step()) || other.sending() == null, "I26", "two undos at once");
        }
    }

    private void attempt(Instance instance, SagaEvent.AttemptStarted it, long nowMicros) {
        String way = it.step() + " " + it.direction();
        demand(it.direction() != Direction.FORWARD || !isCompensating || isMachine, "I28", "another attempt of " + way);
        var step = structure.step(it.step());
        var send = step == null
                ? null
                : switch (it.direction()) {
                    case FORWARD -> step.send();
                    case UNDO -> step.undo();
                    case PROBE -> step.probe();
                    case PUBLISH -> null;
                };
        int most = send == null ? 0 : send.retry().attempts();
        demand(most == 0 || it.attempt() <= most, "I21", "attempt " + it.attempt() + " of " + most + ": " + way);
        int last = instance.step(it.step()).attempt();
        demand(it.attempt() == last || it.attempt() == last + 1, "I22", "attempt " + it.attempt() + " after " + last);
        for (var timer : instance.armed()) {
            if (timer.id().equals("retry:" + it.step())) {
                demand(timer.dueMillis() <= nowMicros / 1_000, "I16", way + " before its time");
            }
        }
    }

    private void failed(SagaEvent.AttemptFailed it, long nowMicros) {
        var step = structure.step(it.step());
        var send = step == null
                ? null
                : it.direction() == Direction.UNDO
                        ? step.undo()
                        : it.direction() == Direction.PROBE ? step.probe() : step.send();
        if (send != null) {
            long least = send.retry().delayMillis(it.attempt(), 1);
            demand(it.retryAtMillis() - nowMicros / 1_000 >= least, "I21", it + " waits less than " + least + " ms");
        }
    }

    private void resolves(Instance instance, String step, boolean wasUnknown) {
        StepState state = instance.step(step);
        demand(state.status() != StepStatus.UNDONE, "I8", step + " resolved behind its undo");
        demand(
                state.status() != StepStatus.UNDOING
                        && state.status() != StepStatus.UNDONE
                        && state.status() != StepStatus.UNDO_FAILED,
                "I23",
                step + " resolved when its undo was scheduled");
        demand(
                wasUnknown || state.status() == StepStatus.RUNNING || state.status() == StepStatus.REJECTED,
                "I23",
                step + " resolved again: " + state.status());
    }

    private void turnsBack(Instance instance, SagaEvent.CompensationStarted it) {
        isCompensating = true;
        boolean isForced = it.reason().equals("operator");
        for (var step : structure.steps()) {
            var status = instance.step(step.name()).status();
            boolean hasBegun =
                    structure.isFromPivotOn(step) && status != StepStatus.PENDING && status != StepStatus.SKIPPED;
            boolean isRefused = step.kind() == Step.Kind.PIVOT && status == StepStatus.REJECTED;
            demand(
                    isForced || !hasBegun || isRefused,
                    "I24",
                    "compensation (" + it.reason() + ") with " + step.name() + " " + status);
        }
    }

    private void after(Instance before, Reaction reaction) {
        var instance = reaction.after();
        var events = reaction.events();
        if (instance.status().isEnded()) {
            demand(
                    instance.outbox().isEmpty()
                            && instance.armed().isEmpty()
                            && instance.held().isEmpty(),
                    "I17",
                    "an ended instance owns a row");
        } else if (instance.status() == Status.PARKED) {
            var parked = instance.parked();
            demand(
                    parked != null && !parked.error().isEmpty() && parked.sinceMicros() > 0,
                    "I30",
                    "PARKED without why");
            demand(instance.outbox().isEmpty() && instance.armed().isEmpty(), "I30", "PARKED and sends");
        } else if (instance.status() == Status.PENDING) {
            demand(instance.turn() != null && instance.steps().isEmpty(), "I33", "PENDING without a turn, or begun");
        } else {
            boolean waits = isMachine && !instance.armed().isEmpty()
                    || instance.steps().values().stream()
                            .anyMatch(step -> step.status() == StepStatus.RUNNING && step.sending() == null);
            demand(
                    !instance.outbox().isEmpty() || !instance.armed().isEmpty() || waits,
                    "I33",
                    "a silent stall: " + instance.status() + " " + statuses(instance));
            demand(
                    !instance.outbox().isEmpty()
                            || waits
                            || instance.armed().stream()
                                    .anyMatch(timer -> !timer.id().equals(Instance.DEADLINE)),
                    "I33",
                    "a stall until the deadline: " + statuses(instance));
        }
        boolean hasFailed = events.stream().anyMatch(SagaEvent.UndoFailed.class::isInstance);
        demand(!hasFailed || instance.status() == Status.PARKED, "I29", "a failed undo, and " + instance.status());
        rows.check(instance);
        demand(instance.events() == before.events() + events.size(), "I11", "a gap in the versions");
    }

    private static Map<String, StepStatus> statuses(Instance instance) {
        var statuses = new HashMap<String, StepStatus>();
        instance.steps().forEach((name, step) -> statuses.put(name, step.status()));
        return statuses;
    }

    static void demand(boolean holds, String invariant, String problem) {
        if (!holds) {
            throw new AssertionError(invariant + ": " + problem);
        }
    }
}
