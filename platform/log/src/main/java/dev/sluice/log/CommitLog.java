package dev.sluice.log;

import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * The one seam between one machine and many: every group of a shard passes through it. The shard answers nobody and shows
 * nothing before the group is committed here.
 *
 * <p>What an implementation promises ({@code CommitLogContract} in the tests): groups become durable in the order in which they
 * were given, and durability is by prefix (a committed group implies all before it). A stage that fails means that the outcome
 * of its group is unknown; the shard then stops at once and gives no further group. Groups given after a failure, or by an owner
 * that has lost the shard, never become durable.
 *
 * <p>With {@link #EMBEDDED} the synced write-ahead log of the shard's RocksDB is the commit log. With any other, a group is
 * applied to the local RocksDB after its commit, without a write-ahead log; what the local RocksDB lacks when it opens is
 * replayed.
 */
public interface CommitLog extends AutoCloseable {
    /** Synced writes to the shard's own RocksDB. */
    Factory EMBEDDED = shard -> {
        throw new IllegalStateException("the embedded commit log needs its shard's RocksDB; the shard makes it");
    };

    /** Makes the commit log of a shard. */
    @FunctionalInterface
    interface Factory {
        /** Takes ownership of a shard; whoever owned it before is fenced. Blocking. */
        CommitLog open(int shard);
    }

    /**
     * Makes a group durable. Called on the shard's writer thread, in order, without waiting for the groups before; must not
     * block for long. The stage may complete on any thread.
     */
    CompletionStage<Void> commit(Group group);

    /** Gives every committed group after {@code number} in order, on this thread; called once, before the first commit. */
    void replay(long number, Consumer<Group> apply);

    /** Rises with every change of ownership. */
    default long epoch() {
        return 0;
    }

    /** Stages that are open then fail. */
    @Override
    void close();

    /** What one turn of the writer thread has accepted: the unit that becomes durable and is applied as a whole. */
    final class Group {
        private final long number;
        private final long firstOffset;
        private final long lastOffset;
        private final long epoch;
        private final boolean isAlone;
        private final @Nullable WriteBatch batch;
        private byte @Nullable [] bytes;

        /** A group read back from a commit log. */
        public Group(long number, long firstOffset, long lastOffset, long epoch, byte[] bytes) {
            this(number, firstOffset, lastOffset, epoch, false, null);
            this.bytes = bytes;
        }

        Group(long number, long firstOffset, long lastOffset, long epoch, boolean isAlone, @Nullable WriteBatch batch) {
            this.number = number;
            this.firstOffset = firstOffset;
            this.lastOffset = lastOffset;
            this.epoch = epoch;
            this.isAlone = isAlone;
            this.batch = batch;
        }

        /** Dense from 1 over the shard's life; the embedded commit log counts from its start. */
        public long number() {
            return number;
        }

        /** Offset of its first event; {@code lastOffset() + 1} for a group of rows alone. */
        public long firstOffset() {
            return firstOffset;
        }

        public long lastOffset() {
            return lastOffset;
        }

        /** {@link CommitLog#epoch} of the owner that decided it. */
        public long epoch() {
            return epoch;
        }

        /** Whether the group is one write with nothing waiting behind it. */
        public boolean isAlone() {
            return isAlone;
        }

        /** The serialized RocksDB batch; take it within {@link CommitLog#commit}. */
        public byte[] bytes() {
            byte[] known = bytes;
            if (known == null) {
                known = serialized();
                bytes = known;
            }
            return known;
        }

        private byte[] serialized() {
            WriteBatch filled = java.util.Objects.requireNonNull(batch);
            try {
                return filled.data();
            } catch (RocksDBException failed) {
                throw Store.failure("serialize a group", failed);
            }
        }

        /** The batch itself, within {@link CommitLog#commit}. */
        WriteBatch batch() {
            return java.util.Objects.requireNonNull(batch);
        }
    }
}
