package dev.sluice.projection.row;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.sluice.expression.Decimal;
import dev.sluice.expression.RowFormula;
import dev.sluice.expression.Time;
import dev.sluice.log.Failure;
import dev.sluice.projection.definition.Aggregate;
import dev.sluice.projection.definition.Aggregate.Latest;
import dev.sluice.projection.definition.Aggregate.Mean;
import dev.sluice.projection.definition.Aggregate.Members;
import dev.sluice.projection.definition.Aggregate.Placed;
import dev.sluice.projection.definition.Definition;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The columns of a view: names, empty cells, and both forms of a row: as stored and as JSON. Immutable. */
public final class Columns {
    private static final int DUE = 'E';
    private static final int DELETED = 'X';

    private final Map<String, Integer> indexes = new HashMap<>();
    private final List<String> names = new ArrayList<>();
    private final RowFormula[] formulas;
    private final List<Definition.Column> stored;
    private final @Nullable Object[] empty;

    /** @param derived each computed from columns and those before it */
    public Columns(List<Definition.Column> columns, List<Definition.Derived> derived) {
        stored = columns;
        formulas = new RowFormula[derived.size()];
        empty = new Object[columns.size()];
        for (int i = 0; i < columns.size(); i++) {
            add(columns.get(i).name());
            empty[i] = columns.get(i).empty();
        }
        for (int i = 0; i < formulas.length; i++) {
            formulas[i] = RowFormula.compile(derived.get(i).expression(), indexes.keySet());
            add(derived.get(i).name());
        }
    }

    private void add(String name) {
        indexes.put(name, names.size());
        names.add(name);
    }

    /** Of all columns, those derived last. */
    public List<String> names() {
        return Collections.unmodifiableList(names);
    }

    /** Without those derived. */
    public List<Definition.Column> stored() {
        return stored;
    }

    int count() {
        return empty.length;
    }

    public String name(int column) {
        return names.get(column);
    }

    /** What readers see of a row's column, null when there is none of that name: {@link Aggregate#shown}. */
    public @Nullable Object shown(String column, String key, @Nullable Object[] cells) {
        int index = indexes.getOrDefault(column, -1);
        return index < 0 ? null : index < cells.length ? Aggregate.shown(cells[index]) : shown(key, cells)[index];
    }

    /** What readers see of a row: its columns, then those derived of them. */
    private @Nullable Object[] shown(String key, @Nullable Object[] cells) {
        var shown = new Object[names.size()];
        for (int i = 0; i < cells.length; i++) {
            shown[i] = Aggregate.shown(cells[i]);
        }
        for (int i = 0; i < formulas.length; i++) {
            shown[cells.length + i] = formulas[i].value(name -> name.equals("key") ? key : known(name, shown));
        }
        return shown;
    }

    private @Nullable Object known(String name, @Nullable Object[] shown) {
        int index = indexes.getOrDefault(name, -1);
        return index < 0 ? null : shown[index];
    }

    /** The cells of a row that no event has reached; not to be changed. */
    public @Nullable Object[] empty() {
        return empty;
    }

