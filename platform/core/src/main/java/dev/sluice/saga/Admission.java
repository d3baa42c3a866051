package dev.sluice.saga;

import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.machine.Status;
import dev.sluice.shard.EventLog;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls up the instances of a shard that wait to be admitted, in their turn, as far as there is room. As many of a saga go at once as its newest
 * version lets, whatever version they are of; a parked one does not count. Looks again after each change and now and then, so that neither a restart
 * nor a raised limit leaves anybody waiting. For one context.
 */
final class Admission {
    private static final Logger LOG = LoggerFactory.getLogger(Admission.class);
    private static final int ROWS_A_READ = 1_000;

    private final EventLog log;
    private final int shard;
    private final Definitions definitions;
    private final int batch;
    private final Consumer<List<InstanceId>> called;
    private final Map<String, Map<String, Long>> counts = new HashMap<>();
    /** By saga, how many are called up and not written; none while they are being read. */
    private final Map<String, Integer> open = new HashMap<>();

    private boolean isLoaded;

    Admission(EventLog log, int shard, Definitions definitions, int batch, Consumer<List<InstanceId>> called) {
        this.log = log;
        this.shard = shard;
        this.definitions = definitions;
        this.batch = batch;
        this.called = called;
    }

    /** Whether an instance that begins has to wait: for room, or behind others. */
    static boolean isFull(SagaDefinition newest, int shards, Map<String, Long> counts) {
        return room(newest, shards, counts) <= 0 || count(counts, Status.PENDING) > 0;
    }

    /** How many more of a saga may go in a shard; less than 0 when an operator took up more than may. */
    static long room(@Nullable SagaDefinition newest, int shards, Map<String, Long> counts) {
        if (newest == null) {
            return 0; // its code may still come
        }
        var most = newest.structure().maxRunning();
        return most == null
                ? Integer.MAX_VALUE
                : (most + shards - 1L) / shards - count(counts, Status.RUNNING) - count(counts, Status.COMPENSATING);
    }

    private static long count(Map<String, Long> counts, Status status) {
        return counts.getOrDefault(status.name(), 0L);
    }

    void change(Map<String, Map<String, Long>> changed) {
        counts.putAll(changed);
        changed.keySet().forEach(this::look);
    }

    /** One that was called up has been admitted, or it was not its turn any more. */
    void written(InstanceId id) {
        open.computeIfPresent(id.saga(), (saga, count) -> count > 1 ? count - 1 : null);
        look(id.saga());
    }

    void look() {
        if (!isLoaded) {
            load();
            return;
        }
        counts.keySet().forEach(this::look);
    }

    /** Takes up what the store has. */
    private void load() {
        log.rows(shard, RowKeys.COUNTS, "", ROWS_A_READ)
                .onSuccess(rows -> {
                    isLoaded = true;
                    rows.forEach(row -> counts.putIfAbsent(RowKeys.part(row.key(), 2), Changes.counts(row.value())));
                    look();
                })
                .onFailure(this::unread);
    }

    private void look(String saga) {
        var now = counts.getOrDefault(saga, Map.of());
        long next = Math.min(
                Math.min(count(now, Status.PENDING), room(definitions.newest(saga), log.shards(), now)), batch);
        if (next <= 0 || open.containsKey(saga)) {
            return;
        }
        open.put(saga, 0);
        log.rows(shard, RowKeys.admissions(saga), "", (int) next).onComplete(rows -> {
            open.remove(saga);
            if (rows.failed()) {
                unread(rows.cause());
            } else if (!rows.result().isEmpty()) {
                open.put(saga, rows.result().size());
                called.accept(rows.result().stream()
                        .map(row -> new InstanceId(saga, RowKeys.part(row.key(), 4)))
                        .toList());
            }
        });
    }

    private void unread(Throwable problem) {
        LOG.warn("saga_admissions_unread shard={} problem=\"{}\"", shard, problem.getMessage());
    }
}
