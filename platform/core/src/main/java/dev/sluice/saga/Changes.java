package dev.sluice.saga;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.log.Event;
import dev.sluice.log.Failure;
import dev.sluice.log.Position;
import dev.sluice.log.ShardTransaction;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Reaction;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.machine.SagaJson;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What one write does to instances: events at once, rows at its end, as the difference that all its reactions make. */
final class Changes {
    /** Beside the names of statuses in counts: instances to which nothing will ever happen. */
    static final String STALLED = "stalled";

    /** Beside the names of statuses in counts, before the number of a version: live instances that are pinned to it. */
    static final String VERSION = "v";

    private final ShardTransaction shard;
    private final InstanceCache cache;
    private final int maxEventBytes;
    private final Map<InstanceId, Touched> touched = new LinkedHashMap<>();
    private final Map<Integer, Long> cursors = new HashMap<>();
    private final Map<InstanceId, List<Early>> early = new LinkedHashMap<>();
    private final Map<String, Dispatch> sent = new LinkedHashMap<>();
    private final List<String> unsent = new ArrayList<>();
    private final List<String> armed = new ArrayList<>();
    private final List<String> disarmed = new ArrayList<>();
    private final List<Reacted.Answer> answers = new ArrayList<>();
    private final Map<String, Map<String, Long>> counts = new HashMap<>();
    private final Map<Reacted.Outcome, Integer> outcomes = new HashMap<>();
    private final List<Reacted.Again> again = new ArrayList<>();
    private Incoming.@Nullable Arrived current;

    /** An instance before the write, and as its reactions so far have left it. */
    private record Touched(@Nullable Instance before, Instance now) {}

    /** An event that came before its instance. */
    record Early(List<Incoming.Matched> triggers, ReceivedEvent event, long untilMillis) {}

    Changes(ShardTransaction shard, InstanceCache cache, int maxEventBytes) {
        this.shard = shard;
        this.cache = cache;
        this.maxEventBytes = maxEventBytes;
    }

    long nowMicros() {
        return shard.nowMicros();
    }

    /** The newest run, null when there is none. */
    @Nullable
    Instance instance(InstanceId id) {
        var here = touched.get(id);
        return here != null ? here.now() : stored(id);
    }

    private @Nullable Instance stored(InstanceId id) {
        var cached = cache.get(id);
        if (cached != null) {
            return cached;
        }
        byte[] row = shard.get(RowKeys.instance(id));
        return row == null ? null : SagaJson.instance(row);
    }

    /** Appends what an instance has decided; EVENT_TOO_LARGE, and then nothing is appended. */
    void take(InstanceId id, Reaction reaction, String cause) {
        if (reaction.events().isEmpty()) {
            return;
        }
        var instance = reaction.after();
        String stream = id.stream(instance.run());
        long version = instance.events() - reaction.events().size();
        var events = new ArrayList<Event>(reaction.events().size());
        for (var event : reaction.events()) {
            events.add(event(instance, event, ++version, cause));
        }
        events.forEach(event -> shard.append(stream, event));
        reaction.events().forEach(event -> count(id.saga(), event));
        var here = touched.get(id);
        var last = here != null ? here.now() : stored(id);
        touched.put(id, new Touched(here != null ? here.before() : last, instance));
        if (last == null || last.status() != instance.status()) {
            if (last != null) {
                change(id.saga(), last.status().name(), -1);
            }
            change(id.saga(), instance.status().name(), 1);
        }
        boolean wasLive = last != null && !last.status().isEnded();
        if (wasLive == instance.status().isEnded()) {
            change(id.saga(), VERSION + instance.version(), wasLive ? -1 : 1);
        }
    }

    private Event event(Instance instance, SagaEvent happened, long version, String cause) {
        String type = happened.getClass().getSimpleName();
        var event = new Event(
                instance.key() + "~" + instance.run() + "/" + version,
                type,
                "sluice://saga/" + instance.saga(),
                nowMicros(),
                Event.JSON,
                Map.of("correlationid", instance.correlation(), "causationid", cause),
                null,
                Json.bytes(happened));
        if (event.size() > maxEventBytes) {
            throw Failure.of(
                    Failure.Kind.EVENT_TOO_LARGE,
                    "found " + type + " of " + event.size() + " bytes, expected at most " + maxEventBytes);
        }
        return event;
    }

    private void count(String saga, SagaEvent event) {
        if (event instanceof SagaEvent.StepSucceeded
                || event instanceof SagaEvent.StepRejected
                || event instanceof SagaEvent.StepUnknown
                || event instanceof SagaEvent.StepSkipped
                || event instanceof SagaEvent.StepDeferred
                || event instanceof SagaEvent.AttemptFailed
                || event instanceof SagaEvent.UndoSucceeded
                || event instanceof SagaEvent.UndoFailed) {
            outcomes.merge(new Reacted.Outcome(saga, event.getClass().getSimpleName()), 1, Integer::sum);
        }
    }

    /** Up to where a source has been read. */
    long cursor(int source) {
        return cursors.computeIfAbsent(source, first -> {
            byte[] row = shard.get(RowKeys.cursor(source));
            return row == null ? 0L : Json.value(row, Long.class);
        });
    }

    void pass(int source, long offset) {
        if (offset > cursor(source)) {
            cursors.put(source, offset);
            shard.put(RowKeys.cursor(source), Json.bytes(offset));
        }
    }

