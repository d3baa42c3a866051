package dev.sluice.projection;

import dev.sluice.expression.Condition;
import dev.sluice.expression.Evaluator;
import dev.sluice.expression.EventFacts;
import dev.sluice.expression.EventSlots;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.Definition.Deed;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What one event type does to one table, compiled. For the fold thread. */
final class FoldClause {
    private static final int MAX_ELEMENTS = 10_000;
    private static final @Nullable Object[] NOTHING = {};

    private final Table table;
    private final @Nullable Alerts alerts;
    private final Definition.From from;
    private final Deed deed;
    private final Carry carry;
    private final @Nullable Windowing window;
    private final @Nullable Condition where;
    private final @Nullable Evaluator each;
    private final int elementVariable;
    private final RowKey key;
    private final Steps steps;
    private final long retainMicros;

    FoldClause(Table table, Definition.Clause clause, EventSlots slots) {
        this.table = table;
        alerts = table.alerts();
        var definition = table.definition();
        from = definition.from();
        deed = clause.deed();
        retainMicros = definition.retainMicros();
        carry = new Carry(table, clause.type(), slots);
        var windowed = definition.window();
        var common = definition.variables(null);
        window = windowed == null ? null : new Windowing(windowed, retainMicros, common.size() - 1);
        where = definition.where() == null ? null : slots.compileCondition(definition.where(), common);
        var fanOut = clause.each();
        each = fanOut == null ? null : slots.compileList(fanOut.list(), common);
        var variables = definition.variables(fanOut);
        elementVariable = variables.size() - 1;
        key = new RowKey(clause.keyOr(definition.key()), slots, variables);
        steps = new Steps(table, clause, slots, variables);
    }

    Table table() {
        return table;
    }

    /** What became of an event. */
    enum Outcome {
        NOT_MEANT,
        FILTERED,
        LATE,
        PARKED,
        FOLDED
    }

    /** Folds an event whole or, with a {@link Refused}, not at all; what it leaves to carry is remembered in any case. */
    Outcome fold(EventFacts facts, RecordedEvent event, String type) throws Refused {
        if (!from.includes(event, type)) {
            return Outcome.NOT_MEANT;
        }
        var carried = carry.of(facts, event);
        return deed == Deed.NONE ? Outcome.NOT_MEANT : fold(facts, event, carried, true);
    }

    /** Folds an event that was held back, with what its stream had left to carry then. */
    Outcome foldHeld(EventFacts facts, RecordedEvent event, @Nullable Object[] carried) throws Refused {
        carry.give(facts, carried);
        return fold(facts, event, carried, false);
    }

    /** @param mayPark whether it waits when another event of its row is held back */
    private Outcome fold(EventFacts facts, RecordedEvent event, @Nullable Object[] carried, boolean mayPark)
            throws Refused {
        long due = Long.MAX_VALUE;
        try {
            if (window != null) {
                var at = window.of(facts, event);
                if (at == null) {
                    return Outcome.LATE;
                }
                due = retainMicros == 0 ? due : at.endMicros() + retainMicros;
            } else if (retainMicros > 0) {
                due = event.recordedMicros() + retainMicros;
            }
            if (where != null && !where.holds(facts)) {
                return Outcome.FILTERED;
            }
        } catch (Failure failure) {
            throw refused("where: ", failure, Set.of(), carried);
        }
        if (mayPark && !table.parking().isEmpty()) {
            var keys = keys(facts, event);
            for (String rowKey : keys) {
                var blocker = table.parking().blocker(rowKey);
                if (blocker != null) {
                    table.parking().hold(event.position(), keys, carried, blocker.position());
                    return Outcome.PARKED;
                }
            }
        }
        if (each == null) {
            foldOnce(facts, event, due, carried);
        } else {
            foldEach(each, facts, event, due, carried);
        }
        return Outcome.FOLDED;
    }

    private void foldOnce(EventFacts facts, RecordedEvent event, long due, @Nullable Object[] carried) throws Refused {
        String rowKey = rowKey(facts, event, Set.of(), carried);
        var draft = table.draft(rowKey);
        if (deed == Deed.DELETE) {
            table.delete(draft);
            return;
        }
        var cells = table.cells(draft, event.recordedMicros());
        boolean wasAlerting = alerts != null && alerts.isMet(rowKey, cells);
        step(cells, facts, event, carried, rowKey);
        table.touch(draft, cells, due);
        alert(wasAlerting, event, rowKey, cells);
    }

