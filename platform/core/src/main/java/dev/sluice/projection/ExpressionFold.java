package dev.sluice.projection;

import dev.sluice.expression.Evaluator;
import dev.sluice.expression.EventFacts;
import dev.sluice.expression.EventSlots;
import dev.sluice.log.Append;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.FoldClause.Refused;
import dev.sluice.projection.definition.Definition;
import dev.sluice.projection.definition.Definition.Deed;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A clause of expressions: the event, or each element of a list in it, changes or deletes a row. For the fold thread. */
final class ExpressionFold implements RowFold {
    static final int MAX_ELEMENTS = 10_000;

    private final Table table;
    private final @Nullable Alerts alerts;
    private final Deed deed;
    private final @Nullable Evaluator each;
    private final int elementVariable;
    private final RowKey key;
    private final Steps steps;

    ExpressionFold(Table table, Definition.Clause clause, EventSlots slots) {
        this.table = table;
        alerts = table.alerts();
        var definition = table.definition();
        deed = clause.deed();
        var fanOut = clause.each();
        each = fanOut == null ? null : slots.compileList(fanOut.list(), definition.variables(null));
        var variables = definition.variables(fanOut);
        elementVariable = variables.size() - 1;
        key = new RowKey(clause.keyOr(definition.key()), slots, variables);
        steps = new Steps(table, clause, slots, variables);
    }

    @Override
    public void expect(EventFacts facts) {
        if (each == null) {
            try {
                table.expect(key.of(facts));
            } catch (Failure untold) {
                return; // folding it says what is wrong
            }
        }
    }

    @Override
    public void fold(EventFacts facts, RecordedEvent event, long dueMicros, @Nullable Object[] carried) throws Refused {
        if (each == null && alerts == null) {
            foldOnce(facts, event, dueMicros, carried);
        } else {
            foldStaged(facts, event, dueMicros, carried);
        }
    }

    private void foldOnce(EventFacts facts, RecordedEvent event, long due, @Nullable Object[] carried) throws Refused {
        String rowKey = rowKey(facts, Set.of(), carried);
        var draft = table.draft(rowKey);
        if (deed == Deed.DELETE) {
            table.batch().delete(draft);
            return;
        }
        try {
            table.batch().fold(draft, steps, facts, event, due);
        } catch (Failure failure) {
            throw FoldClause.refused("", failure, rowKey, Set.of(rowKey), carried);
        }
    }

    /** Folds into copies of the rows, so that none counts when an element, or an alert, is refused. */
    private void foldStaged(EventFacts facts, RecordedEvent event, long due, @Nullable Object[] carried)
            throws Refused {
        var staged = new LinkedHashMap<String, @Nullable Object[]>();
        if (each == null) {
            stage(staged, facts, event, carried);
        } else {
            for (Object element : elements(each, facts, carried)) {
                facts.variable(elementVariable, element);
                stage(staged, facts, event, carried);
            }
        }
        if (alerts != null && deed == Deed.FOLD) {
            alerts.raise(alerts(alerts, staged, event, carried));
        }
        staged.forEach((rowKey, cells) -> {
            var draft = table.draft(rowKey);
            if (deed == Deed.DELETE) {
                table.batch().delete(draft);
            } else {
                table.batch().touch(draft, cells, due);
            }
        });
    }

    private void stage(
            Map<String, @Nullable Object[]> staged, EventFacts facts, RecordedEvent event, @Nullable Object[] carried)
            throws Refused {
        String rowKey = rowKey(facts, staged.keySet(), carried);
        var cells = staged.get(rowKey);
        if (cells == null) {
            cells = cells(rowKey, event).clone();
            staged.put(rowKey, cells);
        }
        if (deed == Deed.FOLD) {
            step(cells, facts, event, carried, rowKey);
        }
    }

    private @Nullable Object[] cells(String rowKey, RecordedEvent event) {
        return table.batch().cells(table.draft(rowKey), event.recordedMicros());
    }

    private List<Append> alerts(
            Alerts raising, Map<String, @Nullable Object[]> staged, RecordedEvent event, @Nullable Object[] carried)
            throws Refused {
        var raised = new ArrayList<Append>();
        for (var row : staged.entrySet()) {
            String rowKey = row.getKey();
            try {
                var alert = raising.of(event, rowKey, cells(rowKey, event), row.getValue());
                if (alert != null) {
                    raised.add(alert);
                }
            } catch (Failure failure) {
                throw FoldClause.refused("alert.stream: ", failure, rowKey, staged.keySet(), carried);
            }
        }
        return raised;
    }

    private List<?> elements(Evaluator list, EventFacts facts, @Nullable Object[] carried) throws Refused {
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
            throw FoldClause.refused("each: ", failure, null, Set.of(), carried);
        }
    }

    @Override
    public Set<String> keys(EventFacts facts, RecordedEvent event) {
        var keys = new LinkedHashSet<String>();
        try {
            if (each == null) {
                keys.add(key.of(facts));
                return keys;
            }
            for (Object element : elements(each, facts, FoldClause.NOTHING)) {
                facts.variable(elementVariable, element);
                keys.add(key.of(facts));
            }
        } catch (Failure | Refused untold) {
            return keys; // folding it says what is wrong
        }
        return keys;
    }

    private String rowKey(EventFacts facts, Set<String> others, @Nullable Object[] carried) throws Refused {
        try {
            return key.of(facts);
        } catch (Failure failure) {
            throw FoldClause.refused("key: ", failure, null, others, carried);
        }
    }

    private void step(
            @Nullable Object[] cells, EventFacts facts, RecordedEvent event, @Nullable Object[] carried, String rowKey)
            throws Refused {
        try {
            steps.run(cells, facts, event);
        } catch (Failure failure) {
            var keys = each == null ? Set.of(rowKey) : keys(facts, event);
            throw FoldClause.refused("", failure, rowKey, keys, carried);
        }
    }
}
