package dev.sluice.projection;

import dev.sluice.log.Position;
import dev.sluice.log.RowFile;
import dev.sluice.log.RowStore;
import dev.sluice.projection.row.ByteReader;
import dev.sluice.projection.row.ByteWriter;
import dev.sluice.projection.row.StoreKeys;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What became of the dead letters that a table holds no more, by the event each was about. For the fold thread. */
final class Settled {
    private final int viewId;
    private final RowStore store;
    private final Map<Position, End> staged = new HashMap<>();
    private Map<Position, End> active = new HashMap<>();
    private Map<Position, End> written = Map.of();

    Settled(int viewId, RowStore store) {
        this.viewId = viewId;
        this.store = store;
    }

    /**
     * The end of a dead letter.
     *
     * @param isDiscarded else it was retried and its event folded
     */
    record End(Position letter, boolean isDiscarded) {
        private byte[] encode() {
            return new ByteWriter()
                    .text(letter.toString())
                    .u8(isDiscarded ? 1 : 0)
                    .toBytes();
        }

        private static End decode(byte[] stored) {
            var in = new ByteReader(stored);
            return new End(Position.parse(in.text()), in.u8() == 1);
        }
    }

    /** Null for an event of which there was no dead letter, or whose letter is open. */
    @Nullable
    End of(Position event) {
        var known = active.getOrDefault(event, written.get(event));
        byte[] stored = known == null ? store.get(StoreKeys.settled(viewId, event)) : null;
        return stored == null ? known : End.decode(stored);
    }

    /** Remembers an end with the batch at hand. */
    void put(Position event, End end) {
        staged.put(event, end);
    }

    void commit() {
        active.putAll(staged);
        staged.clear();
    }

    void discard() {
        staged.clear();
    }

    /** Takes what is not in the store to be written; it stays at hand until the next time. */
    Map<Position, End> freeze() {
        written = active;
        active = new HashMap<>();
        return written;
    }

    /** Writes what was frozen into a file. Any one thread. */
    void write(Map<Position, End> frozen, RowFile file) {
        frozen.forEach((event, end) -> file.put(StoreKeys.settled(viewId, event), end.encode()));
    }
}
