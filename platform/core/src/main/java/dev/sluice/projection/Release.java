package dev.sluice.projection;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.log.Failure;
import dev.sluice.log.Log;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.projection.Parking.Held;
import java.io.IOException;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What retried and discarded dead letters mean to a table: they are events in the log like all others, so folding again ends in
 * the same rows. A dead letter that folds now, or is discarded, lets go of those parked behind it, in their order. For the fold
 * thread.
 */
final class Release {
    private static final String STREAM = "$dlq-resolved.projection-";
    private static final String RETRIED = "DeadLetterRetried";
    private static final String DISCARDED = "DeadLetterDiscarded";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Log log;
    private final Program program;

    Release(Log log, Program program) {
        this.log = log;
        this.program = program;
    }

    /** Whether an event is about dead letters of a projection. */
    static boolean isMeant(RecordedEvent event, String type) {
        return (type.equals(RETRIED) || type.equals(DISCARDED))
                && event.stream().startsWith(STREAM);
    }

    /** Does to a table what an event says about its dead letters, if they are its own. */
    void of(RecordedEvent resolution, Table table, Program.Outcomes outcomes) {
        if (!resolution.stream().substring(STREAM.length()).equals(table.name())) {
            return;
        }
        try {
            Set<String> freed = new HashSet<>();
            for (var position : json(resolution).path("positions")) {
                var letter = Position.parse(position.asText());
                var held = held(letter, table);
                if (held == null) {
                    continue;
                }
                if (resolution.type().equals(DISCARDED)) {
                    table.parking().settle(held, new Settled.End(letter, true));
                    freed.addAll(held.keys());
                } else if (fold(held, table, letter, outcomes)) {
                    freed.addAll(held.keys());
                }
            }
            releaseParked(freed, table, outcomes);
        } catch (Failure unreadable) {
            throw unreadable;
        } catch (RuntimeException bug) {
            outcomes.broken(table, bug);
        }
    }

    /**
     * What the table holds of the event that a dead letter is about; null when the letter is another generation's or resolved. One
     * that was retried without success is resolved: there is a letter of a later attempt.
     */
    private @Nullable Held held(Position letter, Table table) {
        var written = log.event(letter);
        if (written == null) {
            return null;
        }
        var data = json(written);
        if (data.path("generation").asInt() != table.generation()) {
            return null;
        }
        var held = table.parking().of(Position.parse(data.path("position").asText()));
        boolean isOpen = held != null
                && held.isLetter()
                && held.attempts() == data.path("attempts").asInt();
        return isOpen ? held : null;
    }

    private static JsonNode json(RecordedEvent event) {
        try {
            return JSON.readTree(event.dataArray(), event.dataStart(), event.dataLength());
        } catch (IOException malformed) {
            return JSON.missingNode();
        }
    }

    /** Folds what is held; when that fails it is a dead letter (again). True when it is held no more. */
    private boolean fold(Held held, Table table, @Nullable Position letter, Program.Outcomes outcomes) {
        var event = Objects.requireNonNull(log.event(held.position()), "an event held back is in the log");
        try {
            table.tally().count(program.foldHeld(table, event, held.carried()));
            if (letter == null) {
                table.parking().release(held);
            } else {
                table.parking().settle(held, new Settled.End(letter, false));
            }
            return true;
        } catch (FoldClause.Refused refused) {
            table.parking().failed(held);
            table.tally().refused();
            outcomes.refused(
                    table,
                    event,
                    new Program.Refusal(
                            String.valueOf(refused.getMessage()), refused.key(), held.attempts() + 1, letter));
            return false;
        }
    }

    /** Folds what has waited for rows that are free now, in the order of holding, and what waited for that. */
    private void releaseParked(Set<String> freed, Table table, Program.Outcomes outcomes) {
        var next = new TreeMap<Long, Held>();
        table.parking().free(freed).forEach(held -> next.put(held.number(), held));
        while (!next.isEmpty()) {
            var held = next.pollFirstEntry().getValue();
            if (fold(held, table, null, outcomes)) {
                table.parking().free(held.keys()).forEach(each -> next.put(each.number(), each));
            }
        }
    }
}
