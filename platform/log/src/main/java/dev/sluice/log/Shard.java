package dev.sluice.log;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatch;

/** A unit of order, ownership and storage: one RocksDB, one writer thread. All methods may be called from any thread. */
public final class Shard {
    private static final byte[] APPLIED = "applied".getBytes(StandardCharsets.US_ASCII);
    private static final long CLOSE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final int number;
    private final LogOptions options;
    private final Store store;
    private final Acknowledged acknowledged;
    private final Index index;
    private final Watermarks watermarks = new Watermarks();
    private final CommitLog commitLog;
    private final GroupBuilder builder;
    private final Publisher publisher;
    private final Writer writer;
    private long appliedGroup;

    /** What tests may replace. */
    record Seams(UnaryOperator<Disk> disk, int runEvents, int knownStreams) {
        static final Seams NONE = new Seams(UnaryOperator.identity(), Index.RUN_EVENTS);

        Seams(UnaryOperator<Disk> disk, int runEvents) {
            this(disk, runEvents, Index.KNOWN_STREAMS);
        }
    }

    private Shard(int number, LogOptions options, Seams seams, Store store, Acknowledged acknowledged)
            throws IOException {
        this.number = number;
        this.options = options;
        this.store = store;
        this.acknowledged = acknowledged;
        boolean isEmbedded = options.commitLogs() == CommitLog.EMBEDDED;
        commitLog = isEmbedded
                ? new EmbeddedCommitLog(number, seams.disk().apply(store), nanos -> options.metrics()
                        .synced(number, nanos))
                : options.commitLogs().open(number);
        byte[] applied = store.get(Store.Family.META, APPLIED);
        appliedGroup = applied == null ? 0 : Bytes.getLong(applied, 0);
        commitLog.replay(appliedGroup, this::apply);
        Block last = lastBlock();
        long head = last == null ? 0 : last.last();
        acknowledged.check(number, head);
        checkReplayed();
        publisher = new Publisher(head, new Effects());
        index = new Index(number, store, publisher::head, seams);
        recover(head);
        watermarks.load(store);
        var appendIds = new AppendIds(store, options.appendIdRetentionDays());
        appendIds.load();
        builder = new GroupBuilder(number, store, index, watermarks, last);
        var transaction = new Transaction(number, options, index, builder, watermarks, appendIds);
        writer = new Writer(
                number, options, index, builder, transaction, publisher, commitLog, appliedGroup, this::noteIdle);
    }

    static Shard open(Path folder, int number, LogOptions options, Memory memory, Seams seams) throws IOException {
        Store store = Store.open(folder, memory, options.commitLogs() == CommitLog.EMBEDDED);
        try {
            var acknowledged = new Acknowledged(folder);
            var shard = new Shard(number, options, seams, store, acknowledged);
            shard.writer.start();
            return shard;
        } catch (IOException | RuntimeException refused) {
            store.close();
            throw refused;
        }
    }

    private @Nullable Block lastBlock() {
        try (RocksIterator log = store.iterator(Store.Family.LOG)) {
            log.seekToLast();
            return store.current(number, log);
        }
    }

    /** Looks for a gap in what may have been replayed: RocksDB takes some damage for the end of a WAL and goes on with the next. */
    private void checkReplayed() {
        try (RocksIterator log = store.iterator(Store.Family.LOG)) {
            log.seekToLast();
            Block after = null;
            Block block = store.current(number, log);
            for (long bytes = 0; block != null && bytes < Store.MAX_WAL_BYTES; bytes += after.bytes().length) {
                if (after != null && !block.isFollowedBy(after)) {
                    throw Failure.of(
                            Failure.Kind.CORRUPT,
                            "found the block at " + number + ":" + after.first() + " behind the one at " + number + ":"
                                    + block.first() + ", which ends at " + block.last()
                                    + ", expected no gap: restore the shard from a backup");
                }
                after = block;
                log.prev();
                block = store.current(number, log);
            }
        }
    }

