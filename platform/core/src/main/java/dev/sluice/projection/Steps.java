package dev.sluice.projection;

import dev.sluice.expression.Evaluator;
import dev.sluice.expression.EventFacts;
import dev.sluice.expression.EventSlots;
import dev.sluice.expression.Variable;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.definition.Aggregate;
import dev.sluice.projection.definition.Definition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The columns that a clause changes, compiled. For the fold thread. */
final class Steps {
    private final Table table;
    private final int[] columns;
    private final Aggregate[] aggregates;
    private final int[] sizes;
    private final @Nullable Evaluator[] arguments;
    private final @Nullable Object[] results;

    Steps(Table table, Definition.Clause clause, EventSlots slots, List<Variable> variables) {
        this.table = table;
        int count = clause.assignments().size();
        columns = new int[count];
        aggregates = new Aggregate[count];
        sizes = new int[count];
        arguments = new Evaluator[count];
        results = new Object[count];
        for (int i = 0; i < count; i++) {
            var assignment = clause.assignments().get(i);
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

    private @Nullable Object step(int i, @Nullable Object cell, EventFacts facts, RecordedEvent event) {
        var argument = arguments[i];
        try {
            var value = argument == null ? null : argument.evaluate(facts);
            if (value == null && argument != null) {
                table.tally().nullIgnored();
            }
            return aggregates[i].step(cell, value, sizes[i], event.recordedMicros(), event.shard(), event.offset());
        } catch (Failure failure) {
            throw Failure.of(
                    failure.kind(),
                    "column " + table.columns().name(columns[i]) + ", " + aggregates[i].word() + "(): "
                            + failure.getMessage());
        }
    }
}
