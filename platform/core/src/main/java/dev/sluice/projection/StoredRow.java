package dev.sluice.projection;

import dev.sluice.expression.Decimal;
import dev.sluice.expression.Time;
import org.jspecify.annotations.Nullable;

/** A row as some commit left it. Immutable. */
final class StoredRow implements Row {
    private static final int ROW_BYTES = 200;

    private final Columns columns;
    private final String key;
    private final @Nullable Object[] cells;
    private final long change;
    private byte @Nullable [] json; // a race encodes it twice, to the same bytes

    StoredRow(Columns columns, String key, @Nullable Object[] cells, long change) {
        this.columns = columns;
        this.key = key;
        this.cells = cells;
        this.change = change;
    }

    String key() {
        return key;
    }

    /** Not to be changed. */
    @Nullable
    Object[] cells() {
        return cells;
    }

    /** The change number of the commit that last changed it. */
    long change() {
        return change;
    }

    int weight() {
        return ROW_BYTES + key.length() + Columns.weight(cells);
    }

    /** A column as conditions see it; {@code key} is the row's key. */
    @Nullable
    Object column(String column) {
        return column.equals("key") ? key : get(column);
    }

    @Override
    public @Nullable Object get(String column) {
        int index = columns.index(column);
        var value = index < 0 ? null : Aggregate.shown(cells[index]);
        if (value instanceof Decimal number) {
            return number.toBigDecimal();
        }
        return value instanceof Time time ? time.toInstant() : value;
    }

    @Override
    public byte[] json() {
        var encoded = json;
        if (encoded == null) {
            encoded = columns.json(cells);
            json = encoded;
        }
        return encoded;
    }

    void write(ByteWriter out) {
        columns.write(out, change, cells);
    }
}
