package dev.sluice.projection;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.expression.EventFacts;
import dev.sluice.expression.EventSlots;
import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.Log;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.Explanation.Outcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Tells what a table makes of an event: by folding it between two batches, and taking that back. */
final class Explainer {
    private static final int LETTERS_LOOKED_AT = 1_000;
    private static final ObjectMapper JSON = new ObjectMapper();

    private Explainer() {}

    /** Fold thread, between batches. */
    static Outcome outcome(Table table, RecordedEvent event) {
        var held = table.parking().of(event.position());
        if (held != null) {
            var keys = List.copyOf(held.keys());
            return held.behind() == null
                    ? new Explanation.Refused("held back", keys, null)
                    : new Explanation.Parked(keys, held.behind());
        }
        for (var clause : table.definition().clauses()) {
            if (clause.type().equals(event.type())) {
                return outcome(table, clause, event);
            }
        }
        return new Explanation.NotMeant();
    }

    private static Outcome outcome(Table table, Definition.Clause clause, RecordedEvent event) {
        String missing = table.missing();
        if (missing != null) {
            return new Explanation.Untold(missing);
        }
        var slots = new EventSlots();
        var fold = new FoldClause(table, clause, slots);
        var facts = new EventFacts(slots).of(event);
        try {
            return switch (fold.fold(facts, event, event.type())) {
                case NOT_MEANT -> new Explanation.NotMeant();
                case FILTERED ->
                    new Explanation.Filtered(
                            Objects.requireNonNull(table.definition().where()).text());
                case LATE -> new Explanation.Late();
                case PARKED -> {
                    var parked = Objects.requireNonNull(table.parking().of(event.position()));
                    yield new Explanation.Parked(List.copyOf(parked.keys()), Objects.requireNonNull(parked.behind()));
                }
                case FOLDED -> new Explanation.Folded(table.staged());
            };
        } catch (FoldClause.Refused refused) {
            return new Explanation.Refused(String.valueOf(refused.getMessage()), List.copyOf(refused.keys()), null);
        } finally {
            table.discard();
        }
    }

    /** Adds to a refusal what its dead letter says, among the newest letters of the projection. Blocking. */
    static Outcome withLetter(Log log, String projection, int generation, RecordedEvent event, Outcome outcome) {
        if (!(outcome instanceof Explanation.Refused refused)) {
            return outcome;
        }
        String stream = "$dlq.projection-" + projection;
        for (var letter : log.readStream(stream, 0, Direction.BACKWARD, LETTERS_LOOKED_AT)) {
            var data = data(letter);
            if (data.path("position").asText().equals(event.position().toString())
                    && data.path("generation").asInt() == generation) {
                return new Explanation.Refused(data.path("detail").asText(), refused.keys(), letter.position());
            }
        }
        return refused;
    }

    private static JsonNode data(RecordedEvent event) {
        try {
            return JSON.readTree(event.dataArray(), event.dataStart(), event.dataLength());
        } catch (IOException malformed) {
            return JSON.missingNode();
        }
    }

    /** Folds given events into a table of their own, in memory. */
    static Projections.Tested test(Log log, Table table, List<RecordedEvent> events) {
        var program = new Program(List.of(table), log);
        var letters = new ArrayList<Projections.TestedLetter>();
        var outcomes = new Program.Outcomes() {
            @Override
            public void refused(Table by, RecordedEvent event, Program.Refusal refusal) {
                letters.add(new Projections.TestedLetter(event.offset() - 1, refusal.detail(), refusal.key()));
            }

            @Override
            public void broken(Table by, RuntimeException bug) {
                throw bug;
            }
        };
        long lastMicros = 0;
        for (var event : events) {
            program.fold(event, outcomes);
            lastMicros = event.recordedMicros();
            table.commit(new long[] {event.offset()}, lastMicros, false);
        }
        var page = new TableReads(table).rows("", null, Projections.MAX_TESTED, null);
        return new Projections.Tested(page.rows(), letters);
    }
}
