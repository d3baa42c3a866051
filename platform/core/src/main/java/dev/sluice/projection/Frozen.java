package dev.sluice.projection;

import dev.sluice.log.RowFile;
import dev.sluice.projection.row.ByteWriter;
import dev.sluice.projection.row.Checkpoint;
import dev.sluice.projection.row.Expiry;
import dev.sluice.projection.row.Overlay;
import dev.sluice.projection.row.StoreKeys;
import dev.sluice.projection.row.ViewRecord;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a table has taken out of its memory to be written, and the checkpoint that it makes up.
 *
 * @param carried values by stream
 * @param forgotten tombstones whose time is over
 */
record Frozen(
        Table table,
        Overlay overlay,
        Map<String, @Nullable Object[]> carried,
        Parking.Frozen parking,
        Expiry.Frozen expiry,
        List<Forgotten> forgotten,
        Checkpoint checkpoint) {
    /** A tombstone and the change that it was made by. */
    record Forgotten(String key, long change) {}

    /** Gives a file all but the rows and their change index. Any one thread. */
    void writeRest(ViewRecord record, RowFile file) {
        int viewId = record.viewId();
        file.put(StoreKeys.view(viewId), record.toBytes());
        for (var gone : forgotten) {
            byte[] key = gone.key().getBytes(StandardCharsets.UTF_8);
            file.delete(StoreKeys.row(viewId, key));
            file.delete(StoreKeys.change(viewId, gone.change(), key));
        }
        for (int slot : overlay.byKey()) {
            writeEntries(viewId, slot, file);
        }
        table.carried().write(carried, file);
        table.parking().write(parking, file);
        Expiry.write(viewId, expiry, file);
    }

    /** The value says how long the key is at the end of the entry. */
    private void writeEntries(int viewId, int slot, RowFile file) {
        byte[][] old = overlay.storedEntries(slot);
        byte[][] now = overlay.entries(slot);
        int count = old != null ? old.length : now != null ? now.length : 0;
        for (int i = 0; i < count; i++) {
            if (old != null && (now == null || !Arrays.equals(old[i], now[i]))) {
                file.delete(StoreKeys.index(viewId, i, old[i]));
            }
            if (now != null && (old == null || !Arrays.equals(old[i], now[i]))) {
                int keyBytes = overlay.key(slot).length;
                file.put(
                        StoreKeys.index(viewId, i, now[i]),
                        new ByteWriter().varint(keyBytes).toBytes());
            }
        }
    }

    /** Adds the rows to a file. Any one thread. */
    void addRows(int viewId, RowFile file) {
        for (int slot : overlay.byKey()) {
            file.add(StoreKeys.row(viewId, overlay.key(slot)), overlay.storedBytes(slot));
        }
    }

    /** Adds the changes of the change index to a file: an entry of before is older than all new ones. Any one thread. */
    void addChanges(int viewId, RowFile file) {
        for (int slot : overlay.byStoredChange()) {
            file.addDelete(StoreKeys.change(viewId, overlay.storedChange(slot), overlay.key(slot)));
        }
        byte[] nothing = {};
        for (int slot : overlay.byChange()) {
            file.add(StoreKeys.change(viewId, overlay.change(slot), overlay.key(slot)), nothing);
        }
    }
}
