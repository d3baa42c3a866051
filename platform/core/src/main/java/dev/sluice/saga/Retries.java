package dev.sluice.saga;

import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.saga.DeadLetter.Kept;
import dev.sluice.saga.Incoming.Concern;
import dev.sluice.saga.Incoming.Matched;
import dev.sluice.saga.Incoming.Problem;
import dev.sluice.saga.definition.ReceivedEvent;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The retries of dead letters. A retry is an event of the log, which says that the letter is resolved; it is read in its turn like all others, and every
 * shard passes over it with its cursor in the write that reacts. So it is taken once, whatever ends in between, also where the key that is told now
 * belongs to another shard than the letter. What fails again is a new letter. Any thread.
 */
final class Retries {
    private static final long PATIENCE_MILLIS = 5_000;

    private final EventLog log;
    private final Definitions definitions;
    private final Missing missing;
    private final Inquiries inquiries;
    private final Map<Position, Promise<SagaRoom.Retried>> asked = new ConcurrentHashMap<>();

    Retries(EventLog log, Definitions definitions, Missing missing, Inquiries inquiries) {
        this.log = log;
        this.definitions = definitions;
        this.missing = missing;
        this.inquiries = inquiries;
    }

    /**
     * A retry, and whom its event concerns now.
     *
     * @param had what instances have done with it already
     */
    record Again(Position letter, Kept kept, RecordedEvent event, Definitions.Read read, List<Verdict> had) {}

