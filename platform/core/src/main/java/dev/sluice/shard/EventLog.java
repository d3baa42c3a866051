package dev.sluice.shard;

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
import io.vertx.core.Future;
import io.vertx.core.streams.ReadStream;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The log as the rooms see it: futures on the caller's context, reads on the read pool, appends over the mesh. */
public interface EventLog {
    int shards();

    int shardOf(String stream);

    /** The visible head of every shard. */
    Cursor head();

    Future<Appended> append(Append append, Call call);

    /** As {@link #append(Append, Call)}, for the platform itself. */
    default Future<Appended> append(Append append) {
        return append(append, Call.PLAIN);
    }

    /** Runs a write on a shard of this process; the failures of {@code Shard.submit}. */
    <T> Future<T> write(int shard, Write<T> write);

    /** As {@code Shard.rows}. */
    Future<List<Shard.Row>> rows(int shard, String prefix, String afterKey, int limit);

    /** Hands a source batch to a shard. */
    Future<SourceBatch.Ingested> ingest(int shard, SourceBatch batch);

    /** Hands a shard what becomes of dead letters in it. */
    Future<SourceResolution.Resolved> resolve(int shard, SourceResolution resolution);

    /** As {@code Shard.releasing}, of the shard that holds all dead letters of a source that parks: the only one. */
    Future<Map<String, Long>> releasing(String source, String topic, int partition);

    /** What each shard stores for a source partition, by shard; null where nothing is. */
    Future<List<SourceBatch.@Nullable Watermark>> watermarks(String source, String topic, int partition);

    Future<EventPage> read(EventQuery query);

    /** As {@code Log.readStream}. */
    Future<List<RecordedEvent>> readStream(String stream, long fromVersion, EventQuery.Direction direction, int limit);

    Future<Long> version(String stream);

    Future<@Nullable RecordedEvent> event(Position position);

    Future<List<StreamInfo>> streams(String prefix, String afterName, int limit);

    /**
     * A live read that begins after a cursor, catches up from disk and goes on live, without loss or duplicate; bounded: paused,
     * it holds one batch. Shards interleave. Its end handler runs only after {@link LiveRead#close()}.
     *
     * @param where null for all
     */
    LiveRead subscribe(Selection selection, Cursor after, @Nullable Predicate<RecordedEvent> where);

    /** The cursor before the first event recorded at or after a time, µs since 1970 UTC. */
    Future<Cursor> cursorBefore(long recordedMicros);

    /** Batches of one shard's matching events in order, each with the cursor after it; a batch without events moves only the cursor. */
    interface LiveRead extends ReadStream<Batch> {
        Future<Void> close();
    }

    /** Events and where the reader stands after them. {@code caughtUp}: nothing more was visible in that shard. */
    record Batch(List<RecordedEvent> events, Cursor cursor, boolean caughtUp) {}
}
