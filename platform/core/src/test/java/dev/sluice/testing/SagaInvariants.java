package dev.sluice.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.Log;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Shard;
import dev.sluice.log.StreamName;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Reaction;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.machine.SagaJson;
import dev.sluice.saga.machine.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The invariants of sagas that a log shows when nobody writes to it: streams of instances against the rows of the side state, and both against what
 * participants saw. It knows the format of rows by itself. Each thing that is broken is a line that begins with the invariant's number.
 */
public final class SagaInvariants {
    private static final int ROWS = 100_000;
    private static final int EVENTS = 100_000;
    private static final ObjectMapper JSON = SagaJson.MAPPER;

    private final Log log;
    private final List<SagaDefinition> definitions;
    private final List<SagaDefinition> withCode;
    private final SagaReplays replays;
    /** By the position of their event. */
    private final Map<String, List<Letter>> letters = new HashMap<>();
    /** Where a dead letter is tried again, by its place. */
    private final Map<Position, Position> retries = new HashMap<>();

    private final List<String> broken = new ArrayList<>();
    private final Map<String, Instance> newest = new TreeMap<>();
    private final Map<String, List<Instance>> runs = new TreeMap<>();
    private final Set<String> scheduled = new HashSet<>();
    /** Where an instance, {@code NAME/KEY}, has a source position. */
    private final Map<String, Set<String>> positions = new HashMap<>();

    private final SagaEffects effects = new SagaEffects(this::demand);

    private SagaInvariants(Log log, List<SagaDefinition> definitions) {
        this.log = log;
        withCode = definitions;
        replays = new SagaReplays(log);
        this.definitions = definitions.stream().map(SagaInvariants::withoutCode).toList();
    }

    /** Nothing here may call code: what folds to the rows that the process left, does so without it (I9). */
    private static SagaDefinition withoutCode(SagaDefinition definition) {
        var code = new FaultyCode(definition.code());
        code.isThrowing = true;
        return new SagaDefinition(definition.structure(), code);
    }

    /** What participants know, for the invariants that are about them. */
    public interface Ledgers {
        /** The ids of all commands that they ever saw. */
        Set<String> commandIds();

        /** What is in force of an instance {@code NAME/KEY}: effects less those undone. */
        int net(String instance);

        /** What is in force of an instance when it has completed. */
        int whole(Instance instance);

        /** Names of the steps of an instance {@code NAME/KEY} whose effects are in force; asked of those that have failed. */
        default Set<String> inForce(String instance) {
            return Set.of();
        }
    }

    /** Tells the instances {@code NAME/KEY} that an event of the log is for. */
    public interface Correlation {
        List<String> instances(RecordedEvent event);
    }

    /**
     * Everything that is broken; empty when nothing is.
     *
     * @param definitions of all instances
     */
    public static List<String> broken(
            Log log, List<SagaDefinition> definitions, Ledgers ledgers, Correlation correlation) {
        var check = new SagaInvariants(log, definitions);
        check.letters();
        for (int shard = 0; shard < log.shards(); shard++) {
            check.streams(shard);
        }
        for (int shard = 0; shard < log.shards(); shard++) {
            check.rows(shard);
        }
        check.sources(correlation);
        check.participants(ledgers);
        check.effects.check(log);
        new SagaTurns(definitions, check::demand).check(log);
        return check.broken;
    }

    private void demand(boolean holds, String invariant, String problem) {
        if (!holds) {
            broken.add(invariant + ": " + problem);
        }
    }

    private void streams(int shard) {
        for (var info : log.shard(shard).streams("$saga.", "", ROWS)) {
            String name = info.stream();
            String saga = StreamName.category(name).substring("$saga.".length()).replace('.', '-');
            String key = StreamName.key(name).substring(0, StreamName.key(name).lastIndexOf('~'));
            int run = Integer.parseInt(name.substring(name.lastIndexOf('~') + 1));
            var instance = replayed(name, saga, key, run);
            runs.computeIfAbsent(saga + "/" + key, first -> new ArrayList<>()).add(instance);
            var other = newest.get(saga + "/" + key);
            var older = other == null || other.run() < run ? other : instance;
            demand(older == null || older.status().isEnded(), "I13", name + ": two live runs");
            if (other == null || other.run() < run) {
                newest.put(saga + "/" + key, instance);
            }
            demand(log.shardOf(name) == shard, "I13", name + " lies in shard " + shard);
        }
    }