    /** As {@link Row#json(Set, boolean)}. */
    public byte[] json(String key, @Nullable Object[] cells, @Nullable Set<String> wanted, boolean numbersAsText) {
        var values = shown(key, cells);
        var text = new StringBuilder(32 * values.length).append('{');
        for (int i = 0; i < values.length; i++) {
            if (wanted == null || wanted.contains(names.get(i))) {
                text.append(text.length() == 1 ? "\"" : ",\"")
                        .append(names.get(i))
                        .append("\":");
                append(text, values[i], numbersAsText);
            }
        }
        return text.append('}').toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void append(StringBuilder text, @Nullable Object shown, boolean numbersAsText) {
        if (shown instanceof String || shown instanceof Time || numbersAsText && shown instanceof Decimal) {
            text.append('"');
            JsonStringEncoder.getInstance().quoteAsString(shown.toString(), text);
            text.append('"');
        } else if (shown instanceof List<?> values) {
            for (int i = 0; i < values.size(); i++) {
                text.append(i == 0 ? '[' : ',');
                append(text, values.get(i), numbersAsText);
            }
            text.append(values.isEmpty() ? "[]" : "]");
        } else {
            text.append(shown);
        }
    }

    /** Writes the stored form: change number, when it is due unless that is never (Long.MAX_VALUE), cells. */
    public void encode(ByteWriter out, long change, long dueMicros, @Nullable Object[] cells) {
        out.clear().varint(change);
        if (dueMicros != Long.MAX_VALUE) {
            out.u8(DUE).zigzag(dueMicros);
        }
        for (var cell : cells) {
            writeCell(out, cell);
        }
    }

    /** Writes the stored form of a deleted row: change number, when it may be forgotten. */
    public static void encodeDeleted(ByteWriter out, long change, long dueMicros) {
        out.clear().varint(change).u8(DELETED).zigzag(dueMicros);
    }

    /**
     * What is stored of a row.
     *
     * @param change the number of the commit that last changed it
     * @param dueMicros when it is to be deleted or, deleted, forgotten; Long.MAX_VALUE: never
     * @param cells null when it is deleted
     */
    record Stored(long change, long dueMicros, @Nullable Object @Nullable [] cells) {
        boolean isDeleted() {
            return cells == null;
        }
    }

    /** Scalars one after the other. */
    public static byte[] writeScalars(ByteWriter out, @Nullable Object[] values) {
        out.clear();
        for (var value : values) {
            writeScalar(out, value);
        }
        return out.toBytes();
    }

    static @Nullable Object[] readScalars(byte[] stored, int count) {
        return readScalars(new ByteReader(stored), count);
    }

    public static @Nullable Object[] readScalars(ByteReader in, int count) {
        var values = new Object[count];
        for (int i = 0; i < count; i++) {
            values[i] = readScalar(in, in.u8());
        }
        return values;
    }

    private static void writeCell(ByteWriter out, @Nullable Object cell) {
        if (cell instanceof Long count) {
            out.u8('c').varint(count);
        } else if (cell instanceof Placed placed) {
            out.u8('p');
            writePlaced(out, placed);
        } else if (cell instanceof Members members) {
            out.u8('S').varint(members.values().size());
            members.values().forEach(value -> writeScalar(out, value));
        } else if (cell instanceof Latest latest) {
            out.u8('L').varint(latest.values().size());
            latest.values().forEach(value -> writePlaced(out, value));
        } else if (cell instanceof List<?> values) {
            out.u8('A').varint(values.size());
            values.forEach(value -> writeScalar(out, value));
        } else if (cell instanceof Mean mean) {
            out.u8('m').varint(mean.count());
            writeScalar(out, mean.sum());
        } else {
            writeScalar(out, cell);
        }
    }

    private static void writePlaced(ByteWriter out, Placed placed) {
        out.zigzag(placed.recordedMicros()).varint(placed.shard()).varint(placed.offset());
        writeScalar(out, placed.value());
    }

    private static void writeScalar(ByteWriter out, @Nullable Object value) {
        if (value == null) {
            out.u8('0');
        } else if (value instanceof Decimal number) {
            if (number.isCompact()) {
                out.u8('d').varint(number.scale()).zigzag(number.unscaled());
            } else {
                var big = number.toBigDecimal();
                out.u8('D').varint(big.scale()).sized(big.unscaledValue().toByteArray());
            }
        } else if (value instanceof String text) {
            out.u8('s').text(text);
        } else if (value instanceof Boolean truth) {
            out.u8(truth ? 'T' : 'F');
        } else {
            out.u8('t').zigzag(((Time) value).micros());
        }
    }

    /** Reads the stored form. */
    public Stored decode(ByteReader in) {
        long change = in.varint();
        int tag = in.u8();
        if (tag == DELETED) {
            return new Stored(change, in.zigzag(), null);
        }
        long due = Long.MAX_VALUE;
        if (tag == DUE) {
            due = in.zigzag();
            tag = in.u8();
        }
        var cells = new Object[empty.length];
        for (int i = 0; i < cells.length; i++) {
            cells[i] = readCell(in, i == 0 ? tag : in.u8());
        }
        return new Stored(change, due, cells);
    }

    private static @Nullable Object readCell(ByteReader in, int tag) {
        return switch (tag) {
            case 'c' -> in.varint();
            case 'p' -> readPlaced(in);
            case 'S' -> new Members(readValues(in));
            case 'A' -> readValues(in);
            case 'L' -> {
                var values = new Placed[(int) in.varint()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = readPlaced(in);
                }
                yield new Latest(List.of(values));
            }
            case 'm' -> {
                long count = in.varint();
                yield new Mean((Decimal) present(readScalar(in, in.u8())), count);
            }
            default -> readScalar(in, tag);
        };
    }

    private static List<Object> readValues(ByteReader in) {
        var values = new Object[(int) in.varint()];
        for (int i = 0; i < values.length; i++) {
            values[i] = present(readScalar(in, in.u8()));
        }
        return List.of(values);
    }

    private static Placed readPlaced(ByteReader in) {
        long micros = in.zigzag();
        int shard = (int) in.varint();
        long offset = in.varint();
        return new Placed(present(readScalar(in, in.u8())), micros, shard, offset);
    }

    private static @Nullable Object readScalar(ByteReader in, int tag) {
        return switch (tag) {
            case '0' -> null;
            case 'd' -> {
                int scale = (int) in.varint();
                yield Decimal.of(in.zigzag(), scale);
            }
            case 'D' -> {
                int scale = (int) in.varint();
                yield Decimal.of(new BigDecimal(new BigInteger(in.sized()), scale));
            }
            case 's' -> in.text();
            case 'T' -> true;
            case 'F' -> false;
            case 't' -> new Time(in.zigzag());
            default -> throw Failure.of(Failure.Kind.CORRUPT, "found a cell of kind " + tag + ", expected a known one");
        };
    }

    private static Object present(@Nullable Object value) {
        if (value == null) {
            throw Failure.of(Failure.Kind.CORRUPT, "found a cell without its value, expected one");
        }
        return value;
    }
}
