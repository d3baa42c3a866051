package dev.sluice.projection;

import dev.sluice.expression.Condition;
import dev.sluice.expression.Evaluator;
import dev.sluice.expression.EventFacts;
import dev.sluice.expression.EventSlots;
import dev.sluice.expression.Time;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.definition.Definition;
import dev.sluice.projection.definition.Definition.Deed;
import dev.sluice.projection.definition.Tumbling;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What one event type does to one table, compiled. For the fold thread. */
final class FoldClause {
    static final @Nullable Object[] NOTHING = {};

    private final Table table;
    private final Definition.From from;
    private final Deed deed;
    private final Carry carry;
    private final @Nullable Windowing window;
    private final @Nullable Condition where;
    private final RowFold rows;
    private final long retainMicros;
    private final boolean isForeseen;

    FoldClause(Table table, Definition.Clause clause, EventSlots slots) {
        this.table = table;
        var definition = table.definition();
        from = definition.from();
        deed = clause.deed();
        retainMicros = definition.retainMicros();
        carry = new Carry(table, clause.type(), slots);
        var windowed = definition.window();
        var common = definition.variables(null);
        window = windowed == null ? null : new Windowing(windowed, retainMicros, common.size() - 1);
        isForeseen = deed != Deed.NONE && definition.carried().isEmpty() && windowed == null;
        where = definition.where() == null ? null : slots.compileCondition(definition.where(), common);
        rows = definition.isJava()
                ? new JavaFold<>(table, table.java().required(definition), clause.type())
                : new ExpressionFold(table, clause, slots);
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

    /** Tells the table which row an event will ask for, if that can be told before those ahead of it are folded. */
    void expect(EventFacts facts, RecordedEvent event, String type) {
        if (isForeseen && from.includes(event, type)) {
            rows.expect(facts);
        }
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
            throw refused("where: ", failure, null, Set.of(), carried);
        }
        if (mayPark && !table.parking().isEmpty()) {
            var keys = rows.keys(facts, event);
            for (String rowKey : keys) {
                var blocker = table.parking().blocker(rowKey);
                if (blocker != null) {
                    table.parking().hold(event.position(), keys, carried, blocker.position());
                    return Outcome.PARKED;
                }
            }
        }
        rows.fold(facts, event, due, carried);
        return Outcome.FOLDED;
    }

    /** A failure of the event, in words; of anything else: itself, thrown. */
    static Refused refused(
            String part, Failure failure, @Nullable String key, Set<String> keys, @Nullable Object[] carried) {
        if (failure.kind() != Failure.Kind.EVALUATION_FAILED) {
            throw failure;
        }
        return new Refused(part + failure.getMessage(), key, Set.copyOf(keys), carried);
    }

    /**
     * An event that a clause cannot fold: the row on which it failed, if it was on one, the rows it is for, as far as they could be
     * told, and what its stream has left to carry.
     */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient @Nullable String key;
        private final transient Set<String> keys;
        private final transient @Nullable Object[] carried;

        Refused(String detail, @Nullable String key, Set<String> keys, @Nullable Object[] carried) {
            super(detail, null, false, false);
            this.key = key;
            this.keys = keys;
            this.carried = carried;
        }

        @Nullable
        String key() {
            return key;
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
                        throw refused("carry: ", failure, null, Set.of(), carried);
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

    /** Finds the window of each event, and which events are late: a property of the event alone. */
    private static final class Windowing {
        private final Definition.Window window;
        private final long retainMicros;
        private final int variable;
        private Tumbling.@Nullable Window last;
        private @Nullable Object[] shown = {};

        /** @param variable the index of {@code window} among the expressions' variables */
        Windowing(Definition.Window window, long retainMicros, int variable) {
            this.window = window;
            this.retainMicros = retainMicros;
            this.variable = variable;
        }

        /** The window, given to expressions as well; null: the event is late. EVALUATION_FAILED for a time without a window. */
        Tumbling.@Nullable Window of(EventFacts facts, RecordedEvent event) {
            long micros = event.timeMicros();
            var at = last;
            if (at == null || !at.contains(micros)) {
                at = window.tumbling().of(micros);
                if (at == null) {
                    throw Failure.of(
                            Failure.Kind.EVALUATION_FAILED,
                            "found the time " + micros + " µs since 1970, expected one that a calendar has");
                }
                last = at;
                shown = new Object[] {new Time(at.startMicros()), new Time(at.endMicros())};
            }
            facts.variable(variable, shown);
            return isLate(event, Objects.requireNonNull(at)) ? null : at;
        }

        private boolean isLate(RecordedEvent event, Tumbling.Window at) {
            return window.graceMicros() >= 0 && event.recordedMicros() - event.timeMicros() > window.graceMicros()
                    || retainMicros > 0 && at.endMicros() + retainMicros < event.recordedMicros();
        }
    }
}
