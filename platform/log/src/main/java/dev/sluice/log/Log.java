package dev.sluice.log;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** All shards of a process. Reads block and belong on read threads; appends do not. */
public final class Log implements AutoCloseable {
    private Log() {}

    /** Opens or creates the log in a folder. NEWER_FORMAT, CORRUPT, CONFIG_INVALID (another shard count than the log's own). */
    public static Log open(Path folder, LogOptions options) {
        throw new UnsupportedOperationException();
    }

    /** A random id given when the log was created. */
    public String id() {
        throw new UnsupportedOperationException();
    }

    public int shards() {
        throw new UnsupportedOperationException();
    }

    public Shard shard(int number) {
        throw new UnsupportedOperationException();
    }

    public int shardOf(String stream) {
        return Partitioner.shardOf(stream, shards());
    }

    /** Appends to the shard of its streams. The failures of {@link Shard#submit}, WRONG_EXPECTED_VERSION, APPEND_ID_REUSED, EVENT_TOO_LARGE, APPEND_TOO_LARGE, CROSS_SHARD_APPEND, INVALID_STREAM. */
    public CompletionStage<Appended> append(Append append) {
        throw new UnsupportedOperationException();
    }

    /** The visible head of every shard. */
    public Cursor head() {
        throw new UnsupportedOperationException();
    }

    public EventPage read(EventQuery query) {
        throw new UnsupportedOperationException();
    }

    /**
     * Events of a stream from a version on (inclusive) in the given direction, at most {@code limit}.
     *
     * @param fromVersion 0 with BACKWARD: from the end
     */
    public List<RecordedEvent> readStream(String stream, long fromVersion, EventQuery.Direction direction, int limit) {
        throw new UnsupportedOperationException();
    }

    /** The visible version of a stream; 0 when it has no event. */
    public long version(String stream) {
        throw new UnsupportedOperationException();
    }

    /** One event, null when the position is beyond the head. */
    public @Nullable RecordedEvent event(Position position) {
        throw new UnsupportedOperationException();
    }

    /** Streams in name order over all shards, from after a name; platform streams only when the prefix begins with {@code $}. */
    public List<StreamInfo> streams(String prefix, String afterName, int limit) {
        throw new UnsupportedOperationException();
    }

    /** Finishes what is queued, then closes every shard. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
