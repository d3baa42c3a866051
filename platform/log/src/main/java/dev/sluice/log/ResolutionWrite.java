package dev.sluice.log;

import dev.sluice.log.SourceResolution.Outcome;
import dev.sluice.log.SourceResolution.Resolved;
import dev.sluice.log.SourceResolution.Step;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A {@link SourceResolution} as a write. That a letter is resolved once is decided here: the first letter by an append id, those
 * that wait by the place of their key, which only leaves the row when the last of them is resolved.
 */
final class ResolutionWrite implements Write<Resolved> {
    private final SourceResolution resolution;
    private final List<Position> retried = new ArrayList<>();
    private final List<Position> discarded = new ArrayList<>();
    private long again;

    ResolutionWrite(SourceResolution resolution) {
        this.resolution = resolution;
    }

    @Override
    public Resolved run(ShardTransaction shard) {
        var transaction = (Transaction) shard;
        String key = resolution.key();
        ParkedKeys keys = ParkedKeys.of(resolution.source(), resolution.topic(), resolution.partition(), transaction);
        ParkedKeys.Place place = key == null ? null : keys.get(key);
        Resolved refusal = resolution.after() > 0 ? refusedRelease(place) : refusedFirst(place, transaction);
        if (refusal != null) {
            return refusal;
        }
        take(transaction);
        if (key != null && place != null && leads(place)) {
            move(keys, key, place);
        }
        keys.store(transaction);
        note(transaction);
        ParkedKeys.Place now = key == null ? null : keys.get(key);
        int resolved = retried.size() + discarded.size() - (again > 0 ? 1 : 0);
        return new Resolved(
                Outcome.DONE, resolved, again, now == null ? 0 : now.head(), now != null && now.isReleasing());
    }

    /** Whether this write begins with the head of the key, or goes on with its release; else it takes one letter from among them. */
    private boolean leads(ParkedKeys.Place place) {
        return resolution.after() > 0 || resolution.steps().get(0).letter().offset() == place.head();
    }

    private @Nullable Resolved refusedRelease(ParkedKeys.@Nullable Place place) {
        boolean isOurs = place != null && place.isReleasing() && place.head() == resolution.after();
        return isOurs ? null : new Resolved(Outcome.ALREADY, 0, 0, 0, false);
    }

    private @Nullable Resolved refusedFirst(ParkedKeys.@Nullable Place place, Transaction transaction) {
        Step first = resolution.steps().get(0);
        boolean isGone = first.isParked() && place == null;
        if (isGone || isResolved(first.letter(), transaction)) {
            return new Resolved(Outcome.ALREADY, 0, 0, 0, false);
        }
        return first.isParked() && place != null && !first.isDiscarded()
                ? new Resolved(Outcome.BEHIND, 0, 0, place.head(), place.isReleasing())
                : null;
    }

    private static boolean isResolved(Position letter, Transaction transaction) {
        return transaction.remembered(id(letter)) != null;
    }

    private static String id(Position letter) {
        return "dlq-resolved/" + letter;
    }

    private void take(Transaction transaction) {
        String letters = SourceBatch.deadLetterStream(
                resolution.source(), resolution.partition(), transaction.shard(), transaction.shards());
        for (Step step : resolution.steps()) {
            if (isResolved(step.letter(), transaction)) {
                continue;
            }
            SourceBatch.SourceEvent record = step.record();
            boolean isAppended = record == null || SourceWrite.appended(record, letters, transaction);
            (step.isDiscarded() ? discarded : retried).add(step.letter());
            if (!isAppended) {
                again = transaction.lastOffset();
                return;
            }
        }
    }

    private void move(ParkedKeys keys, String key, ParkedKeys.Place place) {
        if (again > 0) {
            keys.put(key, new ParkedKeys.Place(again, place.lastParked(), false));
        } else if (resolution.readUpTo() >= place.lastParked()) {
            keys.remove(key);
        } else {
            List<Step> steps = resolution.steps();
            long head = steps.isEmpty()
                    ? place.head()
                    : steps.get(steps.size() - 1).letter().offset();
            keys.put(key, new ParkedKeys.Place(head, place.lastParked(), true));
        }
    }

    private void note(Transaction transaction) {
        String stream = SourceBatch.resolvedStream(
                resolution.source(), resolution.partition(), transaction.shard(), transaction.shards());
        long first = 0;
        if (!retried.isEmpty()) {
            first = transaction.append(stream, event(false, retried, transaction));
        }
        if (!discarded.isEmpty()) {
            first = transaction.append(stream, event(true, discarded, transaction));
        }
        if (resolution.after() == 0 && first > 0) {
            Position letter = resolution.steps().get(0).letter();
            transaction.remember(
                    id(letter), new Remembered(0, first, 1, transaction.nowMicros(), List.of(), new byte[0]));
        }
    }

    /** It happens now. */
    private Event event(boolean isDiscarded, List<Position> letters, Transaction transaction) {
        Event made = resolution.resolved().apply(isDiscarded, List.copyOf(letters));
        return new Event(
                made.id(),
                made.type(),
                made.source(),
                transaction.nowMicros(),
                made.contentType(),
                made.attributes(),
                made.origin(),
                made.data());
    }
}
