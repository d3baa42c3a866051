package dev.sluice.ingest;

import dev.sluice.ingest.DeadLetters.DeadLetter;
import dev.sluice.ingest.DeadLetters.Filter;
import dev.sluice.log.Append;
import dev.sluice.log.Cursor;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Retries and discards dead letters. A letter of a source is mapped again as the source is configured now; a letter of a
 * projection is left to its fold, which sees the resolution in the log.
 */
public final class Resolver {
    /** How often an append is tried while others resolve letters of the same stream. */
    private static final int MAX_ATTEMPTS = 100;

    private final EventLog log;
    private final DeadLetters letters;
    private final SourceLetters sources;

    /**
     * @param sources as they are configured now
     * @param maxEventBytes {@code log.maxEvent}
     */
    public Resolver(EventLog log, DeadLetters letters, List<SourceConfig> sources, int maxEventBytes) {
        this.log = log;
        this.letters = letters;
        this.sources = new SourceLetters(log, letters.resolutions(), sources, maxEventBytes);
    }

    /** What is to become of a letter. */
    public enum Verb {
        RETRY,
        DISCARD
    }

    /**
     * What became of some letters.
     *
     * @param retried without those that failed again
     * @param failed again: as many letters were written anew; {@code again} are the ids of those
     * @param released letters that had waited behind these and went on
     * @param already resolved before
     * @param skipped could not be retried, or wait behind another; {@code problems} says why, each reason once
     * @param cursor covers what was written
     */
    public record Done(
            int retried,
            int discarded,
            int failed,
            int released,
            int already,
            int skipped,
            List<String> again,
            List<String> problems,
            Cursor cursor) {}

    /** A part of many; {@code next} null: all are done. */
    public record Part(Done done, @Nullable String next) {}

    /**
     * Retries or discards one letter; one that is resolved already is left alone.
     * DEAD_LETTER_NOT_FOUND, NOT_RETRYABLE.
     */
    public Future<Done> resolve(String id, Verb verb) {
        return letters.get(id).compose(letter -> {
            var tally = new Tally();
            return one(letter, verb, tally).compose(done -> settle(tally, verb));
        });
    }

    /**
     * Retries or discards the open letters of a filter that are there when the first part is asked for, at most {@code limit} of
     * them.
     *
     * @param cursor of the part before, null for the first
     */
    public Future<Part> resolveAll(Filter filter, Verb verb, int limit, @Nullable String cursor) {
        Round round;
        try {
            round = cursor == null ? Round.first(filter, verb, log.head()) : Round.parse(cursor, log.shards());
        } catch (Failure invalid) {
            return Future.failedFuture(invalid);
        }
        var tally = new Tally();
        return letters.scan(round.narrowed(filter), round.upTo())
                .page(limit, round.place())
                .compose(page -> each(page.letters(), 0, verb, tally)
                        .compose(done -> settle(tally, verb))
                        .map(done -> new Part(done, round.next(page.cursor()))));
    }

    private Future<Void> each(List<DeadLetter> page, int index, Verb verb, Tally tally) {
        if (index == page.size()) {
            return Future.succeededFuture();
        }
        return one(page.get(index), verb, tally)
                .recover(cause -> {
                    if (cause instanceof Failure refused && refused.kind() == Failure.Kind.NOT_RETRYABLE) {
                        tally.skipped++;
                        tally.problem(refused.getMessage());
                        return Future.succeededFuture();
                    }
                    return Future.failedFuture(cause);
                })
                .compose(done -> each(page, index + 1, verb, tally));
    }

    private Future<Void> one(DeadLetter letter, Verb verb, Tally tally) {
        if (!letter.isOpen()) {
            tally.already++;
            return Future.succeededFuture();
        }
        LetterStream stream = LetterStream.of(letter.event().stream());
        if (stream != null && stream.source() != null) {
            return sources.resolve(stream, letter.event(), verb, tally);
        }
        if (verb == Verb.RETRY && stream != null && stream.projection() == null) {
            return Future.failedFuture(
                    Failure.of(
                            Failure.Kind.NOT_RETRYABLE,
                            "found a dead letter of " + letter.consumer()
                                    + ", which takes an event once: append it again when it is wanted, and discard the letter"));
        }
        tally.ofProjections
                .computeIfAbsent(letter.event().stream(), none -> new ArrayList<>())
                .add(letter.event().position());
        return Future.succeededFuture();
    }

