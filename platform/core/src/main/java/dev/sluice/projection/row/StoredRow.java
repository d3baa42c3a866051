package dev.sluice.projection.row;

import dev.sluice.expression.Decimal;
import dev.sluice.expression.Time;
import dev.sluice.projection.definition.Aggregate;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A row as some commit left it. A deleted row is one as well, until nobody can ask any more what changed since before it was deleted. Immutable.
 */
public final class StoredRow implements Row {
    private static final int ROW_BYTES = 100;

    private final Columns columns;
    private final byte[] image;
    private @Nullable String key; // a race decodes it twice
    private byte @Nullable [] json; // a race encodes it twice, to the same bytes

    /** @param image a {@link RowImage} */
    public StoredRow(Columns columns, byte[] image) {
        this.columns = columns;
        this.image = image;
    }

    public Columns columns() {
        return columns;
    }

    public String key() {
        var decoded = key;
        if (decoded == null) {
            decoded = RowImage.key(image, 0);
            key = decoded;
        }
        return decoded;
    }

    public byte[] image() {
        return image;
    }

    public boolean isDeleted() {
        return read().isDeleted();
    }

    /** What readers see of a column: {@link Aggregate#shown}. */
    @Nullable
    Object shown(String column) {
        return columns.shown(column, key(), cells());
    }

    /** A copy of the cells; of a row that is not deleted. */
    public @Nullable Object[] cells() {
        return columns.read(read().cells());
    }

    /** What is stored. */
    Columns.Stored read() {
        return Columns.stored(new ByteReader(image, RowImage.storedAt(image, 0)));
    }

    /** The change number of the commit that last changed it. */
    public long change() {
        return new ByteReader(image, RowImage.storedAt(image, 0)).varint();
    }

    /** By their keys. */
    static int compareKeys(StoredRow left, StoredRow right) {
        return RowImage.compareKeys(left.image, 0, right.image, 0);
    }

    /** Together with what leads to it. */
    @Override
    public int weight() {
        return ROW_BYTES + image.length;
    }

    /** A column as conditions see it; {@code key} is the row's key. */
    public @Nullable Object column(String column) {
        return column.equals("key") ? key() : get(column);
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
        return columns.json(key(), cells(), wanted, numbersAsText);
    }
}
