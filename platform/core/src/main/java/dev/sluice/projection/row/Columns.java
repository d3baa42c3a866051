package dev.sluice.projection.row;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.sluice.expression.Decimal;
import dev.sluice.expression.RowFormula;
import dev.sluice.expression.Time;
import dev.sluice.projection.definition.Aggregate;
import dev.sluice.projection.definition.Definition;
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

    /** Begins the stored form: change number, when it is due unless that is never (Long.MAX_VALUE); the cells follow. */
    public static void begin(ByteWriter out, long change, long dueMicros) {
        out.clear().varint(change);
        if (dueMicros != Long.MAX_VALUE) {
            out.u8(DUE).zigzag(dueMicros);
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
     * @param bytes that it is in; of a row in memory they stay as they are until it changes
     * @param cellsAt where in them its cells begin, 0 when it is deleted
     */
    public record Stored(long change, long dueMicros, byte[] bytes, int cellsAt) {
        boolean isDeleted() {
            return cellsAt == 0;
        }

        /** Stands before the cells of a row that is not deleted. */
        ByteReader cells() {
            if (isDeleted()) {
                throw new IllegalStateException("a deleted row has no cells");
            }
            return new ByteReader(bytes, cellsAt);
        }
    }

    /** Looks at a stored form. */
    public static Stored stored(ByteReader in) {
        long change = in.varint();
        int tag = in.peek();
        if (tag != DELETED && tag != DUE) {
            return new Stored(change, Long.MAX_VALUE, in.bytes(), in.at());
        }
        in.u8();
        long due = in.zigzag();
        return new Stored(change, due, in.bytes(), tag == DELETED ? 0 : in.at());
    }

    /** Writes cells as they are stored. */
    public void write(ByteWriter out, @Nullable Object[] cells) {
        for (var cell : cells) {
            Cells.write(out, cell);
        }
    }

    /** Reads stored cells. */
    @Nullable
    Object[] read(ByteReader in) {
        var cells = new Object[empty.length];
        for (int i = 0; i < cells.length; i++) {
            cells[i] = Cells.read(in);
        }
        return cells;
    }
}
