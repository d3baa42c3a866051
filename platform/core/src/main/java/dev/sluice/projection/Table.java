package dev.sluice.projection;

import dev.sluice.log.Append;
import dev.sluice.log.Cursor;
import dev.sluice.log.RowStore;
import dev.sluice.projection.definition.Definition;
import dev.sluice.projection.row.ByteReader;
import dev.sluice.projection.row.ByteWriter;
import dev.sluice.projection.row.CarryStore;
import dev.sluice.projection.row.Checkpoint;
import dev.sluice.projection.row.Columns;
import dev.sluice.projection.row.Draft;
import dev.sluice.projection.row.Expiry;
import dev.sluice.projection.row.Indexes;
import dev.sluice.projection.row.Layers;
import dev.sluice.projection.row.Overlay;
import dev.sluice.projection.row.RowBudget;
import dev.sluice.projection.row.RowImage;
import dev.sluice.projection.row.StoreKeys;
import dev.sluice.projection.row.StoredRow;
import dev.sluice.projection.row.ViewRecord;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one generation of a projection. The fold thread alone changes it: it gathers a {@link Batch} and
 * commits it whole. The newest rows stand in an overlay in memory; from time to time the overlay is frozen and written to the
 * store in one batch together with the checkpoint it belongs to. So the store always is the view at some commit, and
 * a crash costs folding on from there.
 *
 * <p>Readers on other threads {@link #capture} overlay, frozen overlay and store at one moment between commits; the newer
 * hides the older.
 */
final class Table {
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
    private final JavaProjections java;
    private final Layers rows;
    private final Tally tally = new Tally();
    private final ByteWriter encoder = new ByteWriter();
    private final Batch batch;
    private final CarryStore carried;
    private final Parking parking;
    private final Expiry expiry;
    private final Indexes indexes;
    private final Set<Frozen.Forgotten> purges = new LinkedHashSet<>();
    /** Keys that were taken to be looked at by the batch at hand. */
    private final List<String> expiring = new ArrayList<>();

    private final @Nullable Alerts alerts;
    private boolean isDropped;
    private volatile Committed committed;
    private long rowCount;
    private long purged;
    private @Nullable Checkpoint written;

    /** @param java where the code is found when the definition is of Java */
    Table(
            ViewRecord record,
            Definition definition,
            Identity identity,
            RowStore store,
            RowBudget budget,
            JavaProjections java) {
        this.record = record;
        this.definition = definition;
        this.columns = new Columns(definition.columns(), definition.derived());
        batch = new Batch(columns, definition.expires());
        this.identity = identity;
        this.store = store;
        this.java = java;
        boolean isNew = record.checkpoint().change() == 0 && record.checkpoint().lastMicros() == 0;
        carried = new CarryStore(viewId(), definition.carried().size(), store);
        parking = new Parking(viewId(), store);
        expiry = new Expiry(viewId(), store, isNew);
        indexes = new Indexes(definition.indexes());
        var alert = definition.alert();
        alerts = alert == null ? null : new Alerts(record, alert, columns);
        rowCount = record.checkpoint().rows();
        purged = record.checkpoint().purged();
        committed = committed(record.checkpoint());
        rows = new Layers(columns, indexes.count(), budget, record.checkpoint().change());
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

    JavaProjections java() {
        return java;
    }

    /** Why it cannot be folded; null when it can. */
    @Nullable
    String missing() {
        return java.missing(definition);
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

    /** A key that {@link #draft} will be asked for soon. Fold thread. */
    void expect(String key) {
        rows.expect(key);
    }

    /** Brings the rows of the expected keys near the processor. Fold thread. */
    void fetch() {
        rows.fetch();
    }

    /** A row for the {@link #batch batch at hand} to change. Fold thread. */
    Draft draft(String key) {
        var draft = batch.draft(key);
        if (draft != null) {
            return draft;
        }
        long place = rows.find(key);
        var before = rows.read(place);
        if (before == null) {
            byte[] stored = stored(key);
            before = stored == null ? null : Columns.stored(new ByteReader(stored));
        }
        return new Draft(key, place, before);
    }

    private byte @Nullable [] stored(String key) {
        boolean isWritten = written != null || record.checkpoint().change() > 0;
        return isWritten ? store.get(StoreKeys.row(viewId(), key)) : null;
    }

    /** The row of a draft as committed, a tombstone included. */
    @Nullable
    StoredRow committed(Draft draft) {
        if (!draft.wasStored()) {
            return null;
        }
        var row = rows.row(draft.place());
        if (row != null) {
            return row;
        }
        byte[] stored = stored(draft.key());
        return stored == null ? null : new StoredRow(columns, RowImage.of(draft.key(), stored));
    }

    /** What the batch at hand does to rows. Fold thread. */
    Batch batch() {
        return batch;
    }

    /** Alerts to events behind a cursor (null: to none) and up to another (null: without end). */
    void alert(@Nullable Cursor after, @Nullable Cursor until) {
        if (alerts != null) {
            alerts.sound(after, until);
        }
    }

    /** Another generation has taken over at a cursor. */
    void alertUntil(Cursor until) {
        if (alerts != null) {
            alerts.soundUntil(until);
        }
    }

    /** Null when the definition has none. */
    @Nullable
    Alerts alerts() {
        return alerts;
    }

    /** The alerts of the batches committed since the last call. Fold thread. */
    List<Append> takeAlerts() {
        return alerts == null ? List.of() : alerts.take();
    }

    /** Deletes the rows whose time is over, and lets go of tombstones. */
    private void expire(long nowMicros) {
        batch.expire(nowMicros);
        if (!expiry.isDue(nowMicros)) {
            return;
        }
        expiring.addAll(expiry.take(nowMicros, EXPIRED_A_COMMIT));
        var due = expiring.stream()
                .distinct()
                .map(this::draft)
                .filter(draft -> draft.dueMicros() < nowMicros)
                .toList();
        for (var draft : due) {
            if (draft.isTouched() || draft.wasRow()) {
                batch.delete(draft);
            } else {
                purges.add(new Frozen.Forgotten(draft.key(), draft.changeBefore()));
                purged = Math.max(purged, draft.changeBefore());
            }
        }
    }

    /** Whether rows are due that the last commit has left. Fold thread. */
    boolean hasDue() {
        return expiry.isDue(committed.checkpoint().lastMicros());
    }

    /**
     * Makes the batch visible: rows, change number and checkpoint together; with a Failure, of the store, nothing, and the batch
     * is to be {@link #discard discarded}. Fold thread.
     *
     * @param offsets of the last events seen; not changed afterwards
     * @param isTold whether somebody listens
     * @return what changed; when nobody listens as if only the checkpoint had moved: who comes meanwhile reads the change index
     */
    ViewDelta commit(long[] offsets, long lastMicros, boolean isTold) {
        expire(lastMicros);
        var touched = batch.toCommit();
        var last = committed.checkpoint();
        long change = last.change() + (touched.isEmpty() ? 0 : 1);
        var changes = new ArrayList<ViewDelta.Change>();
        var before = isTold || indexes.count() > 0 ? committedRows(touched) : null;
        rows.locked(() -> {
            for (int i = 0; i < touched.size(); i++) {
                commit(touched.get(i), before == null ? null : before[i], change, lastMicros, isTold ? changes : null);
            }
            committed = committed(new Checkpoint(change, offsets, rowCount, lastMicros, purged));
            return committed;
        });
        forgetBatch();
        carried.commit();
        parking.commit();
        rows.settle();
        return new ViewDelta(
                name(),
                generation(),
                isTold ? last.change() : change,
                change,
                committed.cursor(),
                Collections.unmodifiableList(changes),
                lastMicros);
    }

    /** The rows that the batch changes as they were, read before any is changed. */
    private @Nullable StoredRow[] committedRows(List<Draft> touched) {
        var before = new StoredRow[touched.size()];
        for (int i = 0; i < before.length; i++) {
            before[i] = committed(touched.get(i));
        }
        return before;
    }

    private void commit(
            Draft draft,
            @Nullable StoredRow before,
            long change,
            long lastMicros,
            @Nullable List<ViewDelta.Change> told) {
        boolean wasRow = draft.wasRow();
        boolean isRow = draft.isRow();
        encode(draft, change, lastMicros);
        int slot = rows.put(draft, encoder, change, indexes.entries(before));
        rowCount += (isRow ? 1 : 0) - (wasRow ? 1 : 0);
        if (told == null && indexes.count() == 0) {
            return;
        }
        var after = rows.active().row(slot);
        if (indexes.count() > 0) {
            rows.active().list(slot, indexes.entries(after));
        }
        if (told != null) {
            told.add(new ViewDelta.Change(draft.key(), wasRow ? before : null, isRow ? after : null));
        }
    }

    /** Leaves the stored form of a draft in the encoder, and notes when it is due. */
    private void encode(Draft draft, long change, long lastMicros) {
        if (!draft.isRow()) {
            long forgottenMicros = lastMicros + TOMBSTONE_MICROS;
            Columns.encodeDeleted(encoder, change, forgottenMicros);
            expiry.note(forgottenMicros, draft.key());
        } else {
            long due = draft.dueMicros();
            Columns.begin(encoder, change, due);
            draft.write(encoder, columns);
            if (due != Long.MAX_VALUE && draft.isDueAnew()) {
                expiry.note(due, draft.key());
            }
        }
    }

    private void forgetBatch() {
        batch.clear();
        expiring.clear();
    }

    /** Forgets the rows that the store has: it will not be folded for a while. Fold thread, between batches. */
    void rest() {
        rows.rest();
    }

    /** Forgets what the batch has done so far. Fold thread. */
    void discard() {
        expiring.forEach(key -> expiry.note(0, key));
        forgetBatch();
        tally.forget();
        if (alerts != null) {
            alerts.discard();
        }
        carried.discard();
        parking.discard();
    }

    /** About how much memory the rows take that are not in the store. */
    long unwrittenBytes() {
        return rows.unwrittenBytes() + carried.weight() + expiry.weight();
    }

    /** Takes the rows that are not in the store to be written; null when nothing moved. Fold thread, one at a time. */
    @Nullable
    Frozen freeze() {
        var checkpoint = committed.checkpoint();
        if (rows.frozen() != null) {
            throw new IllegalStateException("view " + name() + " is frozen already");
        }
        if (checkpoint.equals(written)) {
            return null;
        }
        var frozen = rows.freeze(checkpoint.change());
        var forgotten = List.copyOf(purges);
        purges.clear();
        return new Frozen(this, frozen, carried.freeze(), parking.freeze(), expiry.freeze(), forgotten, checkpoint);
    }

    /** What was frozen is in the store. Fold thread. */
    void thaw(Frozen done) {
        written = done.checkpoint();
        rows.thaw();
        expiry.thaw(done.expiry());
    }

    /** No reader may begin any more: the rows will be deleted. Fold thread. */
    void drop() {
        rows.locked(() -> isDropped = true);
        rows.end();
    }

    /** The view at this moment with a copy of some of its newest rows; null when it was dropped. Any thread but an event loop. */
    @Nullable
    Capture capture(Function<Overlay, List<StoredRow>> copy) {
        return rows.locked(() -> isDropped
                ? null
                : new Capture(rows.active(), copy.apply(rows.active()), rows.frozen(), store.snapshot(), committed));
    }

    /** The row of a key in the active overlay: none or one. Under the lock, for {@link #capture}. */
    List<StoredRow> newest(String key) {
        return rows.newest(key);
    }

    /** Whether the overlay that was active at a captured moment had a key then. Any thread but an event loop. */
    boolean isInActive(Capture capture, String key) {
        return rows.hadKey(capture.active(), key, capture.at().checkpoint().change());
    }

    /** Puts most of the active overlay's keys in order outside the lock, for {@link #capture captures} that read by key. */
    void sort() {
        rows.sort();
    }

    private Committed committed(Checkpoint checkpoint) {
        var view = new Cursor.ViewPart(
                identity.storeId(), identity.epoch(), name(), generation(), checkpoint.change(), null);
        return new Committed(checkpoint, Cursor.of(checkpoint.offsets()).with(view));
    }
}
