package dev.sluice.log;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.EnvOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.IngestExternalFileOptions;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.SstFileWriter;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * One shard's RocksDB: its families, its options, and the guard that keeps it open while somebody reads. Using it after
 * {@link #close} is UNAVAILABLE instead of a crash of the process.
 *
 * <p>What the options decide knowingly: WAL recovery stops at the first damaged record (an append that was answered was synced
 * before, so a torn tail holds only what nobody was told of; {@link Acknowledged} tells when more than that is missing) ·
 * WAL files are used again: what lies behind the last record is an older log's, so RocksDB cannot tell a damaged record
 * from the end, and {@link Shard} looks at the order of what it has replayed · {@code max_total_wal_size} makes families
 * that are seldom written ({@code meta}, {@code idem}) flush instead of pinning WALs, and bounds what a start has to replay.
 */
final class Store implements Disk, AutoCloseable {
    /** The families of a shard; {@code idx} is derived from {@code log} and never passes through the WAL. */
    enum Family {
        LOG,
        IDX,
        META,
        IDEM;

        byte[] familyName() {
            return name().toLowerCase(java.util.Locale.ROOT).getBytes(StandardCharsets.US_ASCII);
        }
    }

    /** Files are written out as they grow: what lies dirty when the log is synced would be waited for with it. */
    private static final long BYTES_PER_SYNC = 512 << 10;

    /** What a start replays at most. */
    static final long MAX_WAL_BYTES = 128L << 20;

    /** Overwriting an old file spares each sync the file system's journal. */
    private static final long RECYCLED_WALS = 2;

    private final Path folder;
    private final RocksDB db;
    private final List<ColumnFamilyHandle> families;
    private final List<AutoCloseable> owned;
    private final Options sstOptions;
    private final WriteOptions unsynced = new WriteOptions();
    private final WriteOptions synced = new WriteOptions().setSync(true);
    private final WriteOptions withoutWal = new WriteOptions().setDisableWAL(true);
    private final ReadOptions scans = new ReadOptions();
    private final ReentrantReadWriteLock guard = new ReentrantReadWriteLock();
    private boolean isClosed;
    private int sstCount;

    private Store(
            Path folder, RocksDB db, List<ColumnFamilyHandle> families, List<AutoCloseable> owned, Options sstOptions) {
        this.folder = folder;
        this.db = db;
        this.families = families;
        this.owned = owned;
        this.sstOptions = sstOptions;
    }

    /**
     * Opens or creates the RocksDB in a folder.
     *
     * @param hasWal false when another commit log makes groups durable: families are then flushed together
     */
    static Store open(Path folder, Memory memory, boolean hasWal) throws IOException {
        Files.createDirectories(folder);
        List<AutoCloseable> owned = new ArrayList<>();
        var bloom = new BloomFilter(10);
        owned.add(bloom);
        var table = new BlockBasedTableConfig()
                .setBlockCache(memory.cache())
                .setCacheIndexAndFilterBlocks(true)
                .setPinL0FilterAndIndexBlocksInCache(true)
                .setFormatVersion(5);
        var filtered = new BlockBasedTableConfig()
                .setBlockCache(memory.cache())
                .setCacheIndexAndFilterBlocks(true)
                .setPinL0FilterAndIndexBlocksInCache(true)
                .setFormatVersion(5)
                .setFilterPolicy(bloom);
        List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
        descriptors.add(new ColumnFamilyDescriptor(
                RocksDB.DEFAULT_COLUMN_FAMILY, own(owned, new ColumnFamilyOptions().setTableFormatConfig(table))));
        for (Family family : Family.values()) {
            boolean isScanned = family == Family.LOG;
            var options = own(owned, new ColumnFamilyOptions())
                    .setTableFormatConfig(isScanned ? table : filtered)
                    .setCompressionType(CompressionType.LZ4_COMPRESSION)
                    .setWriteBufferSize(isScanned ? memory.memtableBytes() : memory.memtableBytes() / 4)
                    .setMaxWriteBufferNumber(4)
                    .setLevel0FileNumCompactionTrigger(family == Family.IDX ? 8 : 4);
            descriptors.add(new ColumnFamilyDescriptor(family.familyName(), options));
        }
        var dbOptions = own(owned, new DBOptions())
                .setCreateIfMissing(true)
                .setCreateMissingColumnFamilies(true)
                .setWalRecoveryMode(WALRecoveryMode.PointInTimeRecovery)
                .setMaxTotalWalSize(MAX_WAL_BYTES)
                .setRecycleLogFileNum(hasWal ? RECYCLED_WALS : 0)
                .setWriteBufferManager(memory.memtables())
                .setMaxBackgroundJobs(2)
                .setBytesPerSync(BYTES_PER_SYNC)
                .setStrictBytesPerSync(true)
                .setAtomicFlush(!hasWal)
                .setStatsDumpPeriodSec(0)
                .setStatsPersistPeriodSec(0)
                .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                .setKeepLogFileNum(2);
        var sstOptions = own(owned, new Options())
                .setTableFormatConfig(filtered)
                .setCompressionType(CompressionType.LZ4_COMPRESSION);
        List<ColumnFamilyHandle> handles = new ArrayList<>();
        try {
            RocksDB db = RocksDB.open(dbOptions, folder.toString(), descriptors, handles);
            return new Store(folder, db, handles, owned, sstOptions);
        } catch (RocksDBException refused) {
            closeAll(owned);
            throw failure("open " + folder, refused);
        }
    }

    private static <T extends AutoCloseable> T own(List<AutoCloseable> owned, T resource) {
        owned.add(resource);
        return resource;
    }

    /** What a RocksDB error means to a caller. */
    static Failure failure(String doing, RocksDBException cause) {
        var status = cause.getStatus();
        boolean isCorrupt = status != null && status.getCode() == org.rocksdb.Status.Code.Corruption;
        return Failure.of(
                isCorrupt ? Failure.Kind.CORRUPT : Failure.Kind.UNAVAILABLE,
                "the disk failed to " + doing + ": " + cause.getMessage());
    }

    ColumnFamilyHandle family(Family family) {
        return families.get(1 + family.ordinal());
    }

    /** Keeps the store open until the answer is closed; UNAVAILABLE after {@link #close}. */
    Lease lease() {
        guard.readLock().lock();
        if (isClosed) {
            guard.readLock().unlock();
            throw Failure.of(Failure.Kind.UNAVAILABLE, "found the log closed, expected it open");
        }
        return new Lease(this);
    }

    /** A right to read; closed on the thread that took it. */
    record Lease(Store store) implements AutoCloseable {
        /** An iterator over what is there now; closed before the lease. */
        RocksIterator iterator(Family family) {
            return store.iterator(family);
        }

        @Override
        public void close() {
            store.guard.readLock().unlock();
        }
    }

    /** Reads while the store is kept open. */
    <T> T whileOpen(Supplier<T> reading) {
        Lease lease = lease();
        try {
            return reading.get();
        } finally {
            lease.close();
        }
    }

    byte @Nullable [] get(Family family, byte[] key) {
        try {
            return db.get(family(family), key);
        } catch (RocksDBException failed) {
            throw failure("read", failed);
        }
    }

    /** An iterator over what is there now; the caller holds a lease until it has closed the iterator. */
    RocksIterator iterator(Family family) {
        return db.newIterator(family(family), scans);
    }

    /** The block that holds an offset, null when there is none. The caller holds a lease. */
    @Nullable
    Block block(int shard, RocksIterator log, long offset) {
        log.seekForPrev(Bytes.key(offset));
        Block block = current(shard, log);
        return block == null || block.last() < offset ? null : block;
    }

    /** The block an iterator over the log stands at, null when it stands at none. */
    @Nullable
    Block current(int shard, RocksIterator log) {
        if (!log.isValid()) {
            check(log);
            return null;
        }
        return Block.checked(shard, Bytes.getLong(log.key(), 0), log.value());
    }

    /** Throws what made an iterator invalid, if anything did. */
    static void check(RocksIterator iterator) {
        try {
            iterator.status();
        } catch (RocksDBException failed) {
            throw failure("read", failed);
        }
    }

    @Override
    public void write(WriteBatch batch, boolean sync) throws RocksDBException {
        db.write(sync ? synced : unsynced, batch);
    }

    @Override
    public void sync() throws RocksDBException {
        db.syncWal();
    }

    /** Applies a batch that is durable elsewhere. */
    void apply(WriteBatch batch) throws RocksDBException {
        db.write(withoutWal, batch);
    }

    /** Writes memtables out; needed where {@link #apply} is used. */
    void flush() throws RocksDBException {
        try (var options = new FlushOptions().setWaitForFlush(true)) {
            db.flush(options, families);
        }
    }

    /** Fills an SST and takes it into a family at once, as a whole. */
    void ingest(Family family, SstContent content) throws RocksDBException, IOException {
        Path sst = folder.resolve("ingest-" + sstCount++ + ".tmp");
        Files.deleteIfExists(sst);
        try (var environment = new EnvOptions().setBytesPerSync(BYTES_PER_SYNC);
                var writer = new SstFileWriter(environment, sstOptions);
                var options = new IngestExternalFileOptions().setMoveFiles(true)) {
            writer.open(sst.toString());
            content.writeTo(writer);
            writer.finish();
            db.ingestExternalFile(family(family), List.of(sst.toString()), options);
        } finally {
            Files.deleteIfExists(sst);
        }
    }

    /** What goes into an SST, in key order. */
    interface SstContent {
        void writeTo(SstFileWriter writer) throws RocksDBException;
    }

    @Override
    public void close() {
        guard.writeLock().lock();
        try {
            if (isClosed) {
                return;
            }
            isClosed = true;
            families.forEach(ColumnFamilyHandle::close);
            db.close();
            closeAll(List.of(unsynced, synced, withoutWal, scans));
            closeAll(owned);
        } finally {
            guard.writeLock().unlock();
        }
    }

    private static void closeAll(List<? extends AutoCloseable> resources) {
        for (AutoCloseable resource : resources) {
            try {
                resource.close();
            } catch (Exception impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }
}
