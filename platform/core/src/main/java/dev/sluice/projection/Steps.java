package dev.sluice.projection;

import dev.sluice.expression.Evaluator;
import dev.sluice.expression.EventFacts;
import dev.sluice.expression.EventSlots;
import dev.sluice.expression.Variable;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.definition.Aggregate;
import dev.sluice.projection.definition.Definition;
import dev.sluice.projection.row.ByteReader;
import dev.sluice.projection.row.ByteWriter;
import dev.sluice.projection.row.Cells;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The columns that a clause changes, compiled; what fails first is told, in the order of columns. For the fold thread. */
final class Steps {
    private final Table table;
    private final int width;
    /** The stored cells of a row that no event has reached. */
    private final byte[] empty;

    private final int[] columns;
    private final Aggregate[] aggregates;
    private final int[] sizes;
    private final @Nullable Evaluator[] arguments;
    private final @Nullable Object[] results;

    Steps(Table table, Definition.Clause clause, EventSlots slots, List<Variable> variables) {
        this.table = table;
        width = table.definition().columns().size();
        var assignments = clause.assignments().stream()
                .sorted(Comparator.comparingInt(Definition.Assignment::index))
                .toList();
        var encoder = new ByteWriter();
        table.columns().write(encoder, table.columns().empty());
        empty = encoder.toBytes();
        int count = assignments.size();
        columns = new int[count];
        aggregates = new Aggregate[count];
        sizes = new int[count];
        arguments = new Evaluator[count];
        results = new Object[count];
        for (int i = 0; i < count; i++) {
            var assignment = assignments.get(i);
            columns[i] = assignment.index();
            var column = assignment.column();
            aggregates[i] = column.aggregate();
            sizes[i] = column.size();
            var argument = assignment.argument();
            if (argument != null) {
                arguments[i] = aggregates[i].takesNumbers()
                        ? slots.compileNumber(argument, variables)
                        : slots.compileScalar(argument, variables);
            }
        }
    }

    /** Changes all cells or, with a Failure that names the column, none. */
    void run(@Nullable Object[] cells, EventFacts facts, RecordedEvent event) {
        for (int i = 0; i < columns.length; i++) {
            results[i] = step(i, cells[columns[i]], facts, event);
        }
        for (int i = 0; i < columns.length; i++) {
            cells[columns[i]] = results[i];
        }
    }

    /** Reads the stored cells of a row, null when it is not there, and writes them changed; with a Failure that names the column what was written is not to be used. */
    void run(@Nullable ByteReader before, ByteWriter out, EventFacts facts, RecordedEvent event) {
        var cells = before == null ? new ByteReader(empty) : before;
        int next = 0;
        for (int column = 0; column < width; column++) {
            if (next == columns.length || columns[next] != column) {
                Cells.copy(cells, out);
                continue;
            }
            int i = next++;
            try {
                Cells.step(
                        aggregates[i],
                        cells,
                        out,
                        value(i, facts),
                        sizes[i],
                        event.recordedMicros(),
                        event.shard(),
                        event.offset());
            } catch (Failure failure) {
                throw named(i, failure);
            }
        }
    }

    private @Nullable Object step(int i, @Nullable Object cell, EventFacts facts, RecordedEvent event) {
        try {
            return aggregates[i].step(
                    cell, value(i, facts), sizes[i], event.recordedMicros(), event.shard(), event.offset());
        } catch (Failure failure) {
            throw named(i, failure);
        }
    }

    private @Nullable Object value(int i, EventFacts facts) {
        var argument = arguments[i];
        if (argument == null) {
            return null;
        }
        var value = argument.evaluate(facts);
        if (value == null) {
            table.tally().nullIgnored();
        }
        return value;
    }

    private Failure named(int i, Failure failure) {
        return Failure.of(
                failure.kind(),
                "column " + table.columns().name(columns[i]) + ", " + aggregates[i].word() + "(): "
                        + failure.getMessage());
    }
}
