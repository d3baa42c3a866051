package dev.sluice.projection.definition;

import dev.sluice.expression.Decimal;
import dev.sluice.expression.Values;
import dev.sluice.log.Failure;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How the values of many events become one cell. A cell is null, a scalar ({@link Decimal}, String, Boolean, Time), a Long
 * ({@link #COUNT}), a {@link Placed}, a {@link Mean}, {@link Members} or the {@link Latest}; cells are immutable. Null values are
 * ignored. The cell depends only on which events were folded, never on the order in which shards were interleaved.
 */
public enum Aggregate {
    COUNT,
    SUM,
    MIN,
    MAX,
    FIRST,
    LAST,
    AVG,
    SET,
    LIST;

    public static final int MAX_MEMBERS = 1_000;

    /** A value and where its event stands, by which first and last choose. */
    public record Placed(Object value, long recordedMicros, int shard, long offset) {
        int compareTo(long otherMicros, int otherShard, long otherOffset) {
            return compare(recordedMicros, shard, offset, otherMicros, otherShard, otherOffset);
        }

        /** The order of two places. */
        public static int compare(
                long micros, int shard, long offset, long otherMicros, int otherShard, long otherOffset) {
            int order = Long.compare(micros, otherMicros);
            if (order == 0) {
                order = Integer.compare(shard, otherShard);
            }
            return order == 0 ? Long.compare(offset, otherOffset) : order;
        }
    }

    /** Sum and number of values. */
    public record Mean(Decimal sum, long count) {
        Decimal value() {
            return sum.dividedBy(Decimal.of(count));
        }
    }

    /** Values, each once, in the order of {@link Values#compareAny}. */
    public record Members(List<Object> values) {
        static final Members NONE = new Members(List.of());

        Members plus(Object value) {
            int at = Collections.binarySearch(values, value, Values::compareAny);
            if (at >= 0) {
                return this;
            }
            if (values.size() == MAX_MEMBERS) {
                throw Failure.of(
                        Failure.Kind.EVALUATION_FAILED,
                        "found a set of " + MAX_MEMBERS + " values that lacks one more, which is the most it may hold");
            }
            var more = new ArrayList<>(values);
            more.add(-at - 1, value);
            return new Members(Collections.unmodifiableList(more));
        }
    }

    /** The last values, the oldest first. */
    public record Latest(List<Placed> values) {
        static final Latest NONE = new Latest(List.of());

        Latest plus(Placed value, int size) {
            int at = values.size();
            while (at > 0 && values.get(at - 1).compareTo(value.recordedMicros, value.shard, value.offset) > 0) {
                at--;
            }
            if (at == 0 && values.size() == size) {
                return this;
            }
            var more = new ArrayList<>(values);
            more.add(at, value);
            return new Latest(Collections.unmodifiableList(more.size() > size ? more.subList(1, more.size()) : more));
        }
    }

    /** The name in definitions. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    public boolean takesNumbers() {
        return this == SUM || this == AVG;
    }

    /** Whether readers see a list. */
    boolean isList() {
        return this == SET || this == LIST;
    }

    /** The cell of a row that has seen no value. */
    @Nullable
    Object empty() {
        return switch (this) {
            case COUNT -> 0L;
            case SUM -> Decimal.ZERO;
            case MIN, MAX, FIRST, LAST, AVG -> null;
            case SET -> Members.NONE;
            case LIST -> Latest.NONE;
        };
    }

    /**
     * The cell after one more event; EVALUATION_FAILED when a number gets too many digits, a set too many values.
     *
     * @param size most values of a {@link #LIST}
     */
    public @Nullable Object step(
            @Nullable Object cell, @Nullable Object value, int size, long recordedMicros, int shard, long offset) {
        if (this == COUNT) {
            return cell == null ? 1L : (Long) cell + 1;
        }
        if (value == null) {
            return cell;
        }
        if (this == SET) {
            return (cell == null ? Members.NONE : (Members) cell).plus(value);
        }
        if (this == LIST) {
            return (cell == null ? Latest.NONE : (Latest) cell)
                    .plus(new Placed(value, recordedMicros, shard, offset), size);
        }
        if (cell == null && this != FIRST && this != LAST) {
            return this == AVG ? new Mean((Decimal) value, 1) : value;
        }
        return switch (this) {
            case COUNT, SET, LIST -> throw new AssertionError("done above");
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

    /** What a reader of the row sees: null, {@link Decimal}, String, Boolean, Time, or a list of them. */
    public static @Nullable Object shown(@Nullable Object cell) {
        if (cell instanceof Long count) {
            return Decimal.of(count);
        }
        if (cell instanceof Placed placed) {
            return placed.value();
        }
        if (cell instanceof Members members) {
            return members.values();
        }
        if (cell instanceof Latest latest) {
            return latest.values().stream().map(Placed::value).toList();
        }
        return cell instanceof Mean mean ? mean.value() : cell;
    }
}
