package dev.sluice.projection;

import dev.sluice.log.RowStore;
import dev.sluice.projection.row.ByteWriter;
import dev.sluice.projection.row.Checkpoint;
import dev.sluice.projection.row.Expiry;
import dev.sluice.projection.row.Overlay;
import dev.sluice.projection.row.RowImage;
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

    /** Puts rows, indexes, all else and the checkpoint into a batch. Any one thread. */
    void write(ViewRecord record, RowStore.Batch batch) {
        int viewId = record.viewId();
        byte[] nothing = {};
        for (var gone : forgotten) {
            byte[] key = gone.key().getBytes(StandardCharsets.UTF_8);
            batch.delete(StoreKeys.row(viewId, key));
            batch.deleteOnce(StoreKeys.change(viewId, gone.change(), key));
        }
        for (int slot : overlay.byKey()) {
            byte[] image = overlay.row(slot).image();
            byte[] key = RowImage.utf8Key(image, 0);
            batch.put(StoreKeys.row(viewId, key), RowImage.stored(image, 0));
            if (overlay.storedChange(slot) > 0) {
                batch.deleteOnce(StoreKeys.change(viewId, overlay.storedChange(slot), key));
            }
            batch.put(StoreKeys.change(viewId, overlay.stored(slot).varint(), key), nothing);
            writeEntries(viewId, slot, key.length, batch);
        }
        table.carried().write(carried, batch);
        table.parking().write(parking, batch);
        Expiry.write(viewId, expiry, batch);
        batch.put(StoreKeys.view(viewId), record.toBytes());
    }

    /** The value says how long the key is at the end of the entry. */
    private void writeEntries(int viewId, int slot, int keyBytes, RowStore.Batch batch) {
        byte[][] old = overlay.storedEntries(slot);
        byte[][] now = overlay.entries(slot);
        int count = old != null ? old.length : now != null ? now.length : 0;
        for (int i = 0; i < count; i++) {
            if (old != null && (now == null || !Arrays.equals(old[i], now[i]))) {
                batch.delete(StoreKeys.index(viewId, i, old[i]));
            }
            if (now != null && (old == null || !Arrays.equals(old[i], now[i]))) {
                batch.put(
                        StoreKeys.index(viewId, i, now[i]),
                        new ByteWriter().varint(keyBytes).toBytes());
            }
        }
    }
}
