package dev.sluice.projection;

import dev.sluice.log.Cursor;
import dev.sluice.projection.row.Row;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one commit of a view changed, published by reference on {@code Addresses.view(name)}.
 *
 * @param generation a generation other than the listener's: it has been replaced, and change numbers are those of the new one;
 *     {@link #DELETED}: the projection was deleted
 * @param fromChange the change number before, {@code toChange} after this commit; a listener that stands elsewhere reads the
 *     change index instead
 * @param cursor the view's cursor at {@code toChange}
 * @param rows each key once; empty when only the checkpoint moved
 * @param atMicros recorded time of the last event folded
 */
public record ViewDelta(
        String projection,
        int generation,
        long fromChange,
        long toChange,
        Cursor cursor,
        List<Change> rows,
        long atMicros) {
    /** In place of a generation: there is none any more. */
    public static final int DELETED = 0;

    /** A row before and after; {@code before} null when it is new, {@code after} null when it is gone. */
    public record Change(
            String key, @Nullable Row before, @Nullable Row after) {}
}
