package dev.sluice.log;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.rocksdb.RocksDBException;

/**
 * Commits groups by the synced write-ahead log of the shard's RocksDB.
 *
 * <p>Group commit: the writer thread writes without sync and goes on; the sync thread takes all groups that wait, syncs once,
 * completes them. So the next groups gather while a sync runs, and the size of a group tunes itself. A single write with
 * nothing behind it is synced on the writer thread, which spares a hand-off.
 */
final class EmbeddedCommitLog implements CommitLog {
    private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

    private final Disk disk;
    private final LongConsumer syncNanos;
    private final Thread thread;
    private List<CompletableFuture<Void>> waiting = new ArrayList<>();
    private boolean isSyncing;
    private boolean isClosing;

    EmbeddedCommitLog(int shard, Disk disk, LongConsumer syncNanos) {
        this.disk = disk;
        this.syncNanos = syncNanos;
        this.thread = new Thread(this::syncLoop, "sluice-log-sync-" + shard);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public CompletionStage<Void> commit(Group group) {
        boolean inPlace = group.isAlone() && isIdle();
        try {
            if (inPlace) {
                long begin = System.nanoTime();
                disk.write(group.batch(), true);
                syncNanos.accept(System.nanoTime() - begin);
                return DONE;
            }
            disk.write(group.batch(), false);
        } catch (RocksDBException failed) {
            return CompletableFuture.failedFuture(Store.failure("write", failed));
        }
        var synced = new CompletableFuture<Void>();
        synchronized (this) {
            waiting.add(synced);
            notifyAll();
        }
        return synced;
    }

    private synchronized boolean isIdle() {
        return !isSyncing && waiting.isEmpty();
    }

    private void syncLoop() {
        List<CompletableFuture<Void>> taken = new ArrayList<>();
        while (true) {
            synchronized (this) {
                isSyncing = false;
                while (waiting.isEmpty()) {
                    if (isClosing) {
                        return;
                    }
                    try {
                        wait();
                    } catch (InterruptedException ours) {
                        return;
                    }
                }
                isSyncing = true;
                var swap = waiting;
                waiting = taken;
                taken = swap;
            }
            sync(taken);
            taken.clear();
        }
    }

    private void sync(List<CompletableFuture<Void>> groups) {
        try {
            long begin = System.nanoTime();
            disk.sync();
            syncNanos.accept(System.nanoTime() - begin);
        } catch (RocksDBException failed) {
            var cause = Store.failure("sync", failed);
            groups.forEach(group -> group.completeExceptionally(cause));
            return;
        }
        for (CompletableFuture<Void> group : groups) {
            group.complete(null);
        }
    }

    @Override
    public void replay(long number, Consumer<Group> apply) {
        // RocksDB has replayed its write-ahead log when it opened.
    }

    @Override
    public void close() {
        synchronized (this) {
            isClosing = true;
            notifyAll();
        }
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