    /** Writes what was gathered for projections, waits a while for their folds, and sums up. */
    private Future<Done> settle(Tally tally, Verb verb) {
        Future<Void> all = Future.succeededFuture();
        for (var each : tally.ofProjections.entrySet()) {
            all = all.compose(done -> ofProjection(each.getKey(), each.getValue(), verb, tally));
        }
        return all.map(done -> tally.done(log.head()));
    }

    private Future<Void> ofProjection(String name, List<Position> positions, Verb verb, Tally tally) {
        LetterStream stream = LetterStream.of(name);
        if (stream == null) {
            return Future.succeededFuture();
        }
        String projection = stream.projection();
        if (projection == null) {
            return append(stream, positions, verb, tally, MAX_ATTEMPTS)
                    .onSuccess(done -> tally.resolved(done.positions(), List.of(), verb))
                    .mapEmpty();
        }
        return log.version(name)
                .compose(before -> append(stream, positions, verb, tally, MAX_ATTEMPTS)
                        .compose(done -> letters.projections()
                                .reached(projection, done.cursor())
                                .otherwiseEmpty()
                                .compose(reached -> failedAgain(name, before, done.positions()))
                                .onSuccess(again -> tally.resolved(done.positions(), again, verb))))
                .mapEmpty();
    }

    /** What an append has resolved; {@code cursor} covers it. */
    private record Resolved(List<Position> positions, Cursor cursor) {}

    /** Resolves those that still are open, so each once, however many ask at the same time. */
    private Future<Resolved> append(
            LetterStream stream, List<Position> positions, Verb verb, Tally tally, int attempts) {
        int shard = log.shardOf(stream.name());
        return letters.resolutions().of(stream, shard).compose(known -> {
            var open = positions.stream()
                    .filter(position -> !known.isResolved(position.offset()))
                    .toList();
            if (open.isEmpty()) {
                tally.already += positions.size();
                return Future.succeededFuture(new Resolved(open, log.head()));
            }
            var event = Resolutions.event(verb == Verb.DISCARD, open);
            var resolved = stream.resolvedStream(shard, log.shards());
            return log.append(Append.to(resolved, Expected.version(known.version()), List.of(event)))
                    .map(appended -> {
                        tally.already += positions.size() - open.size();
                        return new Resolved(open, appended.cursor());
                    })
                    .recover(cause -> attempts > 1
                                    && cause instanceof Failure conflict
                                    && conflict.kind() == Failure.Kind.WRONG_EXPECTED_VERSION
                            ? append(stream, positions, verb, tally, attempts - 1)
                            : Future.failedFuture(cause));
        });
    }

    private Future<List<String>> failedAgain(String stream, long after, List<Position> positions) {
        Set<String> retried = new TreeSet<>();
        positions.forEach(position -> retried.add(position.toString()));
        return log.readStream(stream, after + 1, EventQuery.Direction.FORWARD, Resolutions.MAX_POSITIONS)
                .map(events -> events.stream()
                        .filter(event -> retried.contains(
                                RefusedRecord.data(event).path("retriedFrom").asText()))
                        .map(RecordedEvent::position)
                        .map(Position::toString)
                        .toList());
    }

    /** Counts while letters are resolved, one after the other. */
    static final class Tally {
        private static final int MAX_NAMED = 100;

        final Map<String, List<Position>> ofProjections = new LinkedHashMap<>();
        final List<String> again = new ArrayList<>();
        final List<String> problems = new ArrayList<>();
        int retried;
        int discarded;
        int failed;
        int released;
        int already;
        int skipped;

        void problem(String problem) {
            if (!problems.contains(problem) && problems.size() < MAX_NAMED) {
                problems.add(problem);
            }
        }

        /** Letters of a projection; {@code failedAgain}: the ids of those that were written anew. */
        private void resolved(List<Position> positions, List<String> failedAgain, Verb verb) {
            again.addAll(failedAgain);
            failed += failedAgain.size();
            if (verb == Verb.DISCARD) {
                discarded += positions.size();
            } else {
                retried += Math.max(0, positions.size() - failedAgain.size());
            }
        }

        void failedAgain(Position letter) {
            failed++;
            if (again.size() < MAX_NAMED) {
                again.add(letter.toString());
            }
        }

        Done done(Cursor cursor) {
            return new Done(
                    retried,
                    discarded,
                    failed,
                    released,
                    already,
                    skipped,
                    List.copyOf(again),
                    List.copyOf(problems),
                    cursor);
        }
    }
}
