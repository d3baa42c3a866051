package dev.sluice.projection.row;

import dev.sluice.expression.Decimal;
import dev.sluice.expression.Time;
import dev.sluice.projection.definition.Definition.Index;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The orders that a definition keeps. An entry is the column's value in a form whose bytes have the order wanted, and the row's
 * key behind it: null first, then false, true, numbers, times, strings (by their first {@value #MAX_TEXT_BYTES} bytes); descending
 * the other way round; among equals by key. Immutable.
 */
public final class Indexes {
    private static final int MAX_TEXT_BYTES = 256;
    private static final int NULL = 1;
    private static final int FALSE = 2;
    private static final int TRUE = 3;
    private static final int NUMBER = 4;
    private static final int TIME = 5;
    private static final int TEXT = 6;
    private static final int NEGATIVE = 1;
    private static final int ZERO = 2;
    private static final int POSITIVE = 3;
    private static final int EXPONENT_BIAS = 1 << 20;

    private final List<Index> declared;

    public Indexes(List<Index> declared) {
        this.declared = declared;
    }

    public int count() {
        return declared.size();
    }

    public List<Index> declared() {
        return declared;
    }

    /** The entries of a row, one for each index; null when there are none, as of a deleted row. */
    public byte @Nullable [][] entries(@Nullable StoredRow row) {
        if (row == null || row.isDeleted() || declared.isEmpty()) {
            return null;
        }
        var entries = new byte[declared.size()][];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = entry(i, row);
        }
        return entries;
    }

    public byte[] entry(int index, StoredRow row) {
        byte[] value = value(
                row.shown(declared.get(index).column()), declared.get(index).isDescending());
        byte[] key = row.key().getBytes(StandardCharsets.UTF_8);
        byte[] entry = Arrays.copyOf(value, value.length + key.length);
        System.arraycopy(key, 0, entry, value.length, key.length);
        return entry;
    }

    /** A value in a form that ends itself. */
    static byte[] value(@Nullable Object shown, boolean isDescending) {
        var out = new ByteWriter();
        if (shown instanceof Boolean truth) {
            out.u8(truth ? TRUE : FALSE);
        } else if (shown instanceof Decimal number) {
            number(out.u8(NUMBER), number);
        } else if (shown instanceof Time time) {
            out.u8(TIME).u64(time.micros() ^ Long.MIN_VALUE);
        } else if (shown instanceof String text) {
            text(out.u8(TEXT), text);
        } else {
            out.u8(NULL);
        }
        byte[] value = out.toBytes();
        if (isDescending) {
            invert(value);
        }
        return value;
    }

    /** Sign, exponent, digits; of a negative number all that is behind the sign inverted. */
    private static void number(ByteWriter out, Decimal number) {
        var exact = number.toBigDecimal().stripTrailingZeros();
        if (exact.signum() == 0) {
            out.u8(ZERO);
            return;
        }
        var size = new ByteWriter().u32(exact.precision() - exact.scale() + EXPONENT_BIAS);
        for (byte digit : exact.unscaledValue().abs().toString().getBytes(StandardCharsets.US_ASCII)) {
            size.u8(digit);
        }
        byte[] behind = size.u8(0).toBytes();
        if (exact.signum() < 0) {
            invert(behind);
        }
        out.u8(exact.signum() < 0 ? NEGATIVE : POSITIVE).raw(behind);
    }

    /** UTF-8 with 0 as 0 1, ended by 0 0. */
    private static void text(ByteWriter out, String text) {
        byte[] bytes =
                text.substring(0, Math.min(text.length(), MAX_TEXT_BYTES)).getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < Math.min(bytes.length, MAX_TEXT_BYTES); i++) {
            out.u8(bytes[i]);
            if (bytes[i] == 0) {
                out.u8(1);
            }
        }
        out.u8(0).u8(0);
    }

    private static void invert(byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ~bytes[i];
        }
    }
}