    /** Answers what became of a letter whose retry is going to be written; NOT_REACHED when that takes long. */
    Future<SagaRoom.Retried> of(String saga, Position letter) {
        var promise = asked.computeIfAbsent(letter, first -> Promise.promise());
        var late = new SagaRoom.Retried(
                List.of(new Verdict(saga, null, Verdict.Kind.NOT_REACHED, 0, 0, "it is in the log, and will be taken")),
                List.of());
        return promise.future()
                .timeout(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
                .otherwise(late)
                .onSuccess(told -> asked.remove(letter, promise));
    }

    /** The retries among events, by their place. Calls code of the definitions. */
    Future<Map<Position, Again>> read(List<RecordedEvent> events) {
        var retries = events.stream().filter(DeadLetter::isRetry).toList();
        if (retries.isEmpty()) {
            return Future.succeededFuture(Map.of());
        }
        var reads =
                retries.stream().map(event -> read(DeadLetter.retried(event))).toList();
        return Future.all(reads).map(all -> {
            var found = new HashMap<Position, Again>();
            for (int i = 0; i < retries.size(); i++) {
                found.put(retries.get(i).position(), all.resultAt(i));
            }
            return found;
        });
    }

    private Future<Again> read(Position letter) {
        return event(letter).compose(written -> {
            var kept = Kept.of(written);
            return event(kept.position()).compose(event -> {
                var read = missing.completed(definitions.read(event));
                return again(letter, kept, event, read.event(), meant(kept, read.concerns()));
            });
        });
    }

    /**
     * Where no key of a letter could be told, code that can tell it may have given its event to its instance since, when a process ended between the
     * two; whatever run that was, no other is given it.
     */
    private Future<Again> again(
            Position letter, Kept kept, RecordedEvent event, ReceivedEvent received, List<Concern> meant) {
        var asked = meant.stream()
                .map(each ->
                        each.id() == null || kept.key() != null || !kept.told().isEmpty()
                                ? Future.<@Nullable Verdict>succeededFuture(null)
                                : inquiries.why(each.id(), event))
                .toList();
        return Future.all(asked).map(all -> {
            var given = new ArrayList<Concern>();
            var had = new ArrayList<Verdict>();
            for (int i = 0; i < meant.size(); i++) {
                Verdict verdict = asked.get(i).result();
                if (verdict != null && isHad(verdict)) {
                    had.add(verdict);
                } else {
                    given.add(meant.get(i));
                }
            }
            return new Again(letter, kept, event, new Definitions.Read(received, given), had);
        });
    }

    /** Who has had an event has stored that it was read; who has not may have passed over it and not stored that yet. */
    private static boolean isHad(Verdict verdict) {
        return verdict.kind() != Verdict.Kind.DEAD_LETTER && verdict.kind() != Verdict.Kind.NOT_REACHED;
    }

    private Future<RecordedEvent> event(Position position) {
        return log.event(position).map(event -> Objects.requireNonNull(event, "what a letter is about is in the log"));
    }

    /** Those of whom an event concerns that its letter is about; with a problem where it can be given to nobody. */
    private List<Concern> meant(Kept letter, List<Concern> all) {
        var ours =
                all.stream().filter(each -> each.saga().equals(letter.saga())).toList();
        var id = letter.key() == null ? null : new InstanceId(letter.saga(), letter.key());
        if (definitions.newest(letter.saga()) == null) {
            return List.of(new Concern(
                    letter.saga(),
                    id,
                    letter.told(),
                    new Problem(
                            DeadLetter.DEFINITION_MISSING,
                            "found no saga " + letter.saga() + ", expected it registered")));
        }
        if (id == null) {
            return ours.stream()
                    .map(each -> untold(letter, each))
                    .filter(each -> each.problem() != null || !each.triggers().isEmpty())
                    .toList();
        }
        var same = ours.stream().filter(each -> id.equals(each.id())).toList();
        if (!same.isEmpty() || ours.isEmpty()) {
            return same;
        }
        var problem = ours.stream()
                .map(Concern::problem)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(new Problem(
                        DeadLetter.KEY_FAILED,
                        "found key " + Objects.requireNonNull(ours.get(0).id()).key() + ", expected " + id.key()
                                + ", which the letter is about"));
        return List.of(new Concern(letter.saga(), id, List.of(), problem));
    }

    /** Without the triggers by which it was given already; where its key cannot be told still, they stay noted. */
    private static Concern untold(Kept letter, Concern concern) {
        var triggers = new ArrayList<>(concern.triggers());
        triggers.removeIf(matched -> letter.told().stream().anyMatch(told -> isSame(told, matched)));
        if (concern.problem() != null) {
            triggers.addAll(letter.told());
        }
        return new Concern(concern.saga(), concern.id(), List.copyOf(triggers), concern.problem());
    }

    /** An event starts once, whichever version it is that starts. */
    private static boolean isSame(Matched one, Matched other) {
        return one.equals(other)
                || one.trigger().equals(Definitions.START) && other.trigger().equals(Definitions.START);
    }

    /** Tells who asked. {@code lettered}: once all shards have taken the retry, what is a dead letter again. */
    void taken(Again again, Future<List<Reacted.Again>> lettered) {
        var promise = asked.get(again.letter());
        if (promise == null) {
            return;
        }
        lettered.compose(letters -> became(again, letters)).onComplete(promise);
    }

    private Future<SagaRoom.Retried> became(Again again, List<Reacted.Again> letters) {
        var verdicts = new ArrayList<Future<Verdict>>();
        again.had().forEach(verdict -> verdicts.add(Future.succeededFuture(verdict)));
        again.read().concerns().forEach(concern -> verdicts.add(became(again, concern, letters)));
        if (verdicts.isEmpty()) {
            verdicts.add(Future.succeededFuture(ignored(again, again.kept().key(), "it is for no instance now")));
        }
        return Future.all(verdicts)
                .map(all -> new SagaRoom.Retried(
                        all.list(), letters.stream().map(Reacted.Again::letter).toList()));
    }

    private Future<Verdict> became(Again again, Concern concern, List<Reacted.Again> letters) {
        var id = concern.id();
        for (var letter : letters) {
            if (Objects.equals(letter.id(), id)) {
                return event(letter.letter()).map(written -> failed(concern, written));
            }
        }
        if (id == null) {
            return Future.succeededFuture(ignored(again, null, "its key cannot be told"));
        }
        return inquiries
                .why(id, again.event())
                .map(verdict -> verdict == null || verdict.kind() == Verdict.Kind.DEAD_LETTER
                        ? ignored(again, id.key(), "the instance has no use for it")
                        : verdict);
    }

    private static Verdict failed(Concern concern, RecordedEvent letter) {
        var data = Json.data(letter);
        String key = data.path("key").textValue();
        return new Verdict(
                concern.saga(),
                key,
                Verdict.Kind.DEAD_LETTER,
                0,
                0,
                data.path("reason").asText() + ": " + data.path("detail").asText());
    }

    private static Verdict ignored(Again again, @Nullable String key, String why) {
        return new Verdict(again.kept().saga(), key, Verdict.Kind.IGNORED, 0, 0, why);
    }
}
