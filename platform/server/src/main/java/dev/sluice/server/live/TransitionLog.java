package dev.sluice.server.live;

import dev.sluice.bus.Addresses;
import dev.sluice.bus.Mesh;
import dev.sluice.projection.ViewDelta;
import dev.sluice.projection.row.Row;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What each of the last commits of a view changed, one by one, for those who must miss none. While it is there each event is a
 * commit of its own. It stays for a while after the last reader has left, so that who comes back goes on. Any thread.
 */
final class TransitionLog {
    private static final long MAX_BYTES = 16 << 20;
    private static final int DELTA_BYTES = 300;
    private static final long NOTHING = -1;

    private final Mesh.Registration listening;
    private final Set<Runnable> wakers = ConcurrentHashMap.newKeySet();
    private final Map<RowSelector.Wanted, Reader> readers = new HashMap<>();
    private final TreeMap<Long, ViewDelta> deltas = new TreeMap<>();
    private int generation = ViewDelta.DELETED;
    private long reached = NOTHING;
    private long bytes;

    TransitionLog(Mesh mesh, String projection) {
        listening = mesh.listen(Addresses.transitions(projection), ViewDelta.class, this::hear);
    }

    void end() {
        listening.end().onFailure(gone -> {});
    }

    /** FILTER_INVALID. */
    synchronized Reader join(RowSelector.Wanted wanted, int chunkBytes, Runnable waker) {
        var reader = readers.get(wanted);
        if (reader == null) {
            reader = new Reader(new RowSelector(wanted), chunkBytes);
            readers.put(wanted, reader);
        }
        reader.uses++;
        wakers.add(waker);
        return reader;
    }

    /** True when nobody is left. */
    synchronized boolean leave(Reader reader, Runnable waker) {
        if (--reader.uses == 0) {
            readers.remove(reader.selector().wanted());
        }
        wakers.remove(waker);
        return wakers.isEmpty();
    }

    boolean isUnused() {
        return wakers.isEmpty();
    }

    private void hear(ViewDelta delta) {
        take(delta);
        wakers.forEach(Runnable::run);
    }

    private synchronized void take(ViewDelta delta) {
        if (delta.generation() != generation || delta.fromChange() != reached) {
            if (delta.generation() == generation && delta.toChange() <= reached) {
                return;
            }
            generation = delta.generation();
            deltas.clear();
            bytes = 0;
        }
        reached = delta.toChange();
        if (delta.fromChange() < delta.toChange()) {
            deltas.put(delta.fromChange(), delta);
            bytes += weight(delta);
        }
        while (bytes > MAX_BYTES && deltas.size() > 1) {
            bytes -= weight(deltas.pollFirstEntry().getValue());
        }
    }

    private static long weight(ViewDelta delta) {
        long weight = DELTA_BYTES;
        for (var change : delta.rows()) {
            weight += weight(change.before()) + weight(change.after());
        }
        return weight;
    }

    private static long weight(@Nullable Row row) {
        return row == null ? 0 : row.weight();
    }

    /** The commit that follows on a change number, null when it is not (any more, or yet) there. */
    synchronized @Nullable ViewDelta after(int ofGeneration, long change) {
        return ofGeneration == generation ? deltas.get(change) : null;
    }

    /** Whether who stands at a change number misses nothing by waiting for what comes. */
    synchronized boolean covers(int ofGeneration, long change, long latest) {
        boolean isHeard = ofGeneration == generation && reached != NOTHING;
        return isHeard ? change >= reached || deltas.containsKey(change) : change >= latest;
    }

    /** Those who want the same of the view: a commit is encoded once for those who keep step. */
    static final class Reader {
        private final RowSelector selector;
        private final int chunkBytes;
        private int uses;
        private volatile @Nullable Encoded last;

        private record Encoded(ViewDelta of, List<Chunk> chunks) {}

        private Reader(RowSelector selector, int chunkBytes) {
            this.selector = selector;
            this.chunkBytes = chunkBytes;
        }

        RowSelector selector() {
            return selector;
        }

        /**
         * A row that is not wanted any more is deleted; one that was not wanted before and is not after is left out.
         *
         * @param isUnsure the client may have rows that it should not have: those are deleted as well
         */
        List<Chunk> encode(ViewDelta delta, boolean isUnsure) {
            if (isUnsure) {
                return chunks(delta, true);
            }
            var ready = last;
            if (ready != null && ready.of() == delta) {
                return ready.chunks();
            }
            var encoded = new Encoded(delta, chunks(delta, false));
            last = encoded;
            return encoded.chunks();
        }

        private List<Chunk> chunks(ViewDelta delta, boolean isUnsure) {
            var writer = Chunk.Writer.ofDelta(chunkBytes);
            for (var change : delta.rows()) {
                var after = change.after();
                if (isUnsure
                        || selector.matches(change.key(), after)
                        || selector.matches(change.key(), change.before())) {
                    selector.write(writer, change.key(), after);
                }
            }
            return writer.chunks();
        }
    }
}
