package dev.sluice.projection.row;

import dev.sluice.log.RowFile;
import dev.sluice.log.RowStore;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a table remembers of each source stream: the values its definition carries. Like rows they are staged by a batch, become
 * good with its commit and go to the store with the checkpoint they belong to. For the fold thread.
 */
public final class CarryStore {
    private static final int ENTRY_BYTES = 120;
    private static final int VALUE_BYTES = 40;

    private final int viewId;
    private final int values;
    private final RowStore store;
    private final ByteWriter encoder = new ByteWriter();
    private final Map<String, @Nullable Object[]> staged = new HashMap<>();
    private Map<String, @Nullable Object[]> active = new HashMap<>();
    private Map<String, @Nullable Object[]> written = Map.of();
    private long weight;

    /** @param values of each stream */
    public CarryStore(int viewId, int values, RowStore store) {
        this.viewId = viewId;
        this.values = values;
        this.store = store;
    }

    /** The values of a stream, null where there is none yet; not to be changed. */
    public @Nullable Object[] of(String stream) {
        var known = staged.get(stream);
        if (known == null) {
            known = active.get(stream);
        }
        if (known == null) {
            known = written.get(stream);
        }
        if (known == null) {
            byte[] stored = store.get(StoreKeys.carried(viewId, stream));
            known = stored == null ? new Object[values] : Cells.readScalars(stored, values);
        }
        return known;
    }

    /** Remembers other values with the batch at hand. */
    public void put(String stream, @Nullable Object[] next) {
        staged.put(stream, next);
    }

    public void commit() {
        staged.forEach((stream, next) -> {
            if (active.put(stream, next) == null) {
                weight += ENTRY_BYTES + stream.length() + (long) VALUE_BYTES * values;
            }
        });
        staged.clear();
    }

    public void discard() {
        staged.clear();
    }

    /** About how much memory is taken by what is not in the store. */
    public long weight() {
        return weight;
    }

    /** Takes what is not in the store to be written; it stays at hand until the next time. */
    public Map<String, @Nullable Object[]> freeze() {
        written = active;
        active = new HashMap<>();
        weight = 0;
        return written;
    }

    /** Writes what was frozen into a file. Any one thread. */
    public void write(Map<String, @Nullable Object[]> frozen, RowFile file) {
        frozen.forEach((stream, carried) -> file.put(
                StoreKeys.carried(viewId, stream.getBytes(StandardCharsets.UTF_8)),
                Cells.writeScalars(encoder, carried)));
    }
}
