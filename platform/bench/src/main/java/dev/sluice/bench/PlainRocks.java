package dev.sluice.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * The database of the plain rocksdbjni programs, with the options that measured best for them: an event is two puts, position →
 * event and (stream, version) → position; a fold adds rows, ingest adds source offsets. One thread.
 */
final class PlainRocks implements AutoCloseable {
    private static final int KIB = 1 << 10;
    private static final long MIB = 1 << 20;

    static {
        RocksDB.loadLibrary();
    }

    private final DBOptions options = new DBOptions()
            .setCreateIfMissing(true)
            .setCreateMissingColumnFamilies(true)
            .setMaxBackgroundJobs(2)
            .setMaxTotalWalSize(1_024 * MIB);
    private final ColumnFamilyOptions eventOptions = family(16);
    private final ColumnFamilyOptions smallOptions = family(4);
    private final WriteOptions synced = new WriteOptions().setSync(true);
    private final WriteBatch batch = new WriteBatch(1 << 20);
    private final List<ColumnFamilyHandle> families = new ArrayList<>();
    private final RocksDB db;
    private final byte[] positionKey = new byte[8];
    private final byte[] indexKey = new byte[16];
    private final byte[] value = new byte[8];
    private long position;

    PlainRocks(Path folder) {
        try {
            Files.createDirectories(folder);
            db = RocksDB.open(
                    options,
                    folder.toString(),
                    List.of(
                            new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, eventOptions),
                            new ColumnFamilyDescriptor("idx".getBytes(StandardCharsets.US_ASCII), smallOptions),
                            new ColumnFamilyDescriptor("rows".getBytes(StandardCharsets.US_ASCII), smallOptions),
                            new ColumnFamilyDescriptor("meta".getBytes(StandardCharsets.US_ASCII), smallOptions)),
                    families);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (RocksDBException failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** The two puts of an event. */
    void event(long streamHash, long version, byte[] data) throws RocksDBException {
        position++;
        Bytes.putLong(positionKey, 0, position);
        batch.put(families.get(0), positionKey, data);
        Bytes.putLong(indexKey, 0, streamHash);
        Bytes.putLong(indexKey, 8, version);
        Bytes.putLong(value, 0, position);
        batch.put(families.get(1), indexKey, value);
    }

    void row(long keyHash, byte[] row) throws RocksDBException {
        Bytes.putLong(positionKey, 0, keyHash);
        batch.put(families.get(2), positionKey, row);
    }

    void sourceOffset(String partition, long next) throws RocksDBException {
        Bytes.putLong(value, 0, next);
        batch.put(families.get(3), partition.getBytes(StandardCharsets.US_ASCII), value);
    }

    /** Writes what was put since the last commit, synced. */
    void commit() throws RocksDBException {
        db.write(synced, batch);
        batch.clear();
    }

    @Override
    public void close() {
        families.forEach(ColumnFamilyHandle::close);
        db.close();
        batch.close();
        synced.close();
        eventOptions.close();
        smallOptions.close();
        options.close();
    }

    private static ColumnFamilyOptions family(int blockKib) {
        return new ColumnFamilyOptions()
                .setWriteBufferSize(64 * MIB)
                .setMaxWriteBufferNumber(4)
                .setCompressionType(CompressionType.LZ4_COMPRESSION)
                .setTableFormatConfig(
                        new BlockBasedTableConfig().setBlockSize(blockKib * KIB).setFormatVersion(6));
    }
}
