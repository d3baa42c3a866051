package dev.sluice.saga.machine;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.sluice.saga.definition.ReceivedEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An instance of a saga as its events have left it: a fold that calls no code of a definition. What has to be sent and which timers are armed are
 * {@link #outbox()} and {@link #armed()}, so they cannot differ from the events. Belongs to one thread.
 */
@JsonAutoDetect(
        fieldVisibility = JsonAutoDetect.Visibility.ANY,
        getterVisibility = JsonAutoDetect.Visibility.NONE,
        isGetterVisibility = JsonAutoDetect.Visibility.NONE)
@JsonInclude(JsonInclude.Include.NON_NULL)
public final class Instance {
    public static final String DEADLINE = "deadline";

    private static final String RETRY = "retry:";
    private static final String UNTIL = "until:";
    private static final String TIMER = "timer:";

    private String saga = "";
    private String key = "";
    private int run;
    private int version;
    private String hash = "";
    private Status status = Status.RUNNING;
    /** What it was before it was parked, and goes on as. */
    private Status unparked = Status.RUNNING;
    /** Its place among those that wait to be admitted; null when it never had to. */
    private @Nullable Long turn;

    private @Nullable Parked parked;
    private JsonNode state = NullNode.getInstance();
    private @Nullable ReceivedEvent start;
    /** The stream of the event that it started with. */
    private String origin = "";
    /** The position of the event that it started with. */
    private String startedAt = "";

    private String correlation = "";
    private Map<String, StepState> steps = new LinkedHashMap<>();
    private int lastOrder;

    @JsonDeserialize(as = TreeMap.class)
    private Map<String, Long> timers = new TreeMap<>();

    private List<Held> held = new ArrayList<>();
    private List<Input.Replied> heldReplies = new ArrayList<>();
    /** What operators have done, by action id. */
    private Map<String, Input.Verb> actions = new LinkedHashMap<>();

    private @Nullable String compensationReason;
    private long startedMicros;
    private long progressMicros;
    /** Events folded: the version of its stream. */
    private long events;

    /**
     * @param step whose fault it was, null when no one step's
     */
    public record Parked(
            ParkReason reason, @Nullable String step, Direction direction, String error, long sinceMicros) {}

    /** An event that came before it was waited for, or while the instance was parked. */
    public record Held(String trigger, ReceivedEvent event) {}

    /** A timer of its own. */
    public record Timer(String id, long dueMillis) {}

    /**
     * Something to be sent.
     *
     * @param sinceMicros when the attempt began
     * @param undoes the id of the command that an undo is for, null for others and for an undo at another stream
     */
    public record Due(
            String step,
            int attempt,
            long sinceMicros,
            StepState.Sending sending,
            @Nullable String undoes) {}

    Instance() {}

    /** Before its first event. */
    public static Instance of(String saga, String key, int run) {
        var instance = new Instance();
        instance.saga = saga;
        instance.key = key;
        instance.run = run;
        return instance;
    }

    /** Another that can be changed apart from this. */
    public Instance copy() {
        var copy = of(saga, key, run);
        copy.version = version;
        copy.hash = hash;
        copy.status = status;
        copy.unparked = unparked;
        copy.turn = turn;
        copy.parked = parked;
        copy.state = state;
        copy.start = start;
        copy.origin = origin;
        copy.startedAt = startedAt;
        copy.correlation = correlation;
        steps.forEach((name, step) -> copy.steps.put(name, step.copy()));
        copy.lastOrder = lastOrder;
        copy.timers.putAll(timers);
        copy.held.addAll(held);
        copy.heldReplies.addAll(heldReplies);
        copy.actions.putAll(actions);
        copy.compensationReason = compensationReason;
        copy.startedMicros = startedMicros;
        copy.progressMicros = progressMicros;
        copy.events = events;
        return copy;
    }

    /** Takes an event of its stream on; {@code atMicros} is when it was recorded. */
    public void fold(SagaEvent event, long atMicros) {
        events++;
        if (event instanceof SagaEvent.EventIgnored || event instanceof SagaEvent.ReplyIgnored) {
            return;
        }
        progressMicros = atMicros;
        if (event instanceof SagaEvent.SagaStarted it) {
            version = it.version();
            hash = it.hash();
            start = it.event();
            origin = it.event().stream();
            startedAt = it.event().position();
            correlation = it.event().correlation() == null
                    ? it.event().id()
                    : it.event().correlation();
            startedMicros = atMicros;
            if (it.deadlineMillis() != null) {
                timers.put(DEADLINE, it.deadlineMillis());
            }
        } else if (event instanceof SagaEvent.StateBegun it) {
            state = it.state();
            start = null;
        } else if (event instanceof SagaEvent.EventHeld it) {
            held.add(new Held(it.trigger(), it.event()));
        } else if (event instanceof SagaEvent.EventReleased it) {
            held.removeIf(each -> each.trigger().equals(it.trigger())
                    && each.event().position().equals(it.position()));
        } else if (event instanceof SagaEvent.ReplyHeld it) {
            heldReplies.add(it.reply());
        } else if (event instanceof SagaEvent.DeadlinePassed) {
            timers.remove(DEADLINE);
        } else if (event instanceof SagaEvent.StateChanged it) {
            state = it.state();
        } else if (event instanceof SagaEvent.TimerSet it) {
            timers.put(TIMER + it.timer(), it.dueMillis());
        } else if (event instanceof SagaEvent.TimerCancelled it) {
            timers.remove(TIMER + it.timer());
        } else if (event instanceof SagaEvent.TimerFired it) {
            timers.remove(TIMER + it.timer());
        } else if (!foldStep(event, atMicros)) {
            foldStatus(event, atMicros);
        }
    }

    private boolean foldStep(SagaEvent event, long atMicros) {
        if (event instanceof SagaEvent.StepScheduled it) {
            scheduled(it, atMicros);
        } else if (event instanceof SagaEvent.StepWaiting it) {
            var step = begun(it.step(), it.order());
            step.status = StepStatus.RUNNING;
            if (it.untilMillis() != null) {
                timers.put(UNTIL + it.step(), it.untilMillis());
            }
        } else if (event instanceof SagaEvent.StepDeferred it) {
            var step = change(it.step());
            step.deferrals++;
            step.error = it.reason();
            timers.put(RETRY + it.step(), it.untilMillis());
        } else if (event instanceof SagaEvent.AttemptFailed it) {
            var step = change(it.step());
            step.error = it.error();
            step.deferrals = 0;
            timers.put(RETRY + it.step(), it.retryAtMillis());
        } else if (event instanceof SagaEvent.AttemptStarted it) {
            var step = change(it.step());
            step.attempt = it.attempt();
            step.sinceMicros = atMicros;
            timers.remove(RETRY + it.step());
        } else if (event instanceof SagaEvent.StepSucceeded it) {
            var step = settled(it.step(), StepStatus.SUCCEEDED, null);
            step.replyType = it.type();
            step.reply = it.reply();
            state = it.state();
        } else if (event instanceof SagaEvent.StepRejected it) {
            settled(it.step(), StepStatus.REJECTED, it.code() + ": " + it.message());
        } else if (event instanceof SagaEvent.StepUnknown it) {
            settled(it.step(), StepStatus.UNKNOWN, it.error());
        } else if (event instanceof SagaEvent.StepSkipped it) {
            settled(it.step(), StepStatus.SKIPPED, null);
        } else if (event instanceof SagaEvent.UndoSucceeded it) {
            settled(it.step(), StepStatus.UNDONE, null);
        } else if (event instanceof SagaEvent.UndoFailed it) {
            settled(it.step(), StepStatus.UNDO_FAILED, it.error());
        } else {
            return false;
        }
        return true;
    }

    private void scheduled(SagaEvent.StepScheduled it, long atMicros) {
        var step = begun(it.step(), it.order());
        if (it.direction() == Direction.UNDO) {
            step.status = StepStatus.UNDOING;
            step.undoEpoch = it.epoch();
        } else {
            step.status = it.direction() == Direction.PROBE ? StepStatus.UNKNOWN : StepStatus.RUNNING;
            step.epoch = it.epoch();
        }
        if (it.direction() == Direction.FORWARD) {
            step.sentTo = it.to();
        }
        step.attempt = 1;
        step.deferrals = 0;
        step.beganMillis = atMicros / 1_000;
        step.sinceMicros = atMicros;
        step.sending = new StepState.Sending(
                it.direction(), it.epoch(), it.commandId(), it.to(), it.type(), it.data(), it.timeoutMillis());
        timers.remove(RETRY + it.step());
    }

    private StepState begun(String name, int order) {
        var step = change(name);
        step.order = order;
        lastOrder = Math.max(lastOrder, order);
        return step;
    }

    private StepState settled(String name, StepStatus settled, @Nullable String error) {
        var step = change(name);
        step.status = settled;
        step.sending = null;
        step.error = error;
        timers.remove(RETRY + name);
        timers.remove(UNTIL + name);
        return step;
    }

    private StepState change(String name) {
        return steps.computeIfAbsent(name, first -> new StepState());
    }

    private void foldStatus(SagaEvent event, long atMicros) {
        if (event instanceof SagaEvent.SagaPending it) {
            status = Status.PENDING;
            turn = it.turn();
        } else if (event instanceof SagaEvent.SagaAdmitted) {
            status = Status.RUNNING;
        } else if (event instanceof SagaEvent.CompensationStarted it) {
            status = Status.COMPENSATING;
            compensationReason = it.reason();
            timers.remove(DEADLINE);
        } else if (event instanceof SagaEvent.SagaParked it) {
            unparked = heading();
            status = Status.PARKED;
            parked = new Parked(it.reason(), it.step(), it.direction(), it.error(), atMicros);
        } else if (event instanceof SagaEvent.SagaUnparked) {
            status = unparked;
            parked = null;
            heldReplies.clear();
        } else if (event instanceof SagaEvent.OperatorActed it) {
            actions.put(it.id(), it.verb());
        } else if (event instanceof SagaEvent.SagaCompleted) {
            end(Status.COMPLETED);
        } else if (event instanceof SagaEvent.SagaCompensated) {
            end(Status.COMPENSATED);
        } else if (event instanceof SagaEvent.SagaFailed) {
            end(Status.FAILED);
        }
    }

    private void end(Status last) {
        status = last;
        parked = null;
        timers.clear();
        held.clear();
        heldReplies.clear();
        steps.values().forEach(step -> step.sending = null);
    }

    /** What has to be sent: under way, or to be sent again after a restart. Empty while it is parked. */
    public List<Due> outbox() {
        if (status == Status.PARKED || status.isEnded()) {
            return List.of();
        }
        var due = new ArrayList<Due>();
        steps.forEach((name, step) -> {
            if (step.sending != null && !timers.containsKey(RETRY + name)) {
                due.add(new Due(name, step.attempt, step.sinceMicros, step.sending, undone(name, step)));
            }
        });
        return due;
    }

    private @Nullable String undone(String name, StepState step) {
        return step.sending != null && step.sending.direction() == Direction.UNDO && step.isNamedToUndo()
                ? CommandIds.of(this, name, Direction.FORWARD, step.epoch)
                : null;
    }

    /** Something it sends had no clear answer, or was not let through, and is sent again. */
    public boolean isRetrying() {
        return !status.isEnded()
                && steps.entrySet().stream()
                        .anyMatch(each -> each.getValue().sending != null
                                && (each.getValue().attempt > 1 || waitsToRetry(each.getKey())));
    }

    /** Its place among those that wait to be admitted, null when it does not wait. */
    public @Nullable Long turn() {
        return status == Status.PENDING ? turn : null;
    }

    /** Nothing will ever happen to it: it goes, sends nothing, has no timer and waits for no event. */
    public boolean isStalled() {
        return status != Status.PARKED
                && status != Status.PENDING
                && !status.isEnded()
                && outbox().isEmpty()
                && timers.isEmpty()
                && steps.values().stream().noneMatch(step -> step.status == StepStatus.RUNNING && step.sending == null);
    }

    /** The timers that are to fire; none while it is parked. */
    public List<Timer> armed() {
        if (status == Status.PARKED) {
            return List.of();
        }
        return timers.entrySet().stream()
                .map(timer -> new Timer(timer.getKey(), timer.getValue()))
                .toList();
    }

    /** The step that a timer waits for with another attempt, null when that is not what it is for. */
    static @Nullable String retried(String timer) {
        return timer.startsWith(RETRY) ? timer.substring(RETRY.length()) : null;
    }

    /** The step that a timer ends the waiting of, null when that is not what it is for. */
    static @Nullable String waiting(String timer) {
        return timer.startsWith(UNTIL) ? timer.substring(UNTIL.length()) : null;
    }

    /** The timer of a machine's code that fires, null when that is not what it is. */
    static @Nullable String named(String timer) {
        return timer.startsWith(TIMER) ? timer.substring(TIMER.length()) : null;
    }

    /** The timers that a machine's code has set, by name. */
    List<String> named() {
        return timers.keySet().stream()
                .map(Instance::named)
                .filter(Objects::nonNull)
                .toList();
    }

    /** Whether a failed or deferred attempt waits for the next. */
    boolean waitsToRetry(String step) {
        return timers.containsKey(RETRY + step);
    }

    public String saga() {
        return saga;
    }

    public String key() {
        return key;
    }

    /** From 1 on. */
    public int run() {
        return run;
    }

    /** Of the definition that it is pinned to. */
    public int version() {
        return version;
    }

    /** Of the definition that it is pinned to. */
    public String hash() {
        return hash;
    }

    public Status status() {
        return status;
    }

    /** PENDING, RUNNING or COMPENSATING also while it is parked. */
    Status heading() {
        return status == Status.PARKED ? unparked : status;
    }

    public @Nullable Parked parked() {
        return parked;
    }

    public JsonNode state() {
        return state;
    }

    /** The event it started with, until its state has begun; null from then on. */
    @Nullable
    ReceivedEvent start() {
        return start;
    }

    /** The position of the event that it started with. */
    public String startedAt() {
        return startedAt;
    }

    /** The stream of the event that it started with. */
    String origin() {
        return origin;
    }

    public String correlation() {
        return correlation;
    }

    /** Those that have begun or were settled, by name; not to be changed. */
    public Map<String, StepState> steps() {
        return Collections.unmodifiableMap(steps);
    }

    /** A step; a pending one when nothing has happened to it. */
    public StepState step(String name) {
        var step = steps.get(name);
        return step == null ? new StepState() : step;
    }

    int nextOrder() {
        return lastOrder + 1;
    }

    Map<String, Long> timers() {
        return timers;
    }

    public List<Held> held() {
        return List.copyOf(held);
    }

    List<Input.Replied> heldReplies() {
        return List.copyOf(heldReplies);
    }

    /** What an action id has done, null when it has done nothing. */
    Input.@Nullable Verb acted(String action) {
        return actions.get(action);
    }

    public @Nullable String compensationReason() {
        return compensationReason;
    }

    public long startedMicros() {
        return startedMicros;
    }

    /** When something last happened to it. */
    public long progressMicros() {
        return progressMicros;
    }

    /** The version of its stream. */
    public long events() {
        return events;
    }
}
