package dev.sluice.projection;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.expression.EventFacts;
import dev.sluice.expression.EventSlots;
import dev.sluice.log.Log;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.Explanation.Outcome;
import dev.sluice.projection.definition.Definition;
import dev.sluice.projection.row.Draft;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Tells what a table makes of an event: by folding it between two batches, and taking that back. */
final class Explainer {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Explainer() {}

    /**
     * Fold thread, between batches.
     *
     * @param isPast what has become of the event, if it was reached; else what would if it came now
     */
    static Explanation explain(Seat seat, RecordedEvent event, boolean isPast) {
        var table = seat.table();
        var way = way(seat, event);
        return new Explanation(
                table.name(),
                table.generation(),
                table.committed().cursor(),
                way,
                isPast && way instanceof Explanation.Reached ? past(table, event) : outcome(table, event));
    }

    private static Explanation.Way way(Seat seat, RecordedEvent event) {
        var view = seat.view();
        var reached = seat.milestones().reached(event.position(), event.recordedMicros());
        if (reached != null) {
            return reached;
        }
        var offsets = seat.table().committed().checkpoint().offsets();
        long events = event.offset() - offsets[event.shard()];
        String problem = view.problem();
        String reason = null;
        long millis = -1;
        if (problem != null) {
            reason = "failed: " + problem;
        } else if (view.isPaused()) {
            reason = view.pauseReason().isEmpty() ? "paused" : "paused: " + view.pauseReason();
        } else {
            millis = seat.milestones().millisUntil(event.position(), view.nowMicros());
            reason = millis < 0 ? "nothing was folded in the last 10 s" : null;
        }
        return new Explanation.Ahead(view.lag(), events, millis, reason);
    }

    /** What would become of an event that came now. */
    private static Outcome outcome(Table table, RecordedEvent event) {
        var held = table.parking().of(event.position());
        return held == null ? trial(table, event, true) : held(held);
    }

    /** What has become of an event that the table has come to. */
    private static Outcome past(Table table, RecordedEvent event) {
        var held = table.parking().of(event.position());
        if (held != null) {
            return held(held);
        }
        var end = table.parking().settled(event.position());
        if (end != null && end.isDiscarded()) {
            return new Explanation.Discarded(end.letter());
        }
        var now = trial(table, event, false);
        var retried = end == null ? null : end.letter();
        if (now instanceof Explanation.Refused changed) { // it was folded: its rows have become others since
            return new Explanation.Folded(
                    changed.keys().stream()
                            .map(key -> new Explanation.RowChange(key, null, null))
                            .toList(),
                    retried);
        }
        return now instanceof Explanation.Folded folded ? new Explanation.Folded(folded.rows(), retried) : now;
    }

    private static Outcome held(Parking.Held held) {
        var keys = List.copyOf(held.keys());
        return held.behind() == null
                ? new Explanation.Refused("held back", keys, held.letter())
                : new Explanation.Parked(keys, held.behind());
    }

    private static Outcome trial(Table table, RecordedEvent event, boolean mayPark) {
        for (var clause : table.definition().clauses()) {
            if (clause.type().equals(event.type())) {
                return trial(table, clause, event, mayPark);
            }
        }
        return new Explanation.NotMeant();
    }

    private static Outcome trial(Table table, Definition.Clause clause, RecordedEvent event, boolean mayPark) {
        String missing = table.missing();
        if (missing != null) {
            return new Explanation.Untold(missing);
        }
        var slots = new EventSlots();
        var fold = new FoldClause(table, clause, slots);
        var facts = new EventFacts(slots).of(event);
        try {
            var outcome = fold.fold(facts, event, event.type());
            var parked = table.parking().of(event.position());
            if (outcome == FoldClause.Outcome.PARKED && !mayPark && parked != null) {
                table.discard();
                outcome = fold.foldHeld(facts, event, parked.carried());
            }
            return switch (outcome) {
                case NOT_MEANT -> new Explanation.NotMeant();
                case FILTERED ->
                    new Explanation.Filtered(
                            Objects.requireNonNull(table.definition().where()).text());
                case LATE -> new Explanation.Late();
                case PARKED -> held(Objects.requireNonNull(parked));
                case FOLDED -> new Explanation.Folded(changes(table), null);
            };
        } catch (FoldClause.Refused refused) {
            return new Explanation.Refused(String.valueOf(refused.getMessage()), List.copyOf(refused.keys()), null);
        } finally {
            table.discard();
        }
    }

    private static List<Explanation.RowChange> changes(Table table) {
        return table.batch().touched().stream()
                .map(draft -> change(table, draft))
                .toList();
    }

    private static Explanation.RowChange change(Table table, Draft draft) {
        var before = table.committed(draft);
        return new Explanation.RowChange(
                draft.key(),
                before == null || before.isDeleted() ? null : text(before.json()),
                draft.isRow()
                        ? text(table.columns().json(draft.key(), draft.cells(table.columns()), null, false))
                        : null);
    }

    private static String text(byte[] json) {
        return new String(json, StandardCharsets.UTF_8);
    }

    /** Adds to a refusal what its dead letter says. Blocking. */
    static Outcome withLetter(Log log, Outcome outcome) {
        if (!(outcome instanceof Explanation.Refused refused) || refused.letter() == null) {
            return outcome;
        }
        var letter = Objects.requireNonNull(log.event(refused.letter()), "a dead letter that was written");
        return new Explanation.Refused(data(letter).path("detail").asText(), refused.keys(), refused.letter());
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
            program.clear();
            program.add(List.of(event));
            program.fold(table, outcomes);
            lastMicros = event.recordedMicros();
            table.commit(new long[] {event.offset()}, lastMicros, false);
        }
        var page = new TableReads(table).rows("", null, Projections.MAX_TESTED, null);
        return new Projections.Tested(page.rows(), letters);
    }
}
