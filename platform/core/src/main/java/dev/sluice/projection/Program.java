package dev.sluice.projection;

import dev.sluice.expression.EventFacts;
import dev.sluice.expression.EventSlots;
import dev.sluice.log.Log;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.FoldClause.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The clauses of some tables by event type, over one set of slots: an event's bytes are read once for all of them. Events are looked at
 * some at a time before they are folded one by one, so that the rows of all of them are waited for together: a fold over many keys
 * does little but wait for memory.
 */
final class Program {
    private static final FoldClause[] NONE = {};

    /** What a processor can read from memory at the same time is less, what its nearest cache holds more. */
    private static final int AHEAD = 32;

    private final List<Table> tables;
    private final Map<String, FoldClause[]> clauses = new HashMap<>();
    private final Turn[] turns = new Turn[AHEAD];
    private final EventFacts heldFacts;
    private final Release release;

    /** An event and what it means. */
    private static final class Turn {
        private final EventFacts facts;
        private String type = "";
        private FoldClause @Nullable [] meant;

        Turn(EventSlots slots) {
            facts = new EventFacts(slots);
        }
    }

    /** @param log where events that were held back are read again */
    Program(List<Table> tables, Log log) {
        this.tables = List.copyOf(tables);
        var slots = new EventSlots();
        var byType = new HashMap<String, List<FoldClause>>();
        for (var table : tables) {
            for (var clause : table.definition().clauses()) {
                byType.computeIfAbsent(clause.type(), type -> new ArrayList<>())
                        .add(new FoldClause(table, clause, slots));
            }
        }
        byType.forEach((type, list) -> clauses.put(type, list.toArray(FoldClause[]::new)));
        Arrays.setAll(turns, turn -> new Turn(slots));
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

    /** Folds events in their order. */
    void fold(List<RecordedEvent> events, Outcomes outcomes) {
        for (int from = 0; from < events.size(); from += AHEAD) {
            var some = events.subList(from, Math.min(events.size(), from + AHEAD));
            for (int i = 0; i < some.size(); i++) {
                expect(turns[i], some.get(i));
            }
            for (var table : tables) {
                table.fetch();
            }
            for (int i = 0; i < some.size(); i++) {
                fold(turns[i], some.get(i), outcomes);
            }
        }
    }

    private void expect(Turn turn, RecordedEvent event) {
        turn.type = event.type();
        turn.meant = clauses.get(turn.type);
        if (turn.meant != null) {
            turn.facts.of(event);
            for (var clause : turn.meant) {
                clause.expect(turn.facts, event, turn.type);
            }
        }
    }

    private void fold(Turn turn, RecordedEvent event, Outcomes outcomes) {
        if (turn.meant == null) {
            if (Release.isMeant(event, turn.type)) {
                tables.forEach(table -> release.of(event, table, outcomes));
            }
            return;
        }
        for (var clause : turn.meant) {
            var table = clause.table();
            try {
                var outcome = clause.fold(turn.facts, event, turn.type);
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
        for (var clause : clauses.getOrDefault(event.type(), NONE)) {
            if (clause.table() == table) {
                return clause.foldHeld(heldFacts, event, carried);
            }
        }
        return Outcome.NOT_MEANT;
    }
}