    private void recover(long head) {
        long from = index.recoverFrom();
        if (from > head + 1) {
            throw Failure.of(
                    Failure.Kind.CORRUPT,
                    "found shard " + number + " indexed up to offset " + (from - 1) + ", expected at most its head "
                            + head + ": restore the shard from a backup");
        }
        try (RocksIterator log = store.iterator(Store.Family.LOG)) {
            Block block = from > head ? null : store.block(number, log, from);
            while (block != null) {
                for (int i = (int) Math.max(0, from - block.first()); i < block.count(); i++) {
                    index.recover(block.event(i));
                }
                index.betweenGroups();
                log.next();
                block = store.current(number, log);
            }
        }
    }

    /** Applies a group that is durable in a commit log other than the embedded one. */
    private void apply(CommitLog.Group group) {
        try (var batch = new WriteBatch(group.bytes())) {
            batch.put(store.family(Store.Family.META), APPLIED, Bytes.key(group.number()));
            store.apply(batch);
        } catch (RocksDBException failed) {
            throw Store.failure("apply a committed group", failed);
        }
        appliedGroup = group.number();
    }

    private void noteIdle() {
        try {
            acknowledged.noteIdle(publisher.head());
        } catch (IOException failed) {
            publisher.stop(failed);
        }
    }

    private final class Effects implements Publisher.Effects {
        @Override
        public void apply(PendingGroup group) {
            CommitLog.Group deferred = group.deferred;
            if (deferred != null) {
                Shard.this.apply(deferred);
            }
        }

        @Override
        public void published(PendingGroup group) {
            if (!group.watermarks.isEmpty()) {
                watermarks.commit(group.watermarks);
            }
            try {
                acknowledged.note(group.lastOffset, group.recordedMicros);
            } catch (IOException failed) {
                publisher.stop(failed);
            }
            options.metrics().committed(number, group.tasks.size(), group.events(), group.bytes);
            for (Task<?> task : group.tasks) {
                if (task.refusal() instanceof Failure refusal) {
                    options.metrics().refused(number, refusal.kind());
                }
            }
        }
    }

    public int number() {
        return number;
    }

    /**
     * Runs a write on the writer thread and answers after its commit. Fails with the write's own Failure, OVERLOADED (queue
     * full), UNAVAILABLE (stopped) or OUTCOME_UNKNOWN (the commit failed in between). Completed on the log's threads: do not
     * block there.
     */
    public <T> CompletionStage<T> submit(Write<T> write) {
        return writer.submit(write);
    }

    /** Applies a source batch by the exactly-once rule of {@link SourceBatch}. */
    public CompletionStage<SourceBatch.Ingested> ingest(SourceBatch batch) {
        return writer.submit(new SourceWrite(batch));
    }

    /** Resolves dead letters of a source; the failures of {@link #submit}. */
    public CompletionStage<SourceResolution.Resolved> resolve(SourceResolution resolution) {
        return writer.submit(new ResolutionWrite(resolution));
    }

    /** The record keys of a source partition whose release was interrupted, each with the offset that it got to. */
    public CompletionStage<Map<String, Long>> releasing(String source, String topic, int partition) {
        return writer.submit(transaction ->
                ParkedKeys.of(source, topic, partition, transaction).releasing());
    }

    /** What is stored for a source partition; null when nothing is. */
    public SourceBatch.@Nullable Watermark watermark(String source, String topic, int partition) {
        return watermarks.committed(Watermarks.key(source, topic, partition));
    }

    /**
     * Committed rows of the synced side state in key order (UTF-8) from after a key; blocking. What writes do meanwhile may be
     * among them.
     */
    public List<Row> rows(String prefix, String afterKey, int limit) {
        byte[] begin = GroupBuilder.rowKey(prefix);
        byte[] after = GroupBuilder.rowKey(afterKey);
        List<Row> found = new ArrayList<>();
        try (var lease = store.lease();
                RocksIterator rows = lease.iterator(Store.Family.META)) {
            rows.seek(Arrays.compareUnsigned(after, begin) < 0 ? begin : after);
            while (found.size() < limit && rows.isValid() && Bytes.startsWith(rows.key(), begin)) {
                if (!Arrays.equals(rows.key(), after)) {
                    found.add(Row.of(rows.key(), rows.value()));
                }
                rows.next();
            }
            Store.check(rows);
        }
        return found;
    }

