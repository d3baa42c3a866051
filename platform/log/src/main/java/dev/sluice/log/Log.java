package dev.sluice.log;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksIterator;

/** All shards of a process. Reads block and belong on read threads; appends do not. */
public final class Log implements AutoCloseable {
    private static final Comparator<StreamInfo> BY_NAME = (a, b) -> Arrays.compareUnsigned(
            a.stream().getBytes(StandardCharsets.UTF_8), b.stream().getBytes(StandardCharsets.UTF_8));

    private final LogFolder folder;
    private final LogOptions options;
    private final Memory memory;
    private final List<Shard> shards;
    private boolean isClosed;

    private Log(LogFolder folder, LogOptions options, Memory memory, List<Shard> shards) {
        this.folder = folder;
        this.options = options;
        this.memory = memory;
        this.shards = List.copyOf(shards);
    }

    /**
     * Opens or creates the log in a folder. NEWER_FORMAT, CORRUPT, CONFIG_INVALID (another shard count than the log's own),
     * UNAVAILABLE (in use, or the disk fails).
     */
    public static Log open(Path folder, LogOptions options) {
        return open(folder, options, Shard.Seams.NONE);
    }

    static Log open(Path folder, LogOptions options, Shard.Seams seams) {
        LogFolder files = null;
        Memory memory = null;
        List<Shard> shards = new ArrayList<>();
        try {
            files = LogFolder.open(folder, options.shards());
            memory = new Memory(options.memoryBytes(), files.shards());
            for (int number = 0; number < files.shards(); number++) {
                shards.add(Shard.open(files.shard(number), number, options, memory, seams));
            }
            return new Log(files, options, memory, shards);
        } catch (IOException | RuntimeException refused) {
            shards.forEach(Shard::close);
            if (memory != null) {
                memory.close();
            }
            if (files != null) {
                files.close();
            }
            throw refused instanceof RuntimeException known
                    ? known
                    : Failure.of(
                            Failure.Kind.UNAVAILABLE, "the disk failed to open the log in " + folder + ": " + refused);
        }
    }

    /** A random id given when the log was created. */
    public String id() {
        return folder.id();
    }

    public int shards() {
        return shards.size();
    }

    public Shard shard(int number) {
        return shards.get(number);
    }

    public int shardOf(String stream) {
        return Partitioner.shardOf(stream, shards());
    }

    /**
     * Appends to the shard of its streams. The failures of {@link Shard#submit}, WRONG_EXPECTED_VERSION, APPEND_ID_REUSED,
     * EVENT_TOO_LARGE, APPEND_TOO_LARGE, CROSS_SHARD_APPEND, INVALID_STREAM, INVALID_EVENT, INVALID_REQUEST.
     */
    public CompletionStage<Appended> append(Append append) {
        int shard;
        try {
            shard = AppendWrite.shardOf(append, shards(), options.maxAppendBytes());
        } catch (Failure refused) {
            return CompletableFuture.failedFuture(refused);
        }
        return shards.get(shard).submit(new AppendWrite(append, this::head));
    }

    /** The visible head of every shard. */
    public Cursor head() {
        long[] heads = new long[shards.size()];
        for (int shard = 0; shard < heads.length; shard++) {
            heads[shard] = shards.get(shard).head();
        }
        return Cursor.of(heads);
    }

    /** A page of what a query selects. INVALID_REQUEST for a limit below 1. */
    public EventPage read(EventQuery query) {
        return new MergedRead(shards, query).read();
    }

    /**
     * Events of a stream from a version on (inclusive) in the given direction, at most {@code limit}; fewer, though at least one
     * where there is one, when they hold more than {@link EventPage#MAX_BYTES}.
     *
     * @param fromVersion 0 with BACKWARD: from the end
     */
    public List<RecordedEvent> readStream(String stream, long fromVersion, EventQuery.Direction direction, int limit) {
        boolean isForward = direction == EventQuery.Direction.FORWARD;
        long from = isForward ? Math.max(1, fromVersion) : fromVersion == 0 ? Long.MAX_VALUE : fromVersion;
        Shard shard = shard(shardOf(stream));
        long head = shard.head();
        List<RecordedEvent> events = new ArrayList<>();
        try (var lease = shard.store().lease();
                RocksIterator log = lease.iterator(Store.Family.LOG);
                var offsets = shard.index().ofStream(stream, from, isForward, head)) {
            Block block = null;
            long bytes = 0;
            for (long offset = 0;
                    events.size() < limit && bytes < EventPage.MAX_BYTES && (offset = offsets.next()) > 0; ) {
                if (block == null || offset < block.first() || offset > block.last()) {
                    block = block(shard, log, offset);
                }
                RecordedEvent event = block.event((int) (offset - block.first()));
                events.add(event);
                bytes += event.dataLength();
            }
        }
        return events;
    }

    private static Block block(Shard shard, RocksIterator log, long offset) {
        Block recent = shard.recent().find(offset);
        Block found = recent != null ? recent : shard.store().block(shard.number(), log, offset);
        if (found == null) {
            throw Failure.of(
                    Failure.Kind.CORRUPT,
                    "found no block for " + shard.number() + ":" + offset
                            + ", expected one below the head: restore the shard from a backup");
        }
        return found;
    }

    /** The visible version of a stream; 0 when it has no event. */
    public long version(String stream) {
        Shard shard = shard(shardOf(stream));
        long head = shard.head();
        return shard.store().whileOpen(() -> {
            IndexReader.Last last = shard.index().last(stream, head);
            return last == null ? 0L : last.version();
        });
    }

    /** One event, null when the position is beyond the head. */
    public @Nullable RecordedEvent event(Position position) {
        if (position.shard() >= shards()
                || position.offset() > shard(position.shard()).head()) {
            return null;
        }
        Shard shard = shard(position.shard());
        try (var lease = shard.store().lease();
                RocksIterator log = lease.iterator(Store.Family.LOG)) {
            Block block = block(shard, log, position.offset());
            return block.event((int) (position.offset() - block.first()));
        }
    }

    /** Streams in name order over all shards, from after a name; platform streams only when the prefix begins with {@code $}. */
    public List<StreamInfo> streams(String prefix, String afterName, int limit) {
        List<StreamInfo> all = new ArrayList<>();
        for (Shard shard : shards) {
            all.addAll(shard.streams(prefix, afterName, limit));
        }
        all.sort(BY_NAME);
        return List.copyOf(all.subList(0, Math.min(limit, all.size())));
    }

    /** Finishes what is queued, then closes every shard. */
    @Override
    public synchronized void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        try {
            shards.forEach(Shard::close);
        } finally {
            memory.close();
            folder.close();
        }
    }
}
