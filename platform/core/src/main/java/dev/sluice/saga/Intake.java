package dev.sluice.saga;

import dev.sluice.log.Cursor;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Selection;
import dev.sluice.log.StreamName;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the log once for the engines of all shards, from where the last of them stands, and hands each the events of its instances; who has read
 * further passes over what it knows. Reads on when all have room. All state belongs to its context.
 */
final class Intake extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(Intake.class);
    private static final long AGAIN_MILLIS = 1_000;

    private final EventLog log;
    private final Definitions definitions;
    private final Missing missing;
    private final Retries retries;
    private final List<Engine> engines;
    private Cursor cursor;
    private EventLog.@Nullable LiveRead read;
    private boolean isStopping;

    Intake(EventLog log, Definitions definitions, Missing missing, Retries retries, List<Engine> engines) {
        this.log = log;
        this.definitions = definitions;
        this.missing = missing;
        this.retries = retries;
        this.engines = engines;
        cursor = Cursor.start(log.shards());
    }

    @Override
    public Future<?> start() {
        for (int source = 0; source < log.shards(); source++) {
            long lowest = Long.MAX_VALUE;
            for (var engine : engines) {
                lowest = Math.min(lowest, engine.booted(source));
            }
            cursor = cursor.with(source, lowest);
        }
        subscribe();
        return Future.succeededFuture();
    }

    private void subscribe() {
        var subscribed = log.subscribe(new Selection.Whole(), cursor, this::isWanted);
        read = subscribed;
        subscribed.exceptionHandler(this::failed);
        subscribed.pause();
        subscribed.handler(batch -> take(subscribed, batch));
        subscribed.fetch(1);
    }

    private boolean isWanted(RecordedEvent event) {
        boolean isWaitedFor = definitions.wants(event.type()) || missing.wants(event.type());
        return isWaitedFor && !StreamName.isPlatform(event.stream()) || DeadLetter.isRetry(event);
    }

    private void failed(Throwable cause) {
        LOG.warn("saga_intake_failed problem=\"{}\"", cause.getMessage());
        vertx.setTimer(AGAIN_MILLIS, again -> {
            if (!isStopping) {
                subscribe();
            }
        });
    }

    private void take(EventLog.LiveRead from, EventLog.Batch batch) {
        retries.read(batch.events())
                .onSuccess(again -> hand(from, batch, again))
                .onFailure(unread -> from.close().onComplete(closed -> failed(unread)));
    }

    private void hand(EventLog.LiveRead from, EventLog.Batch batch, Map<Position, Retries.Again> retried) {
        int source = 0;
        while (source < log.shards() - 1 && batch.cursor().offset(source) == cursor.offset(source)) {
            source++;
        }
        long offset = batch.cursor().offset(source);
        var inputs = new ArrayList<List<Incoming>>();
        engines.forEach(engine -> inputs.add(new ArrayList<>()));
        for (var event : batch.events()) {
            var again = retried.isEmpty() ? null : retried.get(event.position());
            if (again == null) {
                sort(event, missing.completed(definitions.read(event)), inputs);
            } else {
                retry(event, again, inputs);
            }
        }
        var offered = new ArrayList<Future<Void>>();
        for (int shard = 0; shard < engines.size(); shard++) {
            inputs.get(shard).add(new Incoming.Passed(source, offset));
            offered.add(engines.get(shard).offer(inputs.get(shard)));
        }
        cursor = batch.cursor();
        Future.all(offered)
                .onSuccess(all -> from.fetch(1))
                .onFailure(bug -> LOG.error("saga_intake_stopped at={}", batch.cursor(), bug));
    }

    private void sort(RecordedEvent recorded, Definitions.Read read, List<List<Incoming>> inputs) {
        for (int shard = 0; shard < engines.size(); shard++) {
            var ours = ofShard(shard, recorded, read);
            if (!ours.isEmpty()) {
                inputs.get(shard)
                        .add(new Incoming.Arrived(recorded.shard(), recorded.offset(), read.event(), ours, null));
            }
        }
    }

    private List<Incoming.Concern> ofShard(int shard, RecordedEvent recorded, Definitions.Read read) {
        return read.concerns().stream()
                .filter(each -> shard == (each.id() == null ? recorded.shard() : shardOf(each.id())))
                .toList();
    }

    private void retry(RecordedEvent recorded, Retries.Again again, List<List<Incoming>> inputs) {
        var written = new ArrayList<Future<List<Reacted.Again>>>();
        for (int shard = 0; shard < engines.size(); shard++) {
            var ours = ofShard(shard, recorded, again.read());
            if (!ours.isEmpty()) {
                var done = new CompletableFuture<List<Reacted.Again>>();
                var retry = new Incoming.Retry(again.letter(), again.kept().attempts(), done);
                inputs.get(shard)
                        .add(new Incoming.Arrived(
                                recorded.shard(),
                                recorded.offset(),
                                again.read().event(),
                                ours,
                                retry));
                written.add(Future.fromCompletionStage(done, context).map(letters -> letters.stream()
                        .filter(each -> each.from().equals(again.letter()))
                        .toList()));
            }
        }
        retries.taken(again, Future.all(written).map(all -> all.<List<Reacted.Again>>list().stream()
                .flatMap(List::stream)
                .toList()));
    }

    private int shardOf(InstanceId id) {
        return log.shardOf(id.stream(1));
    }

    @Override
    public Future<?> stop() {
        isStopping = true;
        return read == null ? Future.succeededFuture() : read.close();
    }
}
