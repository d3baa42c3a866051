package dev.sluice.shard;

import dev.sluice.bus.Addresses;
import dev.sluice.bus.Call;
import dev.sluice.bus.Mesh;
import dev.sluice.log.Append;
import dev.sluice.log.Appended;
import dev.sluice.log.Cursor;
import dev.sluice.log.EventPage;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Selection;
import dev.sluice.log.Shard;
import dev.sluice.log.SourceBatch;
import dev.sluice.log.SourceResolution;
import dev.sluice.log.StreamInfo;
import dev.sluice.log.Write;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The log of this process: writes go over the mesh to the {@link ShardVerticle}, reads to the read pool. */
public final class LocalEventLog implements EventLog {
    private final Vertx vertx;
    private final Log log;
    private final Mesh mesh;
    private final ReadPool reads;

    public LocalEventLog(Vertx vertx, Log log, Mesh mesh, ReadPool reads) {
        this.vertx = vertx;
        this.log = log;
        this.mesh = mesh;
        this.reads = reads;
    }

    @Override
    public int shards() {
        return log.shards();
    }

    @Override
    public int shardOf(String stream) {
        return log.shardOf(stream);
    }

    @Override
    public Cursor head() {
        return log.head();
    }

    @Override
    public Future<Appended> append(Append append, Call call) {
        int shard = log.shardOf(append.writes().get(0).stream());
        String id = append.appendId();
        var repeatable = id == null ? call : call.withIdempotencyKey(id);
        return mesh.<Appended>request(Addresses.append(shard), append, repeatable)
                .recover(LocalEventLog::unknownWhenLate);
    }

    @Override
    public <T> Future<T> write(int shard, Write<T> write) {
        return Future.fromCompletionStage(log.shard(shard).submit(write), vertx.getOrCreateContext());
    }

    @Override
    public Future<List<Shard.Row>> rows(int shard, String prefix, String afterKey, int limit) {
        return reads.run(() -> log.shard(shard).rows(prefix, afterKey, limit));
    }

    @Override
    public Future<SourceBatch.Ingested> ingest(int shard, SourceBatch batch) {
        return mesh.<SourceBatch.Ingested>request(Addresses.ingest(shard), batch)
                .recover(LocalEventLog::unknownWhenLate);
    }

    @Override
    public Future<SourceResolution.Resolved> resolve(int shard, SourceResolution resolution) {
        return mesh.<SourceResolution.Resolved>request(Addresses.resolve(shard), resolution)
                .recover(LocalEventLog::unknownWhenLate);
    }

    @Override
    public Future<Map<String, Long>> releasing(String source, String topic, int partition) {
        return Future.fromCompletionStage(log.shard(0).releasing(source, topic, partition), vertx.getOrCreateContext());
    }

    private static <T> Future<T> unknownWhenLate(Throwable cause) {
        return Future.failedFuture(
                Call.isUnknown(cause)
                        ? Failure.of(
                                Failure.Kind.OUTCOME_UNKNOWN,
                                cause.getMessage()
                                        + "; retry with the same append id (Idempotency-Key) to learn the outcome")
                        : cause);
    }

    @Override
    public Future<List<SourceBatch.@Nullable Watermark>> watermarks(String source, String topic, int partition) {
        return reads.run(() -> {
            var stored = new ArrayList<SourceBatch.@Nullable Watermark>();
            for (int shard = 0; shard < log.shards(); shard++) {
                stored.add(log.shard(shard).watermark(source, topic, partition));
            }
            return stored;
        });
    }

    @Override
    public Future<EventPage> read(EventQuery query) {
        return reads.run(() -> log.read(query));
    }

    @Override
    public Future<List<RecordedEvent>> readStream(
            String stream, long fromVersion, EventQuery.Direction direction, int limit) {
        return reads.run(() -> log.readStream(stream, fromVersion, direction, limit));
    }

    @Override
    public Future<Long> version(String stream) {
        return reads.run(() -> log.version(stream));
    }

    @Override
    public Future<@Nullable RecordedEvent> event(Position position) {
        return reads.run(() -> log.event(position));
    }

    @Override
    public Future<List<StreamInfo>> streams(String prefix, String afterName, int limit) {
        return reads.run(() -> log.streams(prefix, afterName, limit));
    }

    @Override
    public Future<Cursor> cursorBefore(long recordedMicros) {
        return reads.run(() -> {
            Cursor cursor = Cursor.start(log.shards());
            for (int shard = 0; shard < log.shards(); shard++) {
                cursor = cursor.with(shard, log.shard(shard).offsetBefore(recordedMicros));
            }
            return cursor;
        });
    }

    @Override
    public LiveRead subscribe(Selection selection, Cursor after, @Nullable Predicate<RecordedEvent> where) {
        return new MergedLiveRead(vertx.getOrCreateContext(), log, reads, selection, after, where);
    }
}