    private Instance replayed(String name, String saga, String key, int run) {
        var instance = Instance.of(saga, key, run);
        long version = 0;
        long lastMicros = 0;
        var actions = new HashSet<String>();
        var all = log.readStream(name, 1, Direction.FORWARD, EVENTS);
        reactions(name, instance.copy(), all);
        for (var recorded : all) {
            var event = SagaJson.event(recorded.type(), recorded.data());
            String at = name + "/" + recorded.version();
            demand(recorded.version() == ++version, "I11", at + " follows version " + (version - 1));
            demand(recorded.recordedMicros() >= lastMicros, "I19", at + " was recorded before the one before it");
            lastMicros = recorded.recordedMicros();
            demand(
                    !instance.status().isEnded()
                            || event instanceof SagaEvent.EventIgnored
                            || event instanceof SagaEvent.ReplyIgnored,
                    "I17",
                    at + " " + recorded.type() + " behind the end");
            if (event instanceof SagaEvent.StepScheduled it) {
                scheduled.add(it.commandId());
            } else if (event instanceof SagaEvent.OperatorActed it) {
                demand(actions.add(it.id()), "I32", at + " action " + it.id() + " acts again");
            }
            effects.take(instance, event, recorded.recordedMicros());
            note(saga + "/" + key, event, at);
            instance.fold(event, recorded.recordedMicros());
        }
        demand(instance.events() == version, "I11", name + " folds to version " + instance.events());
        return instance;
    }

    /** Holds the reactions of a run against what its definition allows; those of one cause and one time are one. */
    private void reactions(String name, Instance instance, List<RecordedEvent> all) {
        SagaLaws laws = null;
        for (int from = 0, to; from < all.size(); from = to) {
            var first = all.get(from);
            to = from;
            var events = new ArrayList<SagaEvent>();
            while (to < all.size()
                    && all.get(to).recordedMicros() == first.recordedMicros()
                    && all.get(to).attributes().equals(first.attributes())) {
                events.add(SagaJson.event(all.get(to).type(), all.get(to).data()));
                to++;
            }
            var after = instance.copy();
            events.forEach(event -> after.fold(event, first.recordedMicros()));
            laws = laws == null ? new SagaLaws(definition(definitions, after), letters.keySet()) : laws;
            try {
                laws.check(instance, new Reaction(events, after), first.recordedMicros());
            } catch (AssertionError unlawful) {
                broken.add(unlawful.getMessage() + " (" + name + "/" + first.version() + ")");
            }
            var problem = replays.problem(
                    definition(withCode, after),
                    instance,
                    events,
                    String.valueOf(first.attributes().get("causationid")),
                    first.recordedMicros());
            demand(problem == null, "I10", name + "/" + first.version() + " " + problem);
            instance = after;
        }
    }

