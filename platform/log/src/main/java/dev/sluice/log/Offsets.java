package dev.sluice.log;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksIterator;

/** Offsets of the events of one stream, type or category in order. Used by one thread, closed by it. */
interface Offsets extends AutoCloseable {
    /** The next offset, -1 at the end. */
    long next();

    /** Of the event last answered: in a stream its version, else its offset. */
    long ordinal();

    @Override
    default void close() {}

    /** None at all. */
    Offsets NONE = new Offsets() {
        @Override
        public long next() {
            return -1;
        }

        @Override
        public long ordinal() {
            return 0;
        }
    };

    /** What lies in the family {@code idx}. */
    final class Indexed implements Offsets {
        private final RocksIterator rows;
        private final byte kind;
        private final long id;
        private final boolean isForward;
        private final long upToOffset;
        private long[] chunk = {};
        private long chunkOrdinal;
        private int index;
        private long ordinal;

        /**
         * @param from the first version (in a stream) or offset that may be answered
         * @param upToOffset the highest offset that may be answered
         */
        Indexed(RocksIterator rows, byte kind, long id, long from, boolean isForward, long upToOffset) {
            this.rows = rows;
            this.kind = kind;
            this.id = id;
            this.isForward = isForward;
            this.upToOffset = upToOffset;
            rows.seekForPrev(IndexKeys.chunk(kind, id, from));
            if (isForward && !isInList()) {
                rows.seek(IndexKeys.chunk(kind, id, 0));
            }
            load();
            while (isForward && index < chunk.length && ordinal(index) < from) {
                index++;
            }
            while (!isForward && index >= 0 && ordinal(index) > from) {
                index--;
            }
        }

        @Override
        public long next() {
            while (true) {
                while (index >= 0 && index < chunk.length) {
                    long offset = chunk[index];
                    ordinal = ordinal(index);
                    index += isForward ? 1 : -1;
                    if (offset <= upToOffset) {
                        return offset;
                    }
                    if (isForward) {
                        return -1;
                    }
                }
                if (chunk.length == 0) {
                    return -1;
                }
                if (isForward) {
                    rows.next();
                } else {
                    rows.prev();
                }
                load();
            }
        }

        @Override
        public long ordinal() {
            return ordinal;
        }

        private long ordinal(int at) {
            return kind == IndexKeys.STREAM ? chunkOrdinal + at : chunk[at];
        }

        private void load() {
            if (isInList()) {
                byte[] key = rows.key();
                chunk = IndexKeys.offsets(key, rows.value());
                chunkOrdinal = Bytes.getLong(key, 9);
                index = isForward ? 0 : chunk.length - 1;
            } else {
                Store.check(rows);
                chunk = new long[0];
                index = isForward ? 0 : -1;
            }
        }

        private boolean isInList() {
            if (!rows.isValid()) {
                return false;
            }
            byte[] key = rows.key();
            return key.length == 17 && key[0] == kind && Bytes.getLong(key, 1) == id;
        }

        @Override
        public void close() {
            rows.close();
        }
    }

    /** A stream's events in a run. */
    final class OfStream implements Offsets {
        private final Run run;
        private final int @Nullable [] ascending;
        private int index;
        private long ordinal;

        OfStream(Run run, long streamEnds, long fromVersion, boolean isForward, long upToOffset) {
            this.run = run;
            int last = run.lastUpTo(streamEnds, upToOffset, isForward ? Long.MAX_VALUE : fromVersion);
            if (!isForward) {
                ascending = null;
                index = last;
                return;
            }
            int[] places = new int[16];
            int count = 0;
            for (int at = last; at >= 0 && run.version(at) >= fromVersion; at = run.previous(at)) {
                if (count == places.length) {
                    places = Arrays.copyOf(places, 2 * count);
                }
                places[count++] = at;
            }
            ascending = places;
            index = count;
        }

        @Override
        public long next() {
            int at;
            if (ascending == null) {
                at = index;
                index = at < 0 ? -1 : run.previous(at);
            } else {
                at = index == 0 ? -1 : ascending[--index];
            }
            if (at < 0) {
                return -1;
            }
            ordinal = run.version(at);
            return run.first() + at;
        }

        @Override
        public long ordinal() {
            return ordinal;
        }
    }

    /** The events of a type or category in a run. */
    final class OfPostings implements Offsets {
        private final Run run;
        private final int[] indexes;
        private final int size;
        private final boolean isForward;
        private final long upToOffset;
        private int at;
        private long offset;

        OfPostings(Run run, Postings postings, long fromOffset, boolean isForward, long upToOffset) {
            this.run = run;
            this.size = postings.size();
            this.indexes = postings.indexes();
            this.isForward = isForward;
            this.upToOffset = upToOffset;
            long place = (isForward ? fromOffset : Math.min(fromOffset, upToOffset)) - run.first();
            int key = (int) Math.max(-1, Math.min(Integer.MAX_VALUE, place));
            int found = Arrays.binarySearch(indexes, 0, size, key);
            at = found >= 0 ? found : isForward ? -found - 1 : -found - 2;
        }

        @Override
        public long next() {
            if (at < 0 || at >= size) {
                return -1;
            }
            offset = run.first() + indexes[at];
            at += isForward ? 1 : -1;
            return offset <= upToOffset ? offset : -1;
        }

        @Override
        public long ordinal() {
            return offset;
        }
    }

    /** One source after the other, each opened when its turn comes. */
    final class Chained implements Offsets {
        private final Deque<Supplier<Offsets>> rest = new ArrayDeque<>();
        private Offsets now = NONE;

        void then(Supplier<Offsets> next) {
            rest.addLast(next);
        }

        @Override
        public long next() {
            while (true) {
                long offset = now.next();
                if (offset >= 0) {
                    return offset;
                }
                Supplier<Offsets> next = rest.pollFirst();
                if (next == null) {
                    return -1;
                }
                now.close();
                now = next.get();
            }
        }

        @Override
        public long ordinal() {
            return now.ordinal();
        }

        @Override
        public void close() {
            now.close();
        }
    }
}
