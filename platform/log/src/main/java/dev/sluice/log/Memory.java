package dev.sluice.log;

import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteBufferManager;

/** The memory that all shards of a process share: one block cache, and memtables that are charged to it. */
final class Memory implements AutoCloseable {
    static {
        RocksDB.loadLibrary();
    }

    private static final long MAX_MEMTABLE_BYTES = 64L << 20;
    private static final long MIN_MEMTABLE_BYTES = 4L << 20;

    private final Cache cache;
    private final WriteBufferManager memtables;
    private final long memtableBytes;

    Memory(long bytes, int shards) {
        cache = new LRUCache(bytes);
        memtables = new WriteBufferManager(bytes / 2, cache);
        memtableBytes = Math.max(MIN_MEMTABLE_BYTES, Math.min(MAX_MEMTABLE_BYTES, bytes / 4 / shards));
    }

    Cache cache() {
        return cache;
    }

    WriteBufferManager memtables() {
        return memtables;
    }

    /** Size at which the memtable of one family is flushed. */
    long memtableBytes() {
        return memtableBytes;
    }

    @Override
    public void close() {
        memtables.close();
        cache.close();
    }
}
