package dev.sluice.projection;

import dev.sluice.expression.EventFacts;
import dev.sluice.expression.EventSlots;
import dev.sluice.log.Log;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.FoldClause.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The clauses of some tables by event type, over one set of slots: an event's bytes are read once for all of them. A table folds all events
 * at hand before the next one does, so that its rows are near the processor until it commits. It looks at some of them before it folds one after the
 * other, so that their rows are waited for together: a fold over many keys does little but wait for memory.
 */
final class Program {
    /** What a processor can read from memory at the same time is less, what its nearest cache holds more. */
    private static final int AHEAD = 32;

    private final List<Table> tables;
    private final @Nullable FoldClause[] none;
    private final Map<String, @Nullable FoldClause[]> clauses = new HashMap<>();
    private final EventFacts facts;
    private final EventFacts heldFacts;
    private final Release release;
    private final List<Turn> turns = new ArrayList<>();

    /** An event and what it means to each table. */
    private record Turn(
            EventFacts.Reading reading,
            String type,
            @Nullable FoldClause[] meant,
            boolean isResolution) {}

    /** @param log where events that were held back are read again */
    Program(List<Table> tables, Log log) {
        this.tables = List.copyOf(tables);
        none = new FoldClause[tables.size()];
        var slots = new EventSlots();
        for (int i = 0; i < tables.size(); i++) {
            var table = tables.get(i);
            for (var clause : table.definition().clauses()) {
                clauses.computeIfAbsent(clause.type(), type -> new FoldClause[tables.size()])[i] =
                        new FoldClause(table, clause, slots);
            }
        }
        facts = new EventFacts(slots);
        heldFacts = new EventFacts(slots);
        release = new Release(log, this);
    }

    List<Table> tables() {
        return tables;
    }

    /** Told of what does not go as usual. */
    interface Outcomes {
        /** A clause cannot fold an event: a dead letter. */
        void refused(Table table, RecordedEvent event, Refusal refusal);

        /** A bug, or a limit: the table can fold no more. */
        void broken(Table table, RuntimeException bug);
    }

    /**
     * Why an event was refused.
     *
     * @param key of the row on which it failed, null when it was not on one, or that could not be told
     * @param attempts how often it was
     * @param retriedFrom the dead letter that was retried, null the first time
     */
    record Refusal(
            String detail,
            @Nullable String key,
            int attempts,
            @Nullable Position retriedFrom) {}

    /** The next events to be folded into each table. */
    void add(List<RecordedEvent> events) {
        events.forEach(this::add);
    }

    private void add(RecordedEvent event) {
        String type = event.type();
        turns.add(new Turn(
                new EventFacts.Reading(event), type, clauses.getOrDefault(type, none), Release.isMeant(event, type)));
    }

    /** Lets go of the events at hand. */
    void clear() {
        turns.clear();
    }

    /** Folds the events at hand into a table, in their order. */
    void fold(Table table, Outcomes outcomes) {
        int number = tables.indexOf(table);
        for (int from = 0; from < turns.size(); from += AHEAD) {
            fold(number, turns.subList(from, Math.min(turns.size(), from + AHEAD)), outcomes);
        }
    }

    private void fold(int number, List<Turn> some, Outcomes outcomes) {
        var table = tables.get(number);
        for (var turn : some) {
            var clause = turn.meant[number];
            if (clause != null) {
                clause.expect(facts.of(turn.reading), turn.reading.event(), turn.type);
            }
        }
        table.fetch();
        for (var turn : some) {
            var clause = turn.meant[number];
            if (turn.isResolution) {
                release.of(turn.reading.event(), table, outcomes);
            }
            if (clause != null) {
                fold(clause, turn, outcomes);
            }
        }
    }

    private void fold(FoldClause clause, Turn turn, Outcomes outcomes) {
        var table = clause.table();
        var event = turn.reading.event();
        try {
            var outcome = clause.fold(facts.of(turn.reading), event, turn.type);
            table.tally().count(outcome);
            if (outcome == Outcome.PARKED) {
                checkHeld(table, outcomes);
            }
        } catch (FoldClause.Refused refused) {
            hold(table, event, refused, outcomes);
            checkHeld(table, outcomes);
        } catch (RuntimeException bug) {
            outcomes.broken(table, bug);
        }
    }

    private static void checkHeld(Table table, Outcomes outcomes) {
        if (table.parking().isFull()) {
            outcomes.broken(
                    table,
                    new IllegalStateException("found " + Parking.MAX_HELD
                            + " events held back, expected fewer: retry or discard dead letters"));
        }
    }

    private static void hold(Table table, RecordedEvent event, FoldClause.Refused refused, Outcomes outcomes) {
        table.parking().hold(event.position(), refused.keys(), refused.carried(), null);
        table.tally().refused();
        outcomes.refused(table, event, new Refusal(String.valueOf(refused.getMessage()), refused.key(), 1, null));
    }

    /** Folds an event that a table has held back; NOT_MEANT when the table has no clause for it. */
    Outcome foldHeld(Table table, RecordedEvent event, @Nullable Object[] carried) throws FoldClause.Refused {
        heldFacts.of(event);
        var clause = clauses.getOrDefault(event.type(), none)[tables.indexOf(table)];
        return clause == null ? Outcome.NOT_MEANT : clause.foldHeld(heldFacts, event, carried);
    }
}
