package dev.sluice.projection;

import dev.sluice.expression.Condition;
import dev.sluice.expression.Evaluator;
import dev.sluice.expression.EventFacts;
import dev.sluice.expression.EventSlots;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one event type does to one table, compiled. For the fold thread. */
final class FoldClause {
    private static final int MAX_ELEMENTS = 10_000;

    private final Table table;
    private final Definition.From from;
    private final @Nullable Condition where;
    private final @Nullable Evaluator each;
    private final RowKey key;
    private final int[] columns;
    private final Aggregate[] aggregates;
    private final int[] sizes;
    private final @Nullable Evaluator[] arguments;
    private final @Nullable Object[] results;

    FoldClause(Table table, Definition.Clause clause, EventSlots slots) {
        this.table = table;
        var definition = table.definition();
        from = definition.from();
        where = definition.where() == null ? null : slots.compileCondition(definition.where());
        var variables = clause.variables();
        var fanOut = clause.each();
        each = fanOut == null ? null : slots.compileList(fanOut.list());
        key = new RowKey(clause.keyOr(definition.key()), slots, variables);
        int count = clause.assignments().size();
        columns = new int[count];
        aggregates = new Aggregate[count];
        sizes = new int[count];
        arguments = new Evaluator[count];
        results = new Object[count];
        for (int i = 0; i < count; i++) {
            var assignment = clause.assignments().get(i);
            columns[i] = assignment.column();
            var column = definition.columns().get(assignment.column());
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
        try {
            if (where != null && !where.holds(facts)) {
                return Outcome.FILTERED;
            }
        } catch (Failure failure) {
            throw refused("where: ", failure);
        }
        if (each == null) {
            foldOnce(facts, event);
        } else {
            foldEach(each, facts, event);
        }
        return Outcome.FOLDED;
    }

    private void foldOnce(EventFacts facts, RecordedEvent event) throws Refused {
        String rowKey = rowKey(facts, event);
        var entry = table.entry(rowKey);
        var cells = table.cells(entry);
        steps(cells, facts, event);
        table.touch(rowKey, entry, cells);
    }

    /** Folds the elements into copies of their rows, so that none counts when one is refused. */
    private void foldEach(Evaluator list, EventFacts facts, RecordedEvent event) throws Refused {
        var staged = new LinkedHashMap<String, @Nullable Object[]>();
        for (Object element : elements(list, facts)) {
            facts.element(element);
            String rowKey = rowKey(facts, event);
            var cells = staged.get(rowKey);
            if (cells == null) {
                cells = table.cells(table.entry(rowKey)).clone();
                staged.put(rowKey, cells);
            }
            steps(cells, facts, event);
        }
        staged.forEach((rowKey, cells) -> {
            var entry = table.entry(rowKey);
            var live = table.cells(entry);
            System.arraycopy(cells, 0, live, 0, cells.length);
            table.touch(rowKey, entry, live);
        });
    }

    private List<?> elements(Evaluator list, EventFacts facts) throws Refused {
        try {
            var elements = (List<?>) list.evaluate(facts);
            if (elements == null) {
                table.tally().nullIgnored();
                return List.of();
            }
            if (elements.size() > MAX_ELEMENTS) {
                throw Failure.of(
                        Failure.Kind.EVALUATION_FAILED,
                        "found " + elements.size() + " elements, expected at most " + MAX_ELEMENTS);
            }
            return elements;
        } catch (Failure failure) {
            throw refused("each: ", failure);
        }
    }

    private String rowKey(EventFacts facts, RecordedEvent event) throws Refused {
        try {
            return key.of(facts, event);
        } catch (Failure failure) {
            throw refused("key: ", failure);
        }
    }

    /** Changes all cells or, with a {@link Refused}, none. */
    private void steps(@Nullable Object[] cells, EventFacts facts, RecordedEvent event) throws Refused {
        try {
            for (int i = 0; i < columns.length; i++) {
                results[i] = step(i, cells[columns[i]], facts, event);
            }
        } catch (Failure failure) {
            throw refused("", failure);
        }
        for (int i = 0; i < columns.length; i++) {
            cells[columns[i]] = results[i];
        }
    }

    private static Refused refused(String part, Failure failure) {
        if (failure.kind() != Failure.Kind.EVALUATION_FAILED) {
            throw failure;
        }
        return new Refused(part, failure);
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

    /** An event that a clause cannot fold. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        private Refused(String where, Failure failure) {
            super(where + failure.getMessage(), null, false, false);
        }
    }
}
