package dev.sluice.saga;

import dev.sluice.saga.machine.Status;
import dev.sluice.shard.EventLog;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** How many instances there are by status, and the metrics of sagas. Any thread. */
final class Tally {
    private static final int ROWS_A_READ = 1_000;

    private final EventLog log;
    private final MeterRegistry metrics;
    private final List<Map<String, Map<String, Long>>> byShard = new ArrayList<>();
    private final Set<String> watched = ConcurrentHashMap.newKeySet();

    Tally(EventLog log, MeterRegistry metrics) {
        this.log = log;
        this.metrics = metrics;
        for (int shard = 0; shard < log.shards(); shard++) {
            byShard.add(new ConcurrentHashMap<>());
        }
        Gauge.builder("saga.stalled", this, tally -> tally.watched.stream()
                        .mapToLong(saga -> tally.count(saga, Changes.STALLED))
                        .sum())
                .register(metrics);
    }

    Future<Void> load() {
        var loaded = new ArrayList<Future<Void>>();
        for (int shard = 0; shard < byShard.size(); shard++) {
            var here = byShard.get(shard);
            loaded.add(log.rows(shard, RowKeys.COUNTS, "", ROWS_A_READ).map(rows -> {
                rows.forEach(row -> here.put(RowKeys.part(row.key(), 2), Changes.counts(row.value())));
                return null;
            }));
        }
        return Future.all(loaded).mapEmpty();
    }

    /** Shows a saga in the metrics. */
    void watch(String saga) {
        if (watched.add(saga)) {
            for (var status : Status.values()) {
                Gauge.builder("saga.instances", this, tally -> tally.count(saga, status.name()))
                        .tag("saga", saga)
                        .tag("status", status.name())
                        .register(metrics);
            }
        }
    }

    void reacted(int shard, Reacted reacted) {
        byShard.get(shard).putAll(reacted.counts());
        reacted.outcomes().forEach((outcome, count) -> metrics.counter(
                        "saga.step", "saga", outcome.saga(), "outcome", outcome.type())
                .increment(count));
    }

    Map<Status, Long> counts(String saga) {
        var counts = new EnumMap<Status, Long>(Status.class);
        for (var status : Status.values()) {
            counts.put(status, count(saga, status.name()));
        }
        return counts;
    }

    /** How many live instances of a saga are pinned to a version. */
    long live(String saga, int version) {
        return count(saga, Changes.VERSION + version);
    }

    private long count(String saga, String what) {
        return byShard.stream()
                .mapToLong(each -> each.getOrDefault(saga, Map.of()).getOrDefault(what, 0L))
                .sum();
    }
}