    /** A row of the synced side state. */
    public record Row(String key, byte[] value) {
        private static Row of(byte[] stored, byte[] value) {
            return new Row(new String(stored, 1, stored.length - 1, StandardCharsets.UTF_8), value);
        }
    }

    /** The offset of the last visible event, 0 for none. */
    public long head() {
        return publisher.head();
    }

    /** When an event was recorded, µs since 1970 UTC, if it is among the last ones; −1 if it is not. Never blocks. */
    public long recordedIfRecent(long offset) {
        Block block = publisher.recent().find(offset);
        return block == null ? -1 : block.event((int) (offset - block.first())).recordedMicros();
    }

    /** The offset before the first event recorded at or after a time; blocking. */
    public long offsetBefore(long recordedMicros) {
        long head = head();
        try (var lease = store.lease();
                RocksIterator log = lease.iterator(Store.Family.LOG)) {
            long low = 1;
            long high = head + 1;
            Block at = null;
            while (low < high) {
                long middle = low + high >>> 1;
                Block block = store.block(number, log, middle);
                if (block == null || block.recordedMicros() >= recordedMicros) {
                    high = block == null ? middle : block.first();
                } else {
                    at = block;
                    low = block.last() + 1;
                }
            }
            if (at == null) {
                return 0;
            }
            for (int i = 0; i < at.count(); i++) {
                if (at.event(i).recordedMicros() >= recordedMicros) {
                    return at.first() + i - 1;
                }
            }
            return Math.min(at.last(), head);
        }
    }

    /** A live read from after {@code offset}; from the head when that lies before it. */
    public Tail tail(long offset) {
        return new ShardTail(number, store, publisher, Math.max(0, Math.min(offset, head())));
    }

    /** Not stopped by a failed commit or lost ownership. */
    public boolean isHealthy() {
        return publisher.stoppedBy() == null;
    }

    /** Stream states in name order. */
    public List<StreamInfo> streams(String prefix, String afterName, int limit) {
        return store.whileOpen(() -> list(prefix, afterName, limit));
    }

    private List<StreamInfo> list(String prefix, String afterName, int limit) {
        long head = head();
        List<StreamInfo> streams = new ArrayList<>();
        String after = afterName;
        boolean hasMore = true;
        while (hasMore && streams.size() < limit) {
            List<String> names = index.reader().names(prefix, after, limit);
            for (String name : names) {
                IndexReader.Last last = index.reader().last(name, head);
                if (last != null && streams.size() < limit) {
                    streams.add(new StreamInfo(name, last.version(), 1, new Position(number, last.offset())));
                }
            }
            hasMore = names.size() == limit;
            after = hasMore ? names.get(limit - 1) : after;
        }
        return streams;
    }

    Store store() {
        return store;
    }

    IndexReader index() {
        return index.reader();
    }

    Recent recent() {
        return publisher.recent();
    }

    /** Finishes what is queued, then closes. */
    void close() {
        writer.close();
        long begin = System.nanoTime();
        while (!publisher.isIdle() && System.nanoTime() - begin < CLOSE_NANOS) {
            LockSupport.parkNanos(100_000);
        }
        if (!publisher.isIdle()) {
            publisher.stop(Failure.of(Failure.Kind.UNAVAILABLE, "the log was closed before the commit ended"));
        }
        commitLog.close();
        index.close();
        builder.close();
        try {
            if (!(commitLog instanceof EmbeddedCommitLog)) {
                store.flush();
            }
            acknowledged.close(head());
        } catch (RocksDBException | IOException failed) {
            throw Failure.of(
                    Failure.Kind.UNAVAILABLE, "the disk failed to close shard " + number + ": " + failed.getMessage());
        } finally {
            store.close();
        }
    }
}