    private static SagaDefinition definition(List<SagaDefinition> definitions, Instance instance) {
        return definitions.stream()
                .filter(each -> each.hash().equals(instance.hash()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("I34: no definition of " + instance.saga() + " has the hash of "
                        + instance.key() + "~" + instance.run()));
    }

    private void note(String instance, SagaEvent event, String at) {
        var known = positions.computeIfAbsent(instance, first -> new HashSet<>());
        if (event instanceof SagaEvent.SagaStarted it) {
            known.add(it.event().position());
        } else if (event instanceof SagaEvent.StepSucceeded it && it.position() != null) {
            known.add(it.position());
        } else if (event instanceof SagaEvent.EventHeld it) {
            known.add(it.event().position());
            carries(it.event().position(), it.event().data(), at);
        } else if (event instanceof SagaEvent.EventIgnored it) {
            known.add(it.position());
        } else if (event instanceof SagaEvent.CancelRefused it) {
            known.add(it.position());
        } else if (event instanceof SagaEvent.CompensationStarted it
                && it.detail().contains(" at ")) {
            known.add(it.detail().substring(it.detail().lastIndexOf(' ') + 1));
        }
    }

    /** What is held needs no log to be read again. */
    private void carries(String position, JsonNode data, String at) {
        var source = log.event(Position.parse(position));
        demand(
                source == null || data.equals(read(source.data())),
                "I31",
                at + " holds " + position + " with other data than it came with: " + data);
    }

    private void rows(int shard) {
        var outbox = new TreeMap<String, JsonNode>();
        var timers = new TreeSet<String>();
        var statuses = new TreeSet<String>();
        var turns = new TreeSet<String>();
        var counts = new TreeMap<String, Long>();
        for (var each : newest.entrySet()) {
            var instance = each.getValue();
            if (shardOf(instance) != shard) {
                continue;
            }
            String part = instance.saga() + "/" + escaped(instance.key());
            instance.outbox()
                    .forEach(due -> outbox.put(
                            "saga/o/%016x/%s/%s".formatted(due.sinceMicros(), part, escaped(due.step())),
                            JSON.valueToTree(due)));
            instance.armed()
                    .forEach(timer ->
                            timers.add("saga/t/%016x/%s/%s".formatted(timer.dueMillis(), part, escaped(timer.id()))));
            statuses.add("saga/s/" + instance.saga() + "/" + instance.status() + "/" + escaped(instance.key()));
            if (instance.status() == Status.PENDING) {
                turns.add("saga/a/%s/%016x/%s".formatted(instance.saga(), instance.turn(), escaped(instance.key())));
            }
            counts.merge(instance.saga() + " " + instance.status(), 1L, Long::sum);
            if (!instance.status().isEnded()) {
                counts.merge(instance.saga() + " v" + instance.version(), 1L, Long::sum);
            }
            folded(shard, part, instance);
        }
        var stored = stored(shard, "saga/o/");
        demand(stored.keySet().equals(outbox.keySet()), "I2", difference(stored.keySet(), outbox.keySet()));
        stored.forEach((key, row) -> {
            var due = outbox.get(key);
            demand(
                    due == null
                            || row.path("attempt").equals(due.path("attempt"))
                                    && row.path("commandId")
                                            .equals(due.path("sending").path("commandId")),
                    "I2",
                    key + " has another command or attempt");
        });
        early(shard).forEach(timers::add);
        var armed = keys(shard, "saga/t/");
        demand(armed.equals(timers), "I15", difference(armed, timers));
        var waiting = keys(shard, "saga/a/");
        demand(waiting.equals(turns), "I33", "admissions: " + difference(waiting, turns));
        var indexed = keys(shard, "saga/s/");
        demand(indexed.equals(statuses), "I1", "status index: " + difference(indexed, statuses));
        var counted = new TreeMap<String, Long>();
        stored(shard, "saga/n/").forEach((key, row) -> row.properties().forEach(count -> {
            demand(!count.getKey().equals("stalled") || count.getValue().asLong() == 0, "I33", key + " counts stalled");
            if (count.getValue().asLong() != 0) {
                counted.put(
                        key.substring("saga/n/".length()) + " " + count.getKey(),
                        count.getValue().asLong());
            }
        }));
        demand(counted.equals(counts), "I1", "counts are " + counted + ", expected " + counts);
        for (int source = 0; source < log.shards(); source++) {
            demand(cursor(shard, source) <= log.shard(source).head(), "I4", shard + " has read beyond " + source);
        }
    }

    private void folded(int shard, String part, Instance instance) {
        var row = stored(shard, "saga/i/" + part).get("saga/i/" + part);
        demand(row != null && row.equals(tree(instance)), "I1", part + ": row " + row + ", fold " + tree(instance));
        demand(!instance.isStalled(), "I33", part + " is stalled");
        var parked = instance.parked();
        demand(
                instance.status() != Status.PARKED
                        || parked != null && !parked.error().isEmpty() && parked.sinceMicros() > 0,
                "I30",
                part + " is parked without why");
    }

    /** As it is when it was written and read. */
    private static JsonNode tree(Object value) {
        try {
            return JSON.readTree(JSON.writeValueAsBytes(value));
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** The timers of events that came before their instance. */
    private Set<String> early(int shard) {
        var timers = new HashSet<String>();
        stored(shard, "saga/e/").forEach((key, row) -> {
            String part = key.substring("saga/e/".length());
            String[] names = part.split("/");
            row.forEach(each -> {
                String position = each.path("event").path("position").textValue();
                carries(position, each.path("event").path("data"), key);
                timers.add("saga/t/%016x/%s/early:%s"
                        .formatted(each.path("untilMillis").asLong(), part, position));
                positions
                        .computeIfAbsent(names[0] + "/" + unescaped(names[1]), first -> new HashSet<>())
                        .add(position);
            });
        });
        return timers;
    }

    private void letters() {
        for (int shard = 0; shard < log.shards(); shard++) {
            for (var info : log.shard(shard).streams("$dlq.saga-", "", ROWS)) {
                for (var letter : log.readStream(info.stream(), 1, Direction.FORWARD, EVENTS)) {
                    var data = read(letter.data());
                    String saga = data.path("consumer").textValue().substring("saga:".length());
                    letters.computeIfAbsent(data.path("position").textValue(), first -> new ArrayList<>())
                            .add(new Letter(saga, data.path("key").textValue(), letter.position()));
                }
            }
            for (var info : log.shard(shard).streams("$dlq-resolved.saga-", "", ROWS)) {
                for (var resolved : log.readStream(info.stream(), 1, Direction.FORWARD, EVENTS)) {
                    if (resolved.type().equals("DeadLetterRetried")) {
                        String letter = read(resolved.data()).at("/positions/0").textValue();
                        retries.put(Position.parse(letter), resolved.position());
                    }
                }
            }
        }
    }

    /** Whether an event is a dead letter, and nobody has come so far as to where that is tried again. */
    private boolean isLetter(String instance, String event) {
        return letters.getOrDefault(event, List.of()).stream()
                .filter(letter -> letter.key() == null
                        ? instance.startsWith(letter.saga() + "/")
                        : instance.equals(letter.saga() + "/" + letter.key()))
                .map(letter -> retries.get(letter.at()))
                .anyMatch(retry -> retry == null || !isPassed(instance, retry));
    }

    /** @param key null when it could not be told */
    private record Letter(String saga, @Nullable String key, Position at) {}

    private void sources(Correlation correlation) {
        for (int source = 0; source < log.shards(); source++) {
            for (long offset = 1; offset <= log.shard(source).head(); offset++) {
                var event = log.event(new Position(source, offset));
                if (event == null || StreamName.isPlatform(event.stream())) {
                    continue;
                }
                for (var instance : correlation.instances(event)) {
                    String at = source + ":" + offset;
                    demand(
                            !isPassed(instance, event.position())
                                    || positions
                                            .getOrDefault(instance, Set.of())
                                            .contains(at)
                                    || isLetter(instance, at),
                            "I3",
                            at + " " + event.type() + " was dropped by " + instance);
                }
            }
        }
    }

    /** Whether an event has been read for an instance: by its shard, and by that of the event, which writes the letters of keys that cannot be told. */
    private boolean isPassed(String instance, Position event) {
        int source = event.shard();
        return Math.min(cursor(shardOf(instance), source), cursor(source, source)) >= event.offset();
    }

    private void participants(Ledgers ledgers) {
        for (var id : ledgers.commandIds()) {
            demand(scheduled.contains(id), "I5", "a participant saw " + id + ", which nobody has scheduled");
        }
        runs.forEach((name, all) -> {
            var statuses = all.stream().map(Instance::status).toList();
            int whole = all.stream()
                    .filter(each -> each.status() == Status.COMPLETED)
                    .mapToInt(ledgers::whole)
                    .sum();
            boolean isClear =
                    statuses.stream().allMatch(status -> status == Status.COMPLETED || status == Status.COMPENSATED);
            demand(
                    !isClear || ledgers.net(name) == whole,
                    "I36",
                    name + " is " + statuses + " and " + ledgers.net(name) + " are in force, expected " + whole);
            demand(all.size() > 1 || effects.isListed(name, ledgers.inForce(name)), "I36", name + " lists too little");
        });
    }

    private long cursor(int shard, int source) {
        var row = stored(shard, "saga/c/" + source).get("saga/c/" + source);
        return row == null ? 0 : row.asLong();
    }

    private int shardOf(Instance instance) {
        return shardOf(instance.saga() + "/" + instance.key());
    }

    private int shardOf(String instance) {
        int slash = instance.indexOf('/');
        return log.shardOf(
                "$saga." + instance.substring(0, slash).replace('-', '.') + "-" + instance.substring(slash + 1) + "~1");
    }

    private Map<String, JsonNode> stored(int shard, String prefix) {
        var rows = new TreeMap<String, JsonNode>();
        for (Shard.Row row : log.shard(shard).rows(prefix, "", ROWS)) {
            rows.put(row.key(), row.value().length == 0 ? JSON.nullNode() : read(row.value()));
        }
        return rows;
    }

    private Set<String> keys(int shard, String prefix) {
        return stored(shard, prefix).keySet();
    }

    private static JsonNode read(byte[] json) {
        try {
            return JSON.readTree(json);
        } catch (IOException torn) {
            throw new UncheckedIOException(torn);
        }
    }

    private static String difference(Set<String> found, Set<String> expected) {
        var more = new TreeSet<>(found);
        more.removeAll(expected);
        var fewer = new TreeSet<>(expected);
        fewer.removeAll(found);
        return "found beside what is expected " + more + ", missed " + fewer;
    }

    private static String escaped(String part) {
        return part.replace("%", "%25").replace("/", "%2F");
    }

    private static String unescaped(String part) {
        return part.replace("%2F", "/").replace("%25", "%");
    }
}