    /** Folds the elements into copies of their rows, so that none counts when one is refused. */
    private void foldEach(Evaluator list, EventFacts facts, RecordedEvent event, long due, @Nullable Object[] carried)
            throws Refused {
        var staged = new LinkedHashMap<String, @Nullable Object[]>();
        for (Object element : elements(list, facts, carried)) {
            facts.variable(elementVariable, element);
            String rowKey = rowKey(facts, event, staged.keySet(), carried);
            var cells = staged.get(rowKey);
            if (cells == null) {
                cells = table.cells(table.draft(rowKey), event.recordedMicros()).clone();
                staged.put(rowKey, cells);
            }
            if (deed == Deed.FOLD) {
                step(cells, facts, event, carried, rowKey);
            }
        }
        staged.forEach((rowKey, cells) -> {
            var draft = table.draft(rowKey);
            if (deed == Deed.DELETE) {
                table.delete(draft);
                return;
            }
            var live = table.cells(draft, event.recordedMicros());
            boolean wasAlerting = alerts != null && alerts.isMet(rowKey, live);
            System.arraycopy(cells, 0, live, 0, cells.length);
            table.touch(draft, live, due);
            alert(wasAlerting, event, rowKey, live);
        });
    }

    private void alert(boolean wasAlerting, RecordedEvent event, String rowKey, @Nullable Object[] cells) {
        if (alerts != null && !wasAlerting && alerts.isMet(rowKey, cells)) {
            alerts.raise(event, rowKey, cells);
        }
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
            throw refused("each: ", failure, Set.of(), carried);
        }
    }

    /** The keys of all rows that an event is for, as far as they can be told. */
    Set<String> keys(EventFacts facts, RecordedEvent event) {
        var keys = new LinkedHashSet<String>();
        try {
            if (each == null) {
                keys.add(key.of(facts, event));
                return keys;
            }
            for (Object element : elements(each, facts, NOTHING)) {
                facts.variable(elementVariable, element);
                keys.add(key.of(facts, event));
            }
        } catch (Failure | Refused untold) {
            return keys; // folding it says what is wrong
        }
        return keys;
    }

    private String rowKey(EventFacts facts, RecordedEvent event, Set<String> others, @Nullable Object[] carried)
            throws Refused {
        try {
            return key.of(facts, event);
        } catch (Failure failure) {
            throw refused("key: ", failure, others, carried);
        }
    }

    private void step(
            @Nullable Object[] cells, EventFacts facts, RecordedEvent event, @Nullable Object[] carried, String rowKey)
            throws Refused {
        try {
            steps.run(cells, facts, event);
        } catch (Failure failure) {
            throw refused("", failure, each == null ? Set.of(rowKey) : keys(facts, event), carried);
        }
    }

    private static Refused refused(String part, Failure failure, Set<String> keys, @Nullable Object[] carried) {
        if (failure.kind() != Failure.Kind.EVALUATION_FAILED) {
            throw failure;
        }
        return new Refused(part + failure.getMessage(), Set.copyOf(keys), carried);
    }

    /** An event that a clause cannot fold: the rows it is for, as far as they could be told, and what its stream has left to carry. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient Set<String> keys;
        private final transient @Nullable Object[] carried;

        private Refused(String detail, Set<String> keys, @Nullable Object[] carried) {
            super(detail, null, false, false);
            this.keys = keys;
            this.carried = carried;
        }

        Set<String> keys() {
            return keys;
        }

        @Nullable
        Object[] carried() {
            return carried;
        }
    }

    /** The values that events leave for the later ones of their stream: the first variable. */
    private static final class Carry {
        private final Table table;
        private final int[] updated;
        private final Evaluator[] updates;
        private final boolean isUsed;

        Carry(Table table, String type, EventSlots slots) {
            this.table = table;
            var all = table.definition().carried();
            isUsed = !all.isEmpty();
            updated = IntStream.range(0, all.size())
                    .filter(i -> all.get(i).type().equals(type))
                    .toArray();
            updates = Arrays.stream(updated)
                    .mapToObj(i -> slots.compileScalar(all.get(i).value(), List.of()))
                    .toArray(Evaluator[]::new);
        }

        @Nullable
        Object[] of(EventFacts facts, RecordedEvent event) throws Refused {
            if (!isUsed) {
                return NOTHING;
            }
            var carried = table.carried().of(event.stream());
            if (updates.length > 0) {
                carried = carried.clone();
                for (int i = 0; i < updates.length; i++) {
                    try {
                        carried[updated[i]] = updates[i].evaluate(facts);
                    } catch (Failure failure) {
                        throw refused("carry: ", failure, Set.of(), carried);
                    }
                }
                table.carried().put(event.stream(), carried);
            }
            give(facts, carried);
            return carried;
        }

        void give(EventFacts facts, @Nullable Object[] carried) {
            if (isUsed) {
                facts.variable(0, carried);
            }
        }
    }
}
