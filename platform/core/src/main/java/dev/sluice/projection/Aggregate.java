package dev.sluice.projection;

import dev.sluice.expression.Decimal;
import dev.sluice.expression.Values;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How the values of many events become one cell. A cell is null, a scalar ({@link Decimal}, String, Boolean, Time), a Long
 * ({@link #COUNT}), a {@link Placed} or a {@link Mean}; cells are immutable. Null values are ignored. The cell depends only on
 * which events were folded, never on the order in which shards were interleaved.
 */
enum Aggregate {
    COUNT,
    SUM,
    MIN,
    MAX,
    FIRST,
    LAST,
    AVG;

    /** A value and where its event stands, by which first and last choose. */
    record Placed(Object value, long recordedMicros, int shard, long offset) {
        int compareTo(long otherMicros, int otherShard, long otherOffset) {
            int order = Long.compare(recordedMicros, otherMicros);
            if (order == 0) {
                order = Integer.compare(shard, otherShard);
            }
            return order == 0 ? Long.compare(offset, otherOffset) : order;
        }
    }

    /** Sum and number of values. */
    record Mean(Decimal sum, long count) {
        Decimal value() {
            return sum.dividedBy(Decimal.of(count));
        }
    }

    /** The name in definitions. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    boolean takesNumbers() {
        return this == SUM || this == AVG;
    }

    /** The cell of a row that has seen no value. */
    @Nullable
    Object empty() {
        return switch (this) {
            case COUNT -> 0L;
            case SUM -> Decimal.ZERO;
            case MIN, MAX, FIRST, LAST, AVG -> null;
        };
    }

    /** The cell after one more event; EVALUATION_FAILED when a number gets too many digits. */
    @Nullable
    Object step(@Nullable Object cell, @Nullable Object value, long recordedMicros, int shard, long offset) {
        if (this == COUNT) {
            return cell == null ? 1L : (Long) cell + 1;
        }
        if (value == null) {
            return cell;
        }
        if (cell == null && this != FIRST && this != LAST) {
            return this == AVG ? new Mean((Decimal) value, 1) : value;
        }
        return switch (this) {
            case COUNT -> throw new AssertionError("counted above");
            case SUM -> ((Decimal) cell(cell)).plus((Decimal) value);
            case MIN -> Values.compareAny(value, cell(cell)) < 0 ? value : cell;
            case MAX -> Values.compareAny(value, cell(cell)) > 0 ? value : cell;
            case FIRST ->
                cell == null || ((Placed) cell).compareTo(recordedMicros, shard, offset) > 0
                        ? new Placed(value, recordedMicros, shard, offset)
                        : cell;
            case LAST ->
                // of two elements of one event the later one
                cell == null || ((Placed) cell).compareTo(recordedMicros, shard, offset) <= 0
                        ? new Placed(value, recordedMicros, shard, offset)
                        : cell;
            case AVG -> {
                var mean = (Mean) cell(cell);
                yield new Mean(mean.sum().plus((Decimal) value), mean.count() + 1);
            }
        };
    }

    private static Object cell(@Nullable Object cell) {
        if (cell == null) {
            throw new AssertionError("an empty cell was handled before");
        }
        return cell;
    }

    /** What a reader of the row sees: null, {@link Decimal}, String, Boolean or Time. */
    static @Nullable Object shown(@Nullable Object cell) {
        if (cell instanceof Long count) {
            return Decimal.of(count);
        }
        if (cell instanceof Placed placed) {
            return placed.value();
        }
        return cell instanceof Mean mean ? mean.value() : cell;
    }
}
