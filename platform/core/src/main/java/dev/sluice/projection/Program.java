package dev.sluice.projection;

import dev.sluice.expression.EventFacts;
import dev.sluice.expression.EventSlots;
import dev.sluice.log.RecordedEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The clauses of some tables by event type, over one set of slots: an event's bytes are read once for all of them. */
final class Program {
    private final List<Table> tables;
    private final Map<String, FoldClause[]> clauses = new HashMap<>();
    private final EventFacts facts;

    Program(List<Table> tables) {
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
        facts = new EventFacts(slots);
    }

    List<Table> tables() {
        return tables;
    }

    /** Told of what does not go as usual. */
    interface Outcomes {
        /** A clause cannot fold an event: a dead letter. */
        void refused(Table table, RecordedEvent event, String detail);

        /** A bug: the table can fold no more. */
        void broken(Table table, RuntimeException bug);
    }

    void fold(RecordedEvent event, Outcomes outcomes) {
        String type = event.type();
        var meant = clauses.get(type);
        if (meant == null) {
            return;
        }
        facts.of(event);
        for (var clause : meant) {
            try {
                switch (clause.fold(facts, event, type)) {
                    case FOLDED -> clause.table().tally().folded();
                    case FILTERED -> clause.table().tally().filtered();
                    case NOT_MEANT -> {}
                }
            } catch (FoldClause.Refused refused) {
                outcomes.refused(clause.table(), event, String.valueOf(refused.getMessage()));
            } catch (RuntimeException bug) {
                outcomes.broken(clause.table(), bug);
            }
        }
    }
}