    /** The events that have come before their instance, in the order in which they came. */
    List<Early> early(InstanceId id) {
        return early.computeIfAbsent(id, first -> {
            byte[] row = shard.get(RowKeys.early(id));
            return row == null ? List.of() : List.of(Json.value(row, Early[].class));
        });
    }

    void setEarly(InstanceId id, List<Early> now) {
        early(id).stream().filter(each -> !now.contains(each)).forEach(each -> disarm(id, each));
        now.stream().filter(each -> !early(id).contains(each)).forEach(each -> arm(id, each));
        early.put(id, List.copyOf(now));
        if (now.isEmpty()) {
            shard.delete(RowKeys.early(id));
        } else {
            shard.put(RowKeys.early(id), Json.bytes(now));
        }
    }

    private void arm(InstanceId id, Early each) {
        String key = RowKeys.timer(id, RowKeys.EARLY_TIMER + each.event().position(), each.untilMillis());
        shard.put(key, new byte[0]);
        armed.add(key);
    }

    /** A timer, whose row is there, is to fire again. */
    void rearm(String key) {
        armed.add(key);
    }

    private void disarm(InstanceId id, Early each) {
        String key = RowKeys.timer(id, RowKeys.EARLY_TIMER + each.event().position(), each.untilMillis());
        shard.delete(key);
        disarmed.add(key);
    }

    /** What comes next is about this event. */
    void begin(Incoming.Arrived arrived) {
        current = arrived;
    }

    void letter(Incoming.Concern concern, ReceivedEvent event, String reason, String detail) {
        var retry = current != null && current.event().equals(event) ? current.retry() : null;
        long offset = shard.append(
                DeadLetter.stream(concern.saga(), shard.shard()),
                DeadLetter.of(concern, event, reason, detail, retry, nowMicros()));
        if (retry != null) {
            again.add(new Reacted.Again(retry.letter(), concern.id(), new Position(shard.shard(), offset)));
        }
    }

    void answer(Reacted.Answer answer) {
        answers.add(answer);
    }

    Reacted finish() {
        touched.forEach(this::rows);
        counts.forEach((saga, each) -> shard.put(RowKeys.counts(saga), Json.bytes(each)));
        return new Reacted(sent, unsent, armed, disarmed, answers, counts, outcomes, again);
    }

    private void rows(InstanceId id, Touched each) {
        var before = each.before();
        var now = each.now();
        byte[] row = Json.bytes(now);
        shard.put(RowKeys.instance(id), row);
        cache.put(id, now, row.length);
        outbox(outboxOf(id, before), outboxOf(id, now));
        timers(id, before, now);
        if (before == null || before.status() != now.status()) {
            if (before != null) {
                shard.delete(RowKeys.status(id, before.status()));
            }
            shard.put(RowKeys.status(id, now.status()), new byte[0]);
        }
        admission(id, before == null ? null : before.turn(), now.turn());
        int stalled = (now.isStalled() ? 1 : 0) - (before != null && before.isStalled() ? 1 : 0);
        if (stalled != 0) {
            change(id.saga(), STALLED, stalled);
        }
    }

    private void admission(InstanceId id, @Nullable Long before, @Nullable Long now) {
        if (before != null && !before.equals(now)) {
            shard.delete(RowKeys.admission(id, before));
        }
        if (now != null && !now.equals(before)) {
            shard.put(RowKeys.admission(id, now), new byte[0]);
        }
    }

    private static Map<String, Dispatch> outboxOf(InstanceId id, @Nullable Instance instance) {
        if (instance == null) {
            return Map.of();
        }
        var rows = new LinkedHashMap<String, Dispatch>();
        instance.outbox().forEach(due -> rows.put(RowKeys.outbox(id, due), Dispatch.of(instance, due)));
        return rows;
    }

    private void outbox(Map<String, Dispatch> before, Map<String, Dispatch> now) {
        before.keySet().stream().filter(key -> !now.containsKey(key)).forEach(key -> {
            shard.delete(key);
            unsent.add(key);
        });
        now.forEach((key, dispatch) -> {
            if (!dispatch.isSame(before.get(key))) {
                shard.put(key, Json.bytes(dispatch));
                sent.put(key, dispatch);
            }
        });
    }

    private void timers(InstanceId id, @Nullable Instance before, Instance now) {
        var old = before == null ? List.<Instance.Timer>of() : before.armed();
        var current = now.armed();
        for (var timer : old) {
            if (!current.contains(timer)) {
                String key = RowKeys.timer(id, timer.id(), timer.dueMillis());
                shard.delete(key);
                disarmed.add(key);
            }
        }
        for (var timer : current) {
            if (!old.contains(timer)) {
                String key = RowKeys.timer(id, timer.id(), timer.dueMillis());
                shard.put(key, new byte[0]);
                armed.add(key);
            }
        }
    }

    private void change(String saga, String what, long by) {
        counts(saga).merge(what, by, Long::sum);
    }

    /** How many instances of a saga have which status by now. */
    Map<String, Long> counts(String saga) {
        return counts.computeIfAbsent(saga, first -> {
            byte[] row = shard.get(RowKeys.counts(saga));
            return row == null ? new TreeMap<>() : counts(row);
        });
    }

    /** The place, among those that wait, of an instance that begins now: the offset of its first event. */
    long turn() {
        return shard.lastOffset() + 1;
    }

    /** The row of counts of a saga. */
    static Map<String, Long> counts(byte[] row) {
        var counts = new TreeMap<String, Long>();
        Json.value(row, ObjectNode.class)
                .properties()
                .forEach(each -> counts.put(each.getKey(), each.getValue().longValue()));
        return counts;
    }
}
