package dev.sluice.ingest;

import dev.sluice.log.Cursor;
import dev.sluice.log.Failure;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The dead letters of all consumers: the events of the streams {@code $dlq.<source>-<partition>},
 * {@code $dlq.projection-<name>} and {@code $dlq.saga-<name>@<shard>}, stream by stream in name order, each from its oldest. A letter is open until an event in
 * {@code $dlq-resolved.…} names it, or until its projection has left the generation that wrote it.
 */
public final class DeadLetters {
    /** What the names of streams of dead letters begin with. */
    public static final String PREFIX = LetterStream.PREFIX;

    static final String SOURCE = "source:";
    static final String PROJECTION = "projection:";
    static final String SAGA = "saga:";

    private final EventLog log;
    private final Resolutions resolutions;
    private final Projections projections;

    public DeadLetters(EventLog log, Projections projections) {
        this.log = log;
        this.resolutions = new Resolutions(log);
        this.projections = projections;
    }

    /** What dead letters need to know of the projections. */
    public interface Projections {
        /** Whether a generation of a projection is the live one, or one that may become it. */
        boolean isCurrent(String projection, int generation);

        /** Answers when the projection has folded as far as the cursor, or fails. */
        Future<Void> reached(String projection, Cursor cursor);
    }

    /** What the retry of dead letters needs of the sagas, which read it from the log. */
    public interface Sagas {
        boolean isKnown(String saga);

        /** Asked before the retry of a letter is written: answers when the saga has taken it, or soon after that it has not yet. */
        Future<Retried> retried(String saga, Position letter);
    }

    /**
     * What became of a retried letter of a saga.
     *
     * @param letters that were written anew
     */
    public record Retried(List<Became> became, List<Position> letters) {}

    /**
     * What an instance did with the event of a retried letter.
     *
     * @param letter that was retried
     * @param outcome in a word
     * @param key of the instance, null when it cannot be told
     */
    public record Became(
            Position letter,
            String outcome,
            @Nullable String key,
            @Nullable String detail) {}

    /** Which letters are wanted by what became of them. */
    public enum State {
        OPEN,
        RESOLVED,
        ALL
    }

    /** Which letters are wanted; {@code consumer} and {@code reason} null for all. */
    public record Filter(
            @Nullable String consumer, @Nullable String reason, State state) {}

    /**
     * One dead letter.
     *
     * @param id of the dead letter: its position in the log
     * @param consumer {@code source:<name>}, {@code projection:<name>} or {@code saga:<name>}
     * @param attempts how often it was tried
     * @param event as it lies in the log; its data says the rest
     */
    public record DeadLetter(
            String id,
            String consumer,
            String reason,
            String detail,
            int attempts,
            boolean isOpen,
            RecordedEvent event) {}

    /** A page; {@code cursor} null: there are no more. A page may be short of its limit and still not be the last. */
    public record Page(List<DeadLetter> letters, @Nullable String cursor) {}

    /**
     * A page of dead letters.
     *
     * @param cursor of the page before, null for the first; another is INVALID_CURSOR
     */
    public Future<Page> list(Filter filter, int limit, @Nullable String cursor) {
        try {
            return scan(filter, null).page(limit, cursor == null ? LetterScan.START : LetterScan.Place.parse(cursor));
        } catch (Failure invalid) {
            return Future.failedFuture(invalid);
        }
    }

    /** One letter, whatever became of it; DEAD_LETTER_NOT_FOUND. */
    public Future<DeadLetter> get(String id) {
        Position position;
        try {
            position = Position.parse(id);
        } catch (Failure malformed) {
            return Future.failedFuture(unknown(id));
        }
        return log.event(position).compose(event -> {
            LetterStream stream = event == null ? null : LetterStream.of(event.stream());
            if (event == null || stream == null) {
                return Future.failedFuture(unknown(id));
            }
            return resolutions
                    .of(stream, event.shard())
                    .map(known -> LetterScan.letter(event, stream, known, projections));
        });
    }

    private static Failure unknown(String id) {
        return Failure.of(
                Failure.Kind.DEAD_LETTER_NOT_FOUND,
                "found no dead letter " + (id.length() > 64 ? id.substring(0, 64) + "…" : id)
                        + ", expected the id of one, such as 0:17");
    }

    /** @param upTo letters that were stored later are passed over; null for none */
    LetterScan scan(Filter filter, @Nullable Cursor upTo) {
        return new LetterScan(log, resolutions, projections, filter, upTo);
    }

    Resolutions resolutions() {
        return resolutions;
    }

    Projections projections() {
        return projections;
    }
}
