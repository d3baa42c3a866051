package dev.sluice.server.live;

import dev.sluice.bus.Call;
import dev.sluice.log.Append;
import dev.sluice.log.Appended;
import dev.sluice.log.Cursor;
import dev.sluice.log.EventPage;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Selection;
import dev.sluice.log.Shard;
import dev.sluice.log.SourceBatch;
import dev.sluice.log.SourceResolution;
import dev.sluice.log.StreamInfo;
import dev.sluice.log.Write;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A log of one shard in which nothing happens, where a test is about views alone. */
final class NoEvents implements EventLog {
    @Override
    public int shards() {
        return 1;
    }

    @Override
    public int shardOf(String stream) {
        return 0;
    }

    @Override
    public Cursor head() {
        return Cursor.start(1);
    }

    @Override
    public Future<Appended> append(Append append, Call call) {
        throw new UnsupportedOperationException();
    }

    @Override
    public <T> Future<T> write(int shard, Write<T> write) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<List<Shard.Row>> rows(int shard, String prefix, String afterKey, int limit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<SourceBatch.Ingested> ingest(int shard, SourceBatch batch) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<SourceResolution.Resolved> resolve(int shard, SourceResolution resolution) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Map<String, Long>> releasing(String source, String topic, int partition) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<List<SourceBatch.@Nullable Watermark>> watermarks(String source, String topic, int partition) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<EventPage> read(EventQuery query) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<List<RecordedEvent>> readStream(
            String stream, long fromVersion, EventQuery.Direction direction, int limit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Long> version(String stream) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<@Nullable RecordedEvent> event(Position position) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<List<StreamInfo>> streams(String prefix, String afterName, int limit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public LiveRead subscribe(Selection selection, Cursor after, @Nullable Predicate<RecordedEvent> where) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Cursor> cursorBefore(long recordedMicros) {
        throw new UnsupportedOperationException();
    }
}
