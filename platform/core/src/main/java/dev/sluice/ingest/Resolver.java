package dev.sluice.ingest;

import dev.sluice.ingest.DeadLetters.DeadLetter;
import dev.sluice.ingest.DeadLetters.Filter;
import dev.sluice.log.Append;
import dev.sluice.log.Cursor;
import dev.sluice.log.Event;
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
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Retries and discards dead letters. A letter of a source is mapped again as the source is configured now; a letter of a
 * projection is left to its fold, and one of a saga to that, which see the resolution in the log.
 */
public final class Resolver {
    /** How often an append is tried while others resolve letters of the same stream. */
    private static final int MAX_ATTEMPTS = 100;

    private final EventLog log;
    private final DeadLetters letters;
    private final SourceLetters sources;
    private final DeadLetters.Sagas sagas;

    /**
     * @param sources as they are configured now
     * @param maxEventBytes {@code log.maxEvent}
     */
    public Resolver(
            EventLog log, DeadLetters letters, List<SourceConfig> sources, int maxEventBytes, DeadLetters.Sagas sagas) {
        this.log = log;
        this.letters = letters;
        this.sagas = sagas;
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
     * @param became what sagas did with theirs, of a hundred letters at most
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
            List<DeadLetters.Became> became,
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
        String saga = stream == null ? null : stream.saga();
        if (verb == Verb.RETRY && saga != null && !sagas.isKnown(saga)) {
            return Future.failedFuture(
                    Failure.of(
                            Failure.Kind.NOT_RETRYABLE,
                            "found no saga " + saga
                                    + " in this server, expected it to take the event again; register it, or discard the letter"));
        }
        tally.ofFollowers
                .computeIfAbsent(letter.event().stream(), none -> new ArrayList<>())
                .add(letter.event().position());
        return Future.succeededFuture();
    }

    /** Writes what was gathered for projections and sagas, waits a while for them, and sums up. */
    private Future<Done> settle(Tally tally, Verb verb) {
        Future<Void> all = Future.succeededFuture();
        for (var each : tally.ofFollowers.entrySet()) {
            LetterStream stream = LetterStream.of(each.getKey());
            if (stream != null) {
                all = all.compose(done -> follow(stream, each.getValue(), verb, tally));
            }
        }
        return all.map(done -> tally.done(log.head()));
    }

    private Future<Void> follow(LetterStream stream, List<Position> positions, Verb verb, Tally tally) {
        String projection = stream.projection();
        if (projection != null) {
            return ofProjection(stream, projection, positions, verb, tally);
        }
        String saga = stream.saga();
        return verb == Verb.RETRY && saga != null
                ? ofSaga(stream, saga, positions, tally)
                : append(stream, positions, verb, tally, MAX_ATTEMPTS)
                        .onSuccess(done -> tally.resolved(done.positions(), List.of(), verb))
                        .mapEmpty();
    }

    private Future<Void> ofSaga(LetterStream stream, String saga, List<Position> positions, Tally tally) {
        var answers = positions.stream()
                .collect(Collectors.toMap(Function.identity(), position -> sagas.retried(saga, position)));
        return append(stream, positions, Verb.RETRY, tally, MAX_ATTEMPTS).compose(done -> Future.all(
                        done.positions().stream().map(answers::get).toList())
                .onSuccess(all -> all.<DeadLetters.Retried>list().forEach(tally::retried))
                .mapEmpty());
    }

    private Future<Void> ofProjection(
            LetterStream stream, String projection, List<Position> positions, Verb verb, Tally tally) {
        String name = stream.name();
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
            var resolved = stream.resolvedStream(shard, log.shards());
            return log.append(Append.to(resolved, Expected.version(known.version()), events(stream, open, verb)))
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

    /** A saga takes each retry by itself. */
    private static List<Event> events(LetterStream stream, List<Position> letters, Verb verb) {
        return verb == Verb.RETRY && stream.saga() != null
                ? letters.stream()
                        .map(letter -> Resolutions.event(false, List.of(letter)))
                        .toList()
                : List.of(Resolutions.event(verb == Verb.DISCARD, letters));
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

        /** Letters of projections and sagas, by their stream. */
        final Map<String, List<Position>> ofFollowers = new LinkedHashMap<>();

        final List<DeadLetters.Became> became = new ArrayList<>();
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

        /** A letter of a saga. */
        private void retried(DeadLetters.Retried letter) {
            if (letter.letters().isEmpty()) {
                retried++;
            } else {
                failed++;
            }
            for (var each : letter.letters()) {
                name(each);
            }
            if (became.size() < MAX_NAMED) {
                became.addAll(letter.became());
            }
        }

        void failedAgain(Position letter) {
            failed++;
            name(letter);
        }

        private void name(Position letter) {
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
                    List.copyOf(became),
                    cursor);
        }
    }
}
