package dev.sluice.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.CompressionType;
import org.rocksdb.EnvOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.IndexType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.IngestExternalFileOptions;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.SstFileWriter;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * Rows by key, in the order of their keys' bytes, for what can be folded again from the log: a RocksDB without a write-ahead
 * log. What is written, a small batch or a sorted file of many changes, is applied whole or not at all, and is durable then. Any thread;
 * after {@link #close()} everything is UNAVAILABLE.
 */
public final class RowStore implements AutoCloseable {
    private static final long WRITE_BUFFER_BYTES = 4 << 20;
    private static final long BYTES_PER_SYNC = 1 << 20;

    /** A filter or index in one piece is as large as a spill has rows: in a small cache each read would bring in all of it. */
    private static final int METADATA_BLOCK_BYTES = 4 << 10;

    private static final String INGESTED = "ingested.tmp";
    private static final long CLOSE_WAIT_NANOS = TimeUnit.SECONDS.toNanos(30);

    static {
        RocksDB.loadLibrary();
    }

    private final Path folder;
    private final RocksDB db;
    private final Options options;
    private final Cache cache;
    private final BloomFilter filter;
    private final WriteOptions unlogged = new WriteOptions().setDisableWAL(true);
    private final Object leaseMonitor = new Object();
    private int leases;
    private boolean isClosed;

    private RowStore(Path folder, RocksDB db, Options options, Cache cache, BloomFilter filter) {
        this.folder = folder;
        this.db = db;
        this.options = options;
        this.cache = cache;
        this.filter = filter;
    }

    /**
     * Opens or creates a store. UNAVAILABLE when another process has it, CORRUPT when it cannot be read.
     *
     * @param memoryBytes block cache and memtables together
     */
    public static RowStore open(Path folder, long memoryBytes) {
        var cache = new LRUCache(memoryBytes / 4 * 3);
        var filter = new BloomFilter(10, false);
        var table = new BlockBasedTableConfig()
                .setBlockCache(cache)
                .setFilterPolicy(filter)
                .setBlockSize(8 << 10)
                .setIndexType(IndexType.kTwoLevelIndexSearch)
                .setPartitionFilters(true)
                .setMetadataBlockSize(METADATA_BLOCK_BYTES)
                .setCacheIndexAndFilterBlocks(true)
                .setPinTopLevelIndexAndFilter(true);
        var options = new Options()
                .setCreateIfMissing(true)
                .setWriteBufferSize(WRITE_BUFFER_BYTES)
                .setCompressionType(CompressionType.LZ4_COMPRESSION)
                .setTableFormatConfig(table)
                .setMaxBackgroundJobs(2)
                .setMaxOpenFiles(512)
                .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                .setKeepLogFileNum(2)
                .setStatsDumpPeriodSec(0);
        try {
            Files.createDirectories(folder);
            return new RowStore(folder, RocksDB.open(options, folder.toString()), options, cache, filter);
        } catch (RocksDBException | IOException refused) {
            options.close();
            filter.close();
            cache.close();
            String cause = String.valueOf(refused.getMessage());
            boolean isTaken = cause.contains("LOCK") || cause.contains("lock");
            throw Failure.of(
                    isTaken ? Failure.Kind.UNAVAILABLE : Failure.Kind.CORRUPT,
                    isTaken
                            ? "found " + folder + " in use by another process, expected to be the only one"
                            : "found a store in " + folder + " that cannot be opened: " + cause);
        }
    }

    /** The value of a key, null when there is none. */
    public byte @Nullable [] get(byte[] key) {
        enter();
        try {
            return db.get(key);
        } catch (RocksDBException broken) {
            throw broken("read", broken);
        } finally {
            leave();
        }
    }

    /** Applies a few changes; readers see all of them or nothing. Blocks until they are durable. */
    public void write(Batch batch) {
        enter();
        try (var now = new FlushOptions().setWaitForFlush(true)) {
            db.write(unlogged, batch.changes);
            db.flush(now);
        } catch (RocksDBException broken) {
            throw broken("written", broken);
        } finally {
            leave();
        }
    }

    /**
     * Applies many changes, which cost a fraction of those of a batch; readers see all of them or nothing. Blocks until they are durable.
     * One thread at a time.
     */
    public void ingest(Consumer<RowFile> content) {
        enter();
        Path sst = folder.resolve(INGESTED);
        try (var environment = new EnvOptions().setBytesPerSync(BYTES_PER_SYNC);
                var writer = new SstFileWriter(environment, options);
                var moving = new IngestExternalFileOptions().setMoveFiles(true)) {
            Files.deleteIfExists(sst); // of a crash
            writer.open(sst.toString());
            var file = new RowFile(writer);
            content.accept(file);
            file.finish();
            db.ingestExternalFile(List.of(sst.toString()), moving);
        } catch (RocksDBException broken) {
            throw broken("written", broken);
        } catch (IOException broken) {
            throw Failure.of(Failure.Kind.UNAVAILABLE, "the store could not be written: " + broken.getMessage());
        } finally {
            leave();
        }
    }

    /** The store as it is now, for reads that belong together; to be closed soon. */
    public Snapshot snapshot() {
        enter();
        return new Snapshot(this);
    }

    /** Waits for reads in flight, then closes. */
    @Override
    public void close() {
        synchronized (leaseMonitor) {
            if (isClosed) {
                return;
            }
            isClosed = true;
            if (!awaitLeases()) {
                return; // closing under a reader would crash the process: what it holds stays open instead
            }
        }
        db.close();
        unlogged.close();
        options.close();
        filter.close();
        cache.close();
    }

    private boolean awaitLeases() {
        long deadline = System.nanoTime() + CLOSE_WAIT_NANOS;
        boolean interrupted = false;
        while (leases > 0 && deadline - System.nanoTime() > 0) {
            try {
                leaseMonitor.wait(100);
            } catch (InterruptedException asked) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return leases == 0;
    }

    private void enter() {
        synchronized (leaseMonitor) {
            if (isClosed) {
                throw Failure.of(Failure.Kind.UNAVAILABLE, "found a closed store, expected an open one");
            }
            leases++;
        }
    }

    private void leave() {
        synchronized (leaseMonitor) {
            leases--;
            if (isClosed) {
                leaseMonitor.notifyAll();
            }
        }
    }

    static Failure broken(String verb, RocksDBException cause) {
        return Failure.of(Failure.Kind.UNAVAILABLE, "the store could not be " + verb + ": " + cause.getMessage());
    }

    /** Changes to be applied together, in order. For one thread. */
    public static final class Batch implements AutoCloseable {
        private final WriteBatch changes = new WriteBatch();

        public void put(byte[] key, byte[] value) {
            try {
                changes.put(key, value);
            } catch (RocksDBException broken) {
                throw broken("changed", broken);
            }
        }

        public void delete(byte[] key) {
            try {
                changes.delete(key);
            } catch (RocksDBException broken) {
                throw broken("changed", broken);
            }
        }

        /** Deletes the keys from {@code from} (inclusive) to {@code to} (exclusive). */
        public void deleteRange(byte[] from, byte[] to) {
            try {
                changes.deleteRange(from, to);
            } catch (RocksDBException broken) {
                throw broken("changed", broken);
            }
        }

        @Override
        public void close() {
            changes.close();
        }
    }

    /** The store at one moment. For one thread. */
    public static final class Snapshot implements AutoCloseable {
        private final RowStore store;
        private final org.rocksdb.Snapshot moment;
        private final ReadOptions reads;
        private boolean isClosed;

        private Snapshot(RowStore store) {
            this.store = store;
            moment = store.db.getSnapshot();
            reads = new ReadOptions().setSnapshot(moment);
        }

        public byte @Nullable [] get(byte[] key) {
            try {
                return store.db.get(reads, key);
            } catch (RocksDBException broken) {
                throw broken("read", broken);
            }
        }

        /** The rows from {@code from} (inclusive) to {@code to} (exclusive); to be closed before the snapshot. */
        public Scan scan(byte[] from, byte[] to) {
            return new Scan(store.db, moment, from, to);
        }

        @Override
        public void close() {
            if (!isClosed) {
                isClosed = true;
                reads.close();
                store.db.releaseSnapshot(moment);
                store.leave();
            }
        }
    }

    /** Rows in the order of their keys; stands before the first until {@link #next}. For one thread. */
    public static final class Scan implements AutoCloseable {
        private final Slice end;
        private final ReadOptions reads;
        private final RocksIterator rows;
        private boolean isBegun;

        private Scan(RocksDB db, org.rocksdb.Snapshot moment, byte[] from, byte[] to) {
            end = new Slice(to);
            reads = new ReadOptions().setSnapshot(moment).setIterateUpperBound(end);
            rows = db.newIterator(reads);
            rows.seek(from);
        }

        /** Moves to the next row; false when there is none. */
        public boolean next() {
            if (isBegun) {
                rows.next();
            }
            isBegun = true;
            if (rows.isValid()) {
                return true;
            }
            try {
                rows.status();
            } catch (RocksDBException broken) {
                throw broken("read", broken);
            }
            isBegun = false;
            return false;
        }

        public byte[] key() {
            return rows.key();
        }

        public byte[] value() {
            return rows.value();
        }

        @Override
        public void close() {
            rows.close();
            reads.close();
            end.close();
        }
    }
}
