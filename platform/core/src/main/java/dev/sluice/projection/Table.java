package dev.sluice.projection;

import dev.sluice.log.Cursor;
import dev.sluice.log.RowStore;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one generation of a projection. The fold thread alone changes it: it gathers a batch in {@link #entry entries} and
 * commits it whole. The newest rows stand in an overlay in memory; from time to time the overlay is frozen, written to the store
 * in one batch together with the checkpoint it belongs to, and forgotten. So the store always is the view at some commit, and
 * a crash costs folding on from there.
 *
 * <p>Readers on other threads {@link #capture} overlay, frozen overlay and store at one moment between commits; the newer
 * hides the older.
 */
final class Table {
    private static final int SORT_FROM = 256;

    /** Where the view store stands: part of every cursor. */
    record Identity(long storeId, int epoch) {}

    /**
     * What readers of one moment see; to be closed soon.
     *
     * @param active goes on changing: only whether it had a key by the captured change may be asked
     * @param newest what was copied from it at the moment
     */
    record Capture(
            Overlay active,
            List<StoredRow> newest,
            @Nullable Overlay frozen,
            RowStore.Snapshot store,
            Committed at) implements AutoCloseable {
        @Override
        public void close() {
            store.close();
        }
    }

    /** The last commit. */
    record Committed(Checkpoint checkpoint, Cursor cursor) {}

    /** A frozen overlay and the checkpoint that its rows make up. */
    record Frozen(Table table, Overlay overlay, Checkpoint checkpoint) {}

    private final ViewRecord record;
    private final Definition definition;
    private final Columns columns;
    private final Identity identity;
    private final RowStore store;
    private final RowCache cache;
    private final ReentrantLock lock = new ReentrantLock();
    private final Tally tally = new Tally();
    private final ByteWriter encoder = new ByteWriter();
    private final List<RowCache.Entry> touched = new ArrayList<>();
    private Overlay active = new Overlay(0);
    private @Nullable Overlay frozen;
    private int overlays = 1;
    private boolean isDropped;
    private volatile Committed committed;
    private long rowCount;
    private long deadLetters;
    private @Nullable Checkpoint written;

    Table(ViewRecord record, Definition definition, Identity identity, RowStore store, LongSupplier cacheBytes) {
        this.record = record;
        this.definition = definition;
        this.columns = new Columns(definition.columns(), definition.derived());
        this.identity = identity;
        this.store = store;
        this.cache = new RowCache(cacheBytes);
        rowCount = record.checkpoint().rows();
        deadLetters = record.checkpoint().deadLetters();
        committed = committed(record.checkpoint());
    }

    int viewId() {
        return record.viewId();
    }

    String name() {
        return record.name();
    }

    int generation() {
        return record.generation();
    }

    ViewRecord record() {
        return record;
    }

    Definition definition() {
        return definition;
    }

    Columns columns() {
        return columns;
    }

    Identity identity() {
        return identity;
    }

    /** Fold thread. */
    Tally tally() {
        return tally;
    }

    Committed committed() {
        return committed;
    }

    /** The cursor of this view with another change number and, inside a commit, the last key. */
    static Cursor cursorAt(Cursor cursor, long change, @Nullable String key) {
        var view = cursor.view();
        if (view == null) {
            throw new IllegalArgumentException("not a view's cursor: " + cursor);
        }
        return cursor.with(
                new Cursor.ViewPart(view.storeId(), view.epoch(), view.projection(), view.generation(), change, key));
    }

    /** The row of a key for this batch, null when there is none yet. Fold thread. */
    RowCache.@Nullable Entry entry(String key) {
        var entry = cache.get(key);
        if (entry != null) {
            return entry;
        }
        var slot = active.slot(key);
        if (slot == null && frozen != null) {
            slot = frozen.slot(key);
        }
        if (slot != null) {
            entry = new RowCache.Entry(key, slot.row(), slot);
        } else {
            byte[] stored =
                    written == null && record.checkpoint().rows() == 0 ? null : store.get(StoreKeys.row(viewId(), key));
            if (stored == null) {
                return null;
            }
            entry = new RowCache.Entry(key, new StoredRow(columns, key, stored), null);
        }
        cache.put(entry);
        return entry;
    }

    /**
     * The cells of a row as this batch has left them; {@code known} is what {@link #entry} gave. A row that the batch has not
     * touched yet gets a copy, which counts only when it is {@link #touch touched}. Fold thread.
     */
    @Nullable
    Object[] cells(RowCache.@Nullable Entry known) {
        var work = known == null ? null : known.work();
        if (work != null) {
            return work;
        }
        var row = known == null ? null : known.row();
        return row == null ? columns.empty().clone() : row.cells();
    }

    /** Makes cells that {@link #cells} gave those of the row. Fold thread. */
    void touch(String key, RowCache.@Nullable Entry known, @Nullable Object[] cells) {
        var entry = known;
        if (entry == null) {
            entry = new RowCache.Entry(key, null, null);
            cache.put(entry);
        }
        if (entry.work() == null) {
            entry.touch(cells);
            touched.add(entry);
        }
    }

    /** Counts an event that was refused. Fold thread. */
    void refused() {
        deadLetters++;
        tally.refused();
    }

    /**
     * Makes the batch visible: rows, change number and checkpoint together. Fold thread.
     *
     * @param offsets of the last events seen; not changed afterwards
     * @return what changed; its rows are empty when only the checkpoint moved
     */
    ViewDelta commit(long[] offsets, long lastMicros) {
        var before = committed.checkpoint();
        long change = before.change() + (touched.isEmpty() ? 0 : 1);
        var changes = new ArrayList<ViewDelta.Change>(touched.size());
        lock.lock();
        try {
            for (var entry : touched) {
                changes.add(commit(entry, change));
            }
            committed = committed(new Checkpoint(change, offsets, rowCount, deadLetters, lastMicros));
        } finally {
            lock.unlock();
        }
        touched.clear();
        cache.shrink();
        return new ViewDelta(
                name(),
                generation(),
                before.change(),
                change,
                committed.cursor(),
                Collections.unmodifiableList(changes),
                lastMicros);
    }

    private ViewDelta.Change commit(RowCache.Entry entry, long change) {
        var before = entry.row();
        var cells = Objects.requireNonNull(entry.work(), "a touched row has cells");
        var row = new StoredRow(columns, entry.key(), columns.encode(encoder, change, cells));
        var slot = entry.slot();
        if (slot != null && active.owns(slot)) {
            active.change(slot, row);
        } else {
            slot = active.add(row, before == null ? 0 : before.change());
        }
        cache.commit(entry, row, slot);
        if (before == null) {
            rowCount++;
        }
        return new ViewDelta.Change(entry.key(), before, row);
    }

    /** Forgets what the batch has done so far. Fold thread. */
    void discard() {
        touched.forEach(RowCache.Entry::discard);
        touched.clear();
    }

    /** About how much memory the rows take that are not in the store. */
    long unwrittenBytes() {
        return active.weight();
    }

    /** Takes the rows that are not in the store to be written; null when nothing moved. Fold thread, one at a time. */
    @Nullable
    Frozen freeze() {
        var checkpoint = committed.checkpoint();
        if (frozen != null) {
            throw new IllegalStateException("view " + name() + " is frozen already");
        }
        if (checkpoint.equals(written)) {
            return null;
        }
        lock.lock();
        try {
            frozen = active;
            active = new Overlay(overlays++);
        } finally {
            lock.unlock();
        }
        return new Frozen(this, frozen, checkpoint);
    }

    /** The frozen rows are in the store. Fold thread. */
    void thaw(Checkpoint reached) {
        written = reached;
        lock.lock();
        try {
            frozen = null;
        } finally {
            lock.unlock();
        }
    }

    /** No reader may begin any more: the rows will be deleted. */
    void drop() {
        lock.lock();
        try {
            isDropped = true;
        } finally {
            lock.unlock();
        }
    }

    /** The view at this moment with a copy of some of its newest rows; null when it was dropped. Any thread but an event loop. */
    @Nullable
    Capture capture(Function<Overlay, List<StoredRow>> copy) {
        lock.lock();
        try {
            return isDropped ? null : new Capture(active, copy.apply(active), frozen, store.snapshot(), committed);
        } finally {
            lock.unlock();
        }
    }

    /** Puts most of the active overlay's keys in order outside the lock, for {@link #capture captures} that read by key. */
    void sort() {
        Overlay overlay;
        Overlay.Order order;
        lock.lock();
        try {
            overlay = active;
            order = overlay.order();
        } finally {
            lock.unlock();
        }
        if (order.unsorted().length < SORT_FROM) {
            return;
        }
        var made = order.made();
        lock.lock();
        try {
            overlay.order(made);
        } finally {
            lock.unlock();
        }
    }

    private Committed committed(Checkpoint checkpoint) {
        var view = new Cursor.ViewPart(
                identity.storeId(), identity.epoch(), name(), generation(), checkpoint.change(), null);
        return new Committed(checkpoint, Cursor.of(checkpoint.offsets()).with(view));
    }

    /** Writes frozen rows, the change index and the checkpoint into a batch. Any one thread. */
    static void write(Frozen frozen, ViewRecord record, RowStore.Batch batch) {
        int viewId = record.viewId();
        byte[] nothing = {};
        for (var slot : frozen.overlay().byKey()) {
            var row = slot.row();
            byte[] key = row.key().getBytes(StandardCharsets.UTF_8);
            batch.put(StoreKeys.row(viewId, key), row.stored());
            if (slot.storedChange() > 0) {
                batch.deleteOnce(StoreKeys.change(viewId, slot.storedChange(), key));
            }
            batch.put(StoreKeys.change(viewId, row.change(), key), nothing);
        }
        batch.put(StoreKeys.view(viewId), record.toBytes());
    }
}
