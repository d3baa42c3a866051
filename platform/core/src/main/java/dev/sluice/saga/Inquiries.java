package dev.sluice.saga;

import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Shard;
import dev.sluice.saga.Incoming.Concern;
import dev.sluice.saga.SagaRoom.Happened;
import dev.sluice.saga.definition.SagaVersion;
import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.SagaEvent;
import dev.sluice.saga.machine.SagaJson;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Questions about instances, answered from what is committed. Any context. */
final class Inquiries {
    private static final int MAX_EVENTS = 1_000;
    private static final int MAX_LOOKED_AT = 10_000;
    private static final int MAX_PAGE = 200;
    private static final Comparator<String> AS_STORED =
            (a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

    private final EventLog log;
    private final Definitions definitions;
    private final Missing missing;
    private final LongSupplier clockMicros;

    Inquiries(EventLog log, Definitions definitions, Missing missing, LongSupplier clockMicros) {
        this.log = log;
        this.definitions = definitions;
        this.missing = missing;
        this.clockMicros = clockMicros;
        SagaJson.instance(Json.bytes(Instance.of("", "", 1))); // the first on an event loop would hold up others
    }

    int shardOf(InstanceId id) {
        return log.shardOf(id.stream(1));
    }

    Future<@Nullable Instance> instance(InstanceId id) {
        return row(shardOf(id), RowKeys.instance(id)).map(row -> row == null ? null : SagaJson.instance(row));
    }

    private Future<byte @Nullable []> row(int shard, String key) {
        return log.rows(shard, key, "", 1)
                .map(rows -> rows.isEmpty() || !rows.get(0).key().equals(key)
                        ? null
                        : rows.get(0).value());
    }

    Future<List<Happened>> history(InstanceId id, int run, long fromVersion) {
        return log.readStream(id.stream(run), fromVersion, Direction.FORWARD, MAX_EVENTS)
                .map(events -> events.stream()
                        .map(event -> new Happened(event.version(), event.recordedMicros(), Json.event(event)))
                        .toList());
    }

    /** Instances in the order of their keys, from after a key. */
    Future<SagaRoom.Page> list(InstanceQuery query, String afterKey, int limit) {
        return list(query, afterKey, Math.min(limit, MAX_PAGE), new ArrayList<>(), 0);
    }

    private Future<SagaRoom.Page> list(
            InstanceQuery query, String afterKey, int limit, List<Instance> found, int lookedAt) {
        var versions = definitions.versions().get(query.saga());
        long stuckBefore =
                versions == null ? Long.MIN_VALUE : SagaVersion.newest(versions).stuckBefore(clockMicros.getAsLong());
        return keys(query, afterKey).compose(keys -> {
            var asked = keys.stream()
                    .map(key -> instance(new InstanceId(query.saga(), key)))
                    .toList();
            return Future.all(asked).compose(all -> {
                for (int i = 0; i < keys.size(); i++) {
                    var instance = asked.get(i).result();
                    if (instance != null && query.holds(instance, stuckBefore)) {
                        found.add(instance);
                    }
                    if (found.size() == limit) {
                        return Future.succeededFuture(new SagaRoom.Page(found, keys.get(i)));
                    }
                }
                if (keys.isEmpty()) {
                    return Future.succeededFuture(new SagaRoom.Page(found, null));
                }
                String last = keys.get(keys.size() - 1);
                return lookedAt + keys.size() >= MAX_LOOKED_AT
                        ? Future.succeededFuture(new SagaRoom.Page(found, last))
                        : list(query, last, limit, found, lookedAt + keys.size());
            });
        });
    }

    /** The next keys that may be wanted, of all shards. */
    private Future<List<String>> keys(InstanceQuery query, String afterKey) {
        var prefixes = query.statuses().isEmpty()
                ? List.of(RowKeys.INSTANCES + query.saga() + "/")
                : query.statuses().stream()
                        .map(status -> RowKeys.STATUSES + query.saga() + "/" + status + "/")
                        .toList();
        var reads = new ArrayList<Future<List<Shard.Row>>>();
        for (var prefix : prefixes) {
            for (int shard = 0; shard < log.shards(); shard++) {
                reads.add(log.rows(shard, prefix, prefix + RowKeys.escaped(afterKey), MAX_PAGE));
            }
        }
        return Future.all(reads).map(all -> {
            var keys = new TreeSet<>(AS_STORED);
            reads.forEach(read -> read.result()
                    .forEach(row -> keys.add(row.key().substring(row.key().lastIndexOf('/') + 1))));
            return keys.stream().limit(MAX_PAGE).map(RowKeys::unescaped).toList();
        });
    }

    /** What each saga did with an event that concerns it. Calls code of the definitions. */
    Future<List<Verdict>> why(RecordedEvent recorded) {
        var verdicts = new ArrayList<Future<@Nullable Verdict>>();
        var told = new HashSet<String>();
        for (var concern : missing.completed(definitions.read(recorded)).concerns()) {
            var id = concern.id();
            told.add(concern.saga());
            verdicts.add(id == null ? whyUntold(concern, recorded) : why(id, recorded));
        }
        missing.meant(recorded.type()).stream()
                .filter(concern -> told.add(concern.saga()))
                .forEach(concern -> verdicts.add(whyUntold(concern, recorded)));
        return Future.all(verdicts).map(all -> {
            var found = new ArrayList<Verdict>();
            for (var each : verdicts) {
                var verdict = each.result();
                if (verdict != null) {
                    found.add(verdict);
                }
            }
            return found;
        });
    }

    /** Of an event whose key the code that is here cannot tell; which there was when the event came may have been able to. */
    private Future<Verdict> whyUntold(Concern concern, RecordedEvent event) {
        String saga = concern.saga();
        String problem =
                Objects.requireNonNull(concern.problem(), "it has no key").detail();
        var untold = new Verdict(saga, null, Verdict.Kind.UNTOLD, 0, 0, problem);
        return reached(event.shard(), event, saga, null)
                .compose(notYet -> notYet != null
                        ? Future.succeededFuture(notYet)
                        : letter(saga, null, event.shard(), event, 1).map(letter -> letter == null ? untold : letter));
    }

    /** NOT_REACHED, or null when the shard has read so far. */
    private Future<@Nullable Verdict> reached(int shard, RecordedEvent event, String saga, @Nullable String key) {
        return row(shard, RowKeys.cursor(event.shard()))
                .map(row -> row != null && Json.value(row, Long.class) >= event.offset()
                        ? null
                        : new Verdict(saga, key, Verdict.Kind.NOT_REACHED, 0, 0, null));
    }

    /** What an instance did with an event; null when it was never given it. */
    Future<@Nullable Verdict> why(InstanceId id, RecordedEvent event) {
        return reached(shardOf(id), event, id.saga(), id.key()).compose(notYet -> {
            if (notYet != null) {
                return Future.succeededFuture(notYet);
            }
            return instance(id)
                    .compose(instance -> instance == null
                            ? waiting(id, event)
                            : search(id, instance.run(), 1, event, null)
                                    .compose(found ->
                                            found != null ? Future.succeededFuture(found) : waiting(id, event)));
        });
    }

    private Future<@Nullable Verdict> waiting(InstanceId id, RecordedEvent event) {
        return row(shardOf(id), RowKeys.early(id)).compose(row -> {
            boolean isEarly = row != null
                    && Arrays.stream(Json.value(row, Changes.Early[].class)).anyMatch(each -> each.event()
                            .position()
                            .equals(event.position().toString()));
            return isEarly
                    ? Future.succeededFuture(new Verdict(id.saga(), id.key(), Verdict.Kind.EARLY, 0, 0, null))
                    : letter(id.saga(), id.key(), shardOf(id), event, 1);
        });
    }

    private Future<@Nullable Verdict> letter(
            String saga, @Nullable String key, int shard, RecordedEvent event, long from) {
        return log.readStream(DeadLetter.stream(saga, shard), from, Direction.FORWARD, MAX_EVENTS)
                .compose(letters -> {
                    for (var letter : letters) {
                        var data = Json.data(letter);
                        if (event.position()
                                .toString()
                                .equals(data.path("position").textValue())) {
                            return Future.succeededFuture(new Verdict(
                                    saga,
                                    key,
                                    Verdict.Kind.DEAD_LETTER,
                                    0,
                                    0,
                                    data.path("reason").textValue()));
                        }
                    }
                    return letters.size() < MAX_EVENTS
                            ? Future.succeededFuture(null)
                            : letter(saga, key, shard, event, from + letters.size());
                });
    }

    /** The last that the newest run, or one before it, says of an event. */
    private Future<@Nullable Verdict> search(
            InstanceId id, int run, long from, RecordedEvent event, @Nullable Verdict last) {
        return history(id, run, from).compose(page -> {
            var found = last;
            for (var happened : page) {
                var verdict = verdict(id, run, happened, event.position().toString());
                found = verdict == null ? found : verdict;
            }
            if (page.size() == MAX_EVENTS) {
                return search(id, run, from + page.size(), event, found);
            }
            return found != null || run == 1 ? Future.succeededFuture(found) : search(id, run - 1, 1, event, null);
        });
    }

    private static @Nullable Verdict verdict(InstanceId id, int run, Happened happened, String position) {
        var event = happened.event();
        Verdict.Kind kind = null;
        String detail = null;
        if (event instanceof SagaEvent.SagaStarted it && it.event().position().equals(position)) {
            kind = Verdict.Kind.STARTED;
        } else if (event instanceof SagaEvent.StepSucceeded it && position.equals(it.position())) {
            kind = Verdict.Kind.RECEIVED;
            detail = it.step();
        } else if (event instanceof SagaEvent.EventHeld it
                && it.event().position().equals(position)) {
            kind = Verdict.Kind.HELD;
            detail = it.trigger();
        } else if (event instanceof SagaEvent.EventIgnored it && it.position().equals(position)) {
            kind = Verdict.Kind.IGNORED;
            detail = it.reason();
        } else if (event instanceof SagaEvent.CancelRefused it && it.position().equals(position)) {
            kind = Verdict.Kind.IGNORED;
            detail = it.reason();
        } else if (event instanceof SagaEvent.CompensationStarted it
                && it.detail().endsWith(" at " + position)) {
            kind = Verdict.Kind.CANCELLED;
        }
        return kind == null ? null : new Verdict(id.saga(), id.key(), kind, run, happened.version(), detail);
    }

    static Failure unknown(InstanceId id) {
        return Failure.of(Failure.Kind.NOT_FOUND, "found no instance of saga " + id + ", expected one that began");
    }
}
