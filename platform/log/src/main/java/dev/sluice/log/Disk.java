package dev.sluice.log;

import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/** Where groups become durable: the seam at which tests let writes and syncs fail. */
interface Disk {
    /** Writes a batch through the write-ahead log; with {@code sync} it is on disk when this returns. */
    void write(WriteBatch batch, boolean sync) throws RocksDBException;

    /** Brings everything written before to disk. */
    void sync() throws RocksDBException;
}
