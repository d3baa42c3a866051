package dev.sluice.projection;

import dev.sluice.expression.Condition;
import dev.sluice.expression.Evaluator;
import dev.sluice.expression.EventFacts;
import dev.sluice.expression.EventSlots;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import org.jspecify.annotations.Nullable;

/** What one event type does to one table, compiled. For the fold thread. */
final class FoldClause {
    private final Table table;
    private final Definition.From from;
    private final @Nullable Condition where;
    private final RowKey key;
    private final int[] columns;
    private final Aggregate[] aggregates;
    private final @Nullable Evaluator[] arguments;
    private final @Nullable Object[] results;

    FoldClause(Table table, Definition.Clause clause, EventSlots slots) {
        this.table = table;
        var definition = table.definition();
        from = definition.from();
        where = definition.where() == null ? null : slots.compileCondition(definition.where());
        key = new RowKey(clause.keyOr(definition.key()), slots);
        int count = clause.assignments().size();
        columns = new int[count];
        aggregates = new Aggregate[count];
        arguments = new Evaluator[count];
        results = new Object[count];
        for (int i = 0; i < count; i++) {
            var assignment = clause.assignments().get(i);
            columns[i] = assignment.column();
            aggregates[i] = definition.columns().get(assignment.column()).aggregate();
            var argument = assignment.argument();
            if (argument != null) {
                arguments[i] =
                        aggregates[i].takesNumbers() ? slots.compileNumber(argument) : slots.compileScalar(argument);
            }
        }
    }

    Table table() {
        return table;
    }

    /** What became of an event. */
    enum Outcome {
        NOT_MEANT,
        FILTERED,
        FOLDED
    }

    /** Folds an event whole or, with a {@link Refused}, not at all. */
    Outcome fold(EventFacts facts, RecordedEvent event, String type) throws Refused {
        if (!from.includes(type, event.stream())) {
            return Outcome.NOT_MEANT;
        }
        String part = "where";
        try {
            if (where != null && !where.holds(facts)) {
                return Outcome.FILTERED;
            }
            part = "key";
            String rowKey = key.of(facts, event);
            var entry = table.entry(rowKey);
            var cells = table.cells(entry);
            part = "";
            for (int i = 0; i < columns.length; i++) {
                results[i] = step(i, cells[columns[i]], facts, event);
            }
            for (int i = 0; i < columns.length; i++) {
                cells[columns[i]] = results[i];
            }
            table.touch(rowKey, entry, cells);
            return Outcome.FOLDED;
        } catch (Failure failure) {
            if (failure.kind() != Failure.Kind.EVALUATION_FAILED) {
                throw failure;
            }
            throw new Refused(part.isEmpty() ? "" : part + ": ", failure);
        }
    }

    private @Nullable Object step(int i, @Nullable Object cell, EventFacts facts, RecordedEvent event) {
        var argument = arguments[i];
        try {
            var value = argument == null ? null : argument.evaluate(facts);
            if (value == null && argument != null) {
                table.tally().nullIgnored();
            }
            return aggregates[i].step(cell, value, event.recordedMicros(), event.shard(), event.offset());
        } catch (Failure failure) {
            throw Failure.of(
                    failure.kind(),
                    "column " + table.columns().name(columns[i]) + ", " + aggregates[i].word() + "(): "
                            + failure.getMessage());
        }
    }

    /** An event that a clause cannot fold. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        private Refused(String where, Failure failure) {
            super(where + failure.getMessage(), null, false, false);
        }
    }
}
