package dev.sluice.log;

/**
 * The one seam between one machine and many: every group of a shard passes through it. Its exact shape is the log room's to
 * settle; {@code CommitLogContract} in the tests is what an implementation promises.
 */
public interface CommitLog extends AutoCloseable {
    /** Synced writes to the shard's own RocksDB. */
    Factory EMBEDDED = new Factory() {};

    /** Makes the commit log of a shard. */
    interface Factory {}

    @Override
    void close();
}
