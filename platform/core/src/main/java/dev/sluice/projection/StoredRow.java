package dev.sluice.projection;

import dev.sluice.expression.Decimal;
import dev.sluice.expression.Time;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A row as some commit left it, in its stored form: a hundred thousand of them are held at once. A deleted row is one as well,
 * until nobody can ask any more what changed since before it was deleted. Immutable.
 */
final class StoredRow implements Row {
    private static final int ROW_BYTES = 200;

    private final Columns columns;
    private final String key;
    private final byte[] stored;
    private final long change;
    private byte @Nullable [] json; // a race encodes it twice, to the same bytes

    /** @param stored not changed afterwards */
    StoredRow(Columns columns, String key, byte[] stored) {
        this.columns = columns;
        this.key = key;
        this.stored = stored;
        this.change = new ByteReader(stored).varint();
    }

    String key() {
        return key;
    }

    /** The stored form; not to be changed. */
    byte[] stored() {
        return stored;
    }

    boolean isDeleted() {
        return Columns.isDeleted(stored);
    }

    /** When it is due: to be deleted or, deleted, to be forgotten; Long.MAX_VALUE: never. */
    long dueMicros() {
        return Columns.dueMicros(stored);
    }

    /** What readers see of a column: {@link Aggregate#shown}. */
    @Nullable
    Object shown(String column) {
        return columns.shown(column, key, cells());
    }

    /** A copy of the cells. */
    @Nullable
    Object[] cells() {
        return columns.decode(stored);
    }

    /** The change number of the commit that last changed it. */
    long change() {
        return change;
    }

    /** About how much memory it takes together with what leads to it. */
    int weight() {
        return ROW_BYTES + key.length() + stored.length;
    }

    /** A column as conditions see it; {@code key} is the row's key. */
    @Nullable
    Object column(String column) {
        return column.equals("key") ? key : get(column);
    }

    @Override
    public @Nullable Object get(String column) {
        var value = shown(column);
        if (value instanceof Decimal number) {
            return number.toBigDecimal();
        }
        return value instanceof Time time ? time.toInstant() : value;
    }

    @Override
    public byte[] json() {
        var encoded = json;
        if (encoded == null) {
            encoded = json(null, false);
            json = encoded;
        }
        return encoded;
    }

    @Override
    public byte[] json(@Nullable Set<String> wanted, boolean numbersAsText) {
        return columns.json(key, cells(), wanted, numbersAsText);
    }
}
