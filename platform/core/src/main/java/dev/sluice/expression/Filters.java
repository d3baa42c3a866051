package dev.sluice.expression;

import dev.sluice.log.RecordedEvent;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Boolean expressions over events and over rows: what {@code where} takes everywhere. Predicates are safe for any thread. */
public final class Filters {
    private Filters() {}

    /**
     * Over events: {@code id type stream category version time recordedTime source data meta}. FILTER_INVALID with details
     * {@code line} and {@code col}. An evaluation error (a type mismatch in one event) is EVALUATION_FAILED from the predicate.
     */
    public static Predicate<RecordedEvent> events(String where) {
        var slots = new EventSlots();
        var condition = slots.compileCondition(Expression.parse(where), List.of());
        return event -> condition.holds(new EventFacts(slots, Facts.MAX_FILTER_STEPS).of(event));
    }

    /**
     * Over rows, given as a function from column to value (String, Boolean, BigDecimal or Long, Instant, null); {@code key} is
     * the row's key.
     */
    public static Predicate<Function<String, @Nullable Object>> rows(String where) {
        return rows(where, RowFacts::resolve);
    }

    /** As {@link #rows(String)}; a name that is none of the columns is FILTER_INVALID. */
    public static Predicate<Function<String, @Nullable Object>> rows(String where, Set<String> columns) {
        return rows(where, RowFacts.scope(columns));
    }

    private static Predicate<Function<String, @Nullable Object>> rows(String where, Compiler.Scope scope) {
        var tree = Parser.expression(where);
        var code = Compiler.condition(where, tree, scope, List.of()).evaluator();
        var place = Place.of(where, tree.at());
        return columns -> Values.truth(code.evaluate(new RowFacts(columns, Facts.MAX_FILTER_STEPS)), place);
    }
}
