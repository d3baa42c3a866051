package dev.sluice.projection;

import dev.sluice.log.Append;
import dev.sluice.log.Cursor;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.RowStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
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
    private static final int EXPIRED_A_COMMIT = 10_000;

    /** How long a deleted row can be told to who asks what changed, in recorded time. */
    private static final long TOMBSTONE_MICROS = TimeUnit.DAYS.toMicros(7);

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
    private final CarryStore carried;
    private final Parking parking;
    private final Expiry expiry;
    private final Indexes indexes;
    private final List<StoredRow> purges = new ArrayList<>();
    private final @Nullable Alerts alerts;
    private final List<Append> raised = new ArrayList<>();
    private volatile @Nullable Cursor alertAfter;
    private volatile @Nullable Cursor alertUntil;
    private Overlay active;
    private @Nullable Overlay frozen;
    private int overlays = 1;
    private boolean isDropped;
    private volatile Committed committed;
    private long rowCount;
    private long purged;
    private @Nullable Checkpoint written;

    Table(ViewRecord record, Definition definition, Identity identity, RowStore store, LongSupplier cacheBytes) {
        this.record = record;
        this.definition = definition;
        this.columns = new Columns(definition.columns(), definition.derived());
        this.identity = identity;
        this.store = store;
        this.cache = new RowCache(cacheBytes);
        boolean isNew = record.checkpoint().change() == 0 && record.checkpoint().lastMicros() == 0;
        carried = new CarryStore(viewId(), definition.carried().size(), store);
        parking = new Parking(viewId());
        expiry = new Expiry(viewId(), store, isNew);
        indexes = new Indexes(definition.indexes());
        var alert = definition.alert();
        alerts = alert == null ? null : new Alerts(record, alert, columns);
        active = new Overlay(0, indexes.count());
        rowCount = record.checkpoint().rows();
        purged = record.checkpoint().purged();
        committed = committed(record.checkpoint());
        if (!isNew) {
            parking.recover(store);
        }
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

    /** Fold thread. */
    CarryStore carried() {
        return carried;
    }

    Parking parking() {
        return parking;
    }

    Indexes indexes() {
        return indexes;
    }

    /** The change number below which deletions may have been forgotten. */
    long purged() {
        return committed.checkpoint().purged();
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
            byte[] stored = written == null && record.checkpoint().change() == 0
                    ? null
                    : store.get(StoreKeys.row(viewId(), key));
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
     * touched yet, or that is not there any more, gets a copy, which counts only when it is {@link #touch touched}. Fold thread.
     *
     * @param recordedMicros of the event at hand: what was due before it is gone
     */
    @Nullable
    Object[] cells(RowCache.@Nullable Entry known, long recordedMicros) {
        if (known == null) {
            return columns.empty().clone();
        }
        var work = known.work();
        if (work != null) {
            boolean isGone = work == RowCache.GONE || isOver(known.dueMicros(), recordedMicros);
            return isGone ? columns.empty().clone() : work;
        }
        var row = known.row();
        return row == null || row.isDeleted() || isOver(row.dueMicros(), recordedMicros)
                ? columns.empty().clone()
                : row.cells();
    }

    private boolean isOver(long dueMicros, long nowMicros) {
        return definition.expires() && dueMicros < nowMicros;
    }

    /**
     * Makes cells that {@link #cells} gave those of the row. Fold thread.
     *
     * @param dueMicros when the row is to be deleted unless it is touched again, Long.MAX_VALUE: never
     */
    void touch(String key, RowCache.@Nullable Entry known, @Nullable Object[] cells, long dueMicros) {
        var entry = known;
        if (entry == null) {
            entry = new RowCache.Entry(key, null, null);
            cache.put(entry);
        }
        long due = dueMicros;
        if (entry.work() == null) {
            touched.add(entry);
            if (definition.expires() && entry.isRow()) {
                due = Math.max(due, Objects.requireNonNull(entry.row()).dueMicros());
            }
        } else if (definition.expires()) {
            due = Math.max(due, entry.dueMicros());
        }
        entry.touch(cells, due);
    }

    /** Alerts to events behind a cursor (null: to none) and up to another (null: without end). */
    void alert(@Nullable Cursor after, @Nullable Cursor until) {
        alertAfter = after;
        alertUntil = until;
    }

    /** Another generation has taken over at a cursor. */
    void alertUntil(Cursor until) {
        alertUntil = until;
    }

    /** Whether a row may be one to be alerted to, as its cells are. Fold thread. */
    boolean isAlerting(String key, @Nullable Object[] cells) {
        return alerts != null && alertAfter != null && alerts.isMet(key, cells);
    }

    /** An event has made a row one to be alerted to. Fold thread. */
    void raise(RecordedEvent event, String key, @Nullable Object[] cells) {
        var after = alertAfter;
        var until = alertUntil;
        boolean isMuted = after == null
                || event.offset() <= after.offset(event.shard())
                || until != null && event.offset() > until.offset(event.shard());
        if (alerts != null && !isMuted) {
            raised.add(alerts.of(event, key, cells));
        }
    }

    /** The alerts of the batches committed since the last call. Fold thread. */
    List<Append> takeAlerts() {
        if (raised.isEmpty()) {
            return List.of();
        }
        var taken = List.copyOf(raised);
        raised.clear();
        return taken;
    }

    /** Deletes a row. Fold thread. */
    void delete(RowCache.@Nullable Entry known) {
        if (known == null) {
            return;
        }
        if (known.work() == null) {
            if (!known.isRow()) {
                return;
            }
            touched.add(known);
        }
        known.touch(RowCache.GONE, Long.MIN_VALUE);
    }

    /** Deletes the rows whose time is over, and lets go of tombstones. */
    private void expire(long nowMicros) {
        if (!expiry.isDue(nowMicros)) {
            return;
        }
        for (String key : expiry.take(nowMicros, EXPIRED_A_COMMIT)) {
            var entry = entry(key);
            if (entry == null) {
                continue;
            }
            var row = entry.row();
            if (entry.work() != null ? entry.dueMicros() < nowMicros : row != null && row.dueMicros() < nowMicros) {
                if (entry.work() == null && row != null && row.isDeleted()) {
                    purges.add(row);
                    purged = Math.max(purged, row.change());
                } else {
                    delete(entry);
                }
            }
        }
    }

    /** What the batch at hand would change. Fold thread. */
    List<Explanation.RowChange> staged() {
        return touched.stream().map(entry -> entry.change(columns)).toList();
    }

    /** Whether rows are due that the last commit has left. Fold thread. */
    boolean hasDue() {
        return expiry.isDue(committed.checkpoint().lastMicros());
    }

    /**
     * Makes the batch visible: rows, change number and checkpoint together. Fold thread.
     *
     * @param offsets of the last events seen; not changed afterwards
     * @return what changed; its rows are empty when only the checkpoint moved
     */
    ViewDelta commit(long[] offsets, long lastMicros) {
        expire(lastMicros);
        touched.removeIf(RowCache.Entry::discardIfNothing);
        var before = committed.checkpoint();
        long change = before.change() + (touched.isEmpty() ? 0 : 1);
        var changes = new ArrayList<ViewDelta.Change>(touched.size());
        lock.lock();
        try {
            for (var entry : touched) {
                changes.add(commit(entry, change, lastMicros));
            }
            committed = committed(new Checkpoint(change, offsets, rowCount, lastMicros, purged));
        } finally {
            lock.unlock();
        }
        touched.clear();
        carried.commit();
        parking.commit();
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

    private ViewDelta.Change commit(RowCache.Entry entry, long change, long lastMicros) {
        var before = entry.row();
        var cells = Objects.requireNonNull(entry.work(), "a touched row has cells");
        boolean wasRow = entry.isRow();
        boolean isRow = cells != RowCache.GONE;
        long due = isRow ? entry.dueMicros() : lastMicros + TOMBSTONE_MICROS;
        var row = new StoredRow(
                columns,
                entry.key(),
                isRow ? columns.encode(encoder, change, due, cells) : Columns.encodeDeleted(encoder, change, due));
        if (due != Long.MAX_VALUE && (!isRow || !wasRow || before == null || before.dueMicros() != due)) {
            expiry.note(due, entry.key());
        }
        var slot = entry.slot();
        if (slot != null && active.owns(slot)) {
            active.change(slot, row);
        } else {
            slot = active.add(row, before == null ? 0 : before.change(), indexes.entries(before));
        }
        if (indexes.count() > 0) {
            active.list(slot, indexes.entries(row));
        }
        cache.commit(entry, row, slot);
        rowCount += (isRow ? 1 : 0) - (wasRow ? 1 : 0);
        return new ViewDelta.Change(entry.key(), wasRow ? before : null, isRow ? row : null);
    }

    /** Forgets what the batch has done so far. Fold thread. */
    void discard() {
        touched.forEach(RowCache.Entry::discard);
        touched.clear();
        raised.clear();
        carried.discard();
        parking.discard();
    }

    /** About how much memory the rows take that are not in the store. */
    long unwrittenBytes() {
        return active.weight() + carried.weight() + expiry.weight();
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
            active = new Overlay(overlays++, indexes.count());
        } finally {
            lock.unlock();
        }
        var forgotten = List.copyOf(purges);
        purges.clear();
        return new Frozen(this, frozen, carried.freeze(), parking.freeze(), expiry.freeze(), forgotten, checkpoint);
    }

    /** What was frozen is in the store. Fold thread. */
    void thaw(Frozen done) {
        written = done.checkpoint();
        lock.lock();
        try {
            frozen = null;
        } finally {
            lock.unlock();
        }
        expiry.thaw(done.expiry());
    }

    /** Forgets the rows at hand: it will not be folded for a while. Fold thread, between batches. */
    void rest() {
        cache.clear();
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
}
