package dev.sluice.log;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

class EmbeddedCommitLogTest extends CommitLogContract {
    @Override
    Rig rig() {
        return new FaultyDisk();
    }

    /** Holds up and breaks the syncs of a RocksDB. */
    private static final class FaultyDisk implements Rig {
        private volatile CountDownLatch gate = new CountDownLatch(0);
        private volatile CountDownLatch held = new CountDownLatch(1);
        private volatile boolean failsUnkept;
        private volatile boolean failsKept;

        @Override
        public Log open(Path folder) {
            failsKept = false;
            failsUnkept = false;
            return Log.open(folder, Sample.options(), new Shard.Seams(Faulty::new, 20));
        }

        @Override
        public void hold() {
            held = new CountDownLatch(1);
            gate = new CountDownLatch(1);
        }

        @Override
        public void awaitHeld() {
            await(held);
        }

        @Override
        public void release() {
            gate.countDown();
        }

        @Override
        public void fail(boolean isKept) {
            failsKept = isKept;
            failsUnkept = !isKept;
        }

        @Override
        public Path takeoverFolder(Path folder) {
            return folder;
        }

        private static void await(CountDownLatch latch) {
            try {
                if (!latch.await(30, TimeUnit.SECONDS)) {
                    throw new AssertionError("waited 30 s");
                }
            } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
            }
        }

        private final class Faulty implements Disk {
            private final Disk disk;

            Faulty(Disk disk) {
                this.disk = disk;
            }

            @Override
            public void write(WriteBatch batch, boolean sync) throws RocksDBException {
                pause();
                if (failsUnkept) {
                    throw new RocksDBException("broken on purpose");
                }
                disk.write(batch, sync);
                if (failsKept && sync) {
                    throw new RocksDBException("broken on purpose");
                }
            }

            @Override
            public void sync() throws RocksDBException {
                pause();
                if (failsKept || failsUnkept) {
                    throw new RocksDBException("broken on purpose");
                }
                disk.sync();
            }

            private void pause() {
                if (gate.getCount() > 0) {
                    held.countDown();
                    FaultyDisk.await(gate);
                }
            }
        }
    }
}
