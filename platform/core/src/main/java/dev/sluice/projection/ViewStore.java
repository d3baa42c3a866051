package dev.sluice.projection;

import dev.sluice.log.Failure;
import dev.sluice.log.RowStore;
import dev.sluice.projection.Table.Identity;
import dev.sluice.projection.row.ByteReader;
import dev.sluice.projection.row.ByteWriter;
import dev.sluice.projection.row.Checkpoint;
import dev.sluice.projection.row.Epochs;
import dev.sluice.projection.row.StoreKeys;
import dev.sluice.projection.row.ViewRecord;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where views are kept between runs: store id, epoch, and a record, rows and change index for each generation. The epoch rises
 * when the store was not closed cleanly. A store of another log, or one that is ahead of its log, is emptied and gets a new id.
 */
final class ViewStore implements AutoCloseable {
    private static final int FORMAT = 4;

    /** What goes to the store at once, and the views of which everything is deleted then. */
    record Spill(List<Part> parts, List<Integer> droppedViewIds) {
        /** Frozen rows with the record as it is to be. */
        record Part(Frozen frozen, ViewRecord record) {}
    }

    private final RowStore rows;
    private final Identity identity;
    private final String logId;
    private final List<ViewRecord> recovered;
    private volatile int nextViewId;

    private ViewStore(RowStore rows, Identity identity, String logId, List<ViewRecord> recovered, int nextViewId) {
        this.rows = rows;
        this.identity = identity;
        this.logId = logId;
        this.recovered = recovered;
        this.nextViewId = nextViewId;
    }

    /** @param heads of the log's shards */
    static ViewStore open(Path folder, long memoryBytes, String logId, long[] heads) {
        var rows = RowStore.open(folder, memoryBytes);
        try {
            byte[] stored = rows.get(StoreKeys.STORE);
            var store = stored == null ? created(rows, logId, 1) : recovered(rows, stored, logId, heads);
            store.begin();
            return store;
        } catch (RuntimeException refused) {
            rows.close();
            throw refused;
        }
    }

    private static ViewStore created(RowStore rows, String logId, int nextViewId) {
        return new ViewStore(rows, new Identity(new SecureRandom().nextLong(), 1), logId, List.of(), nextViewId);
    }

    private static ViewStore recovered(RowStore rows, byte[] stored, String logId, long[] heads) {
        var in = new ByteReader(stored);
        int format = in.u8();
        if (format > FORMAT) {
            throw Failure.of(
                    Failure.Kind.NEWER_FORMAT,
                    "found views in format " + format + ", expected at most " + FORMAT
                            + ": start the newer version, or delete the folder of the views to fold them again");
        }
        long storeId = in.u64();
        int epoch = (int) in.varint();
        int nextViewId = (int) in.varint();
        // what an older version wrote is folded again, into records of this one
        var records = format < FORMAT ? List.<ViewRecord>of() : records(rows);
        boolean isUsable = format == FORMAT
                && in.text().equals(logId)
                && records.stream()
                        .allMatch(record -> isWithin(record.checkpoint().offsets(), heads));
        if (!isUsable) {
            try (var batch = new RowStore.Batch()) {
                batch.deleteRange(StoreKeys.FIRST, StoreKeys.END);
                rows.write(batch);
            }
            return created(rows, logId, nextViewId);
        }
        boolean isClean = rows.get(StoreKeys.CLEAN) != null;
        int now = isClean ? epoch : epoch + 1;
        var current = isClean
                ? records
                : records.stream().map(record -> record.inEpoch(now)).toList();
        return new ViewStore(rows, new Identity(storeId, now), logId, current, nextViewId);
    }

    private static List<ViewRecord> records(RowStore rows) {
        var records = new ArrayList<ViewRecord>();
        try (var snapshot = rows.snapshot();
                var scan = snapshot.scan(StoreKeys.viewsFrom(), StoreKeys.viewsTo())) {
            while (scan.next()) {
                records.add(ViewRecord.read(scan.value()));
            }
        }
        return records;
    }

    private static boolean isWithin(long[] offsets, long[] heads) {
        for (int shard = 0; shard < offsets.length; shard++) {
            if (shard >= heads.length || offsets[shard] > heads[shard]) {
                return false;
            }
        }
        return offsets.length == heads.length;
    }

    /** From here on a stop is unclean unless {@link #closeCleanly} ran. */
    private void begin() {
        try (var batch = new RowStore.Batch()) {
            batch.put(StoreKeys.STORE, record());
            batch.delete(StoreKeys.CLEAN);
            for (var record : recovered) {
                batch.put(StoreKeys.view(record.viewId()), record.toBytes());
            }
            rows.write(batch);
        }
    }

    private byte[] record() {
        return new ByteWriter()
                .u8(FORMAT)
                .u64(identity.storeId())
                .varint(identity.epoch())
                .varint(nextViewId)
                .text(logId)
                .toBytes();
    }

    Identity identity() {
        return identity;
    }

    /** What was found, already in this epoch. */
    List<ViewRecord> recovered() {
        return recovered;
    }

    RowStore rows() {
        return rows;
    }

    /** The record of a generation that begins now. One thread at a time. */
    ViewRecord create(String name, int generation, String text, int shards) {
        int viewId = nextViewId;
        nextViewId = viewId + 1;
        // the same generation may have begun before, in an epoch whose rows were never written
        var epochs = Epochs.NONE.began(identity.epoch(), 0);
        return new ViewRecord(viewId, name, generation, text, epochs, Checkpoint.start(shards));
    }

    /** Takes a spill in whole and makes it durable; then deletes the dropped views, of which a crash leaves what nobody asks for. */
    void write(Spill spill) {
        var parts = new ArrayList<>(spill.parts());
        parts.sort(Comparator.comparingInt(part -> part.record().viewId()));
        rows.ingest(file -> {
            file.put(StoreKeys.STORE, record());
            parts.forEach(part -> part.frozen().writeRest(part.record(), file));
            parts.forEach(part -> part.frozen().addRows(part.record().viewId(), file));
            parts.forEach(part -> part.frozen().addChanges(part.record().viewId(), file));
        });
        if (!spill.droppedViewIds().isEmpty()) {
            try (var batch = new RowStore.Batch()) {
                spill.droppedViewIds().forEach(viewId -> StoreKeys.deleteAll(viewId, batch));
                rows.write(batch);
            }
        }
    }

    /** Marks the stop as clean: everything committed has been written. */
    void closeCleanly() {
        try (var batch = new RowStore.Batch()) {
            batch.put(StoreKeys.CLEAN, new byte[0]);
            rows.write(batch);
        }
        close();
    }

    @Override
    public void close() {
        rows.close();
    }

    /** The record of a generation that was found, null when there was none. */
    @Nullable
    ViewRecord recovered(String name, int generation) {
        return recovered.stream()
                .filter(record -> record.name().equals(name) && record.generation() == generation)
                .findFirst()
                .orElse(null);
    }
}
