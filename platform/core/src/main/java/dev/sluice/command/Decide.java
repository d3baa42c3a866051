package dev.sluice.command;

import dev.sluice.bus.Call;
import dev.sluice.log.Event;
import dev.sluice.log.Failure;
import dev.sluice.log.ShardTransaction;
import dev.sluice.log.StreamName;
import dev.sluice.log.Write;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A command as a write: known already? → nothing to undo? → expected version → decide → events, what was answered, snapshot. It decides
 * upon the state that was loaded, else upon the one in memory, and only when that is the stream's last; otherwise it answers nothing and
 * has done nothing.
 */
final class Decide<C, E, S> implements Write<Optional<Decided>> {
    private static final int MOST_EVENTS = 1_000;

    private final Aggregate<C, E, S> aggregate;
    private final States<E, S> states;
    private final Attempt<C> attempt;
    private final Held<S> loaded;
    private final long preparedVersion;

    /** Of anything that the aggregate's code throws: a bug. */
    static final class Thrown extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Thrown(Throwable cause) {
            super(cause);
        }
    }

    /** @param preparedVersion what a preparation has read, −1 when it read nothing */
    Decide(
            Aggregate<C, E, S> aggregate,
            States<E, S> states,
            Attempt<C> attempt,
            Held<S> loaded,
            long preparedVersion) {
        this.aggregate = aggregate;
        this.states = states;
        this.attempt = attempt;
        this.loaded = loaded;
        this.preparedVersion = preparedVersion;
    }

    /** DEADLINE_EXCEEDED when it is too late to begin. */
    static void checkInTime(Call call) {
        if (call.hasDeadline() && call.remainingNanos(System.nanoTime()) <= 0) {
            throw Failure.of(Failure.Kind.DEADLINE_EXCEEDED, "found the deadline passed before the command was begun")
                    .with(Call.DONE, false);
        }
    }

    @Override
    public Optional<Decided> run(ShardTransaction shard) {
        checkInTime(attempt.call());
        var request = attempt.request();
        var before = repeated(shard, attempt);
        if (before != null) {
            return Optional.of(before);
        }
        long version = shard.version(request.stream());
        if (request.undoes() != null && !hasEffect(shard, request.stream(), request.undoes(), version)) {
            return Optional.of(answered(shard, Outcome.NOTHING, version, List.of(), null));
        }
        if (!request.expected().isMetBy(version)) {
            throw Failure.wrongVersion(request.stream(), request.expected(), version);
        }
        var now = last(version);
        if (now == null || preparedVersion >= 0 && preparedVersion != version) {
            return Optional.empty();
        }
        return Optional.of(decide(shard, now));
    }

    private Decided decide(ShardTransaction shard, Held<S> now) {
        String key = StreamName.key(attempt.request().stream());
        var decision = guarded(() -> aggregate.decider().decide(attempt.command(), now.state(), key));
        if (decision instanceof Decision.Rejected<E> rejected) {
            return answered(shard, Outcome.REJECTED, now.version(), List.of(), rejected.rejection());
        }
        return decision instanceof Decision.Accepted<E> accepted
                        && !accepted.events().isEmpty()
                ? append(shard, accepted.events(), now)
                : answered(shard, Outcome.NOTHING, now.version(), List.of(), null);
    }

    /** The answer that a command has got already, null when it is new. COMMAND_ID_REUSED. */
    static @Nullable Decided repeated(ShardTransaction shard, Attempt<?> attempt) {
        var request = attempt.request();
        String id = request.commandId();
        var known = id == null ? null : Known.find(shard, request.stream(), id);
        if (known == null) {
            return null;
        }
        if (known.decided() == null) {
            var rejection = new Rejection(
                    Rejection.VOIDED, "found the command undone before it came, expected it to come first", Map.of());
            return new Decided(
                    new Known(0, Outcome.REJECTED, known.lastOffset(), known.version(), 0, rejection),
                    false,
                    List.of());
        }
        if (known.digest() != attempt.digest()) {
            throw Failure.of(
                    Failure.Kind.COMMAND_ID_REUSED,
                    "found command id " + id + " used before on stream " + request.stream()
                            + " for another command, expected a new id or the same command");
        }
        return new Decided(known, true, List.of());
    }

    /** Whether a command that is to be undone has done anything; one that never came is voided. */
    private static boolean hasEffect(ShardTransaction shard, String stream, String undone, long version) {
        var forward = Known.find(shard, stream, undone);
        if (forward == null) {
            Known.voided(shard.lastOffset(), version).keep(shard, stream, undone, true);
        }
        return forward != null && forward.decided() != null && forward.decided() != Outcome.REJECTED;
    }

    /** The one that was loaded is at hand; the table of those in memory costs a wait for memory. */
    private @Nullable Held<S> last(long version) {
        if (loaded.version() == version) {
            return loaded;
        }
        var held = states.held(attempt.request().stream());
        return held != null && held.version() == version ? held : null;
    }

    private Decided append(ShardTransaction shard, List<E> events, Held<S> before) {
        if (events.size() > MOST_EVENTS) {
            throw new Thrown(new IllegalStateException(
                    "found " + events.size() + " events of one command, expected at most " + MOST_EVENTS));
        }
        String stream = attempt.request().stream();
        var replies =
                guarded(() -> events.stream().map(aggregate.events()::write).toList());
        var after = guarded(() -> evolved(before, events));
        byte[] snapshot = snapshot(after);
        var attributes = attributes();
        for (int i = 0; i < replies.size(); i++) {
            shard.append(stream, event(replies.get(i), before.version() + i + 1, attributes, shard.nowMicros()));
        }
        if (snapshot != null) {
            shard.put(Snapshots.key(stream), snapshot);
        }
        var decided = answered(shard, Outcome.ACCEPTED, after.version(), replies, null);
        states.hold(stream, snapshot == null ? after : new Held<>(after.state(), after.version(), after.version()));
        return decided;
    }

    private Held<S> evolved(Held<S> before, List<E> events) {
        var state = before.state();
        for (E event : events) {
            state = aggregate.decider().evolve(state, event);
        }
        return new Held<>(state, before.version() + events.size(), before.snapshotVersion());
    }

    private byte @Nullable [] snapshot(Held<S> after) {
        var snapshots = aggregate.snapshots();
        return snapshots == null || !snapshots.isDue(after.version(), after.snapshotVersion())
                ? null
                : guarded(() -> snapshots.write(after.state(), after.version()));
    }

    private Event event(CommandAnswer.Reply reply, long version, Map<String, Object> attributes, long nowMicros) {
        return new Event(
                attempt.request().stream() + "/" + version,
                reply.type(),
                "urn:sluice:aggregate:" + aggregate.category(),
                nowMicros,
                Event.JSON,
                attributes,
                null,
                reply.data());
    }

    private Map<String, Object> attributes() {
        var attributes = new HashMap<String, Object>();
        var request = attempt.request();
        String correlation = request.correlation() != null ? request.correlation() : request.commandId();
        if (correlation != null) {
            attributes.put("correlationid", correlation);
        }
        if (request.commandId() != null) {
            attributes.put("causationid", request.commandId());
        }
        if (attempt.traceparent() != null) {
            attributes.put("traceparent", attempt.traceparent());
        }
        return attributes;
    }

    private Decided answered(
            ShardTransaction shard,
            Outcome outcome,
            long version,
            List<CommandAnswer.Reply> events,
            @Nullable Rejection rejection) {
        var request = attempt.request();
        var known = new Known(attempt.digest(), outcome, shard.lastOffset(), version, events.size(), rejection);
        if (request.commandId() != null) {
            known.keep(shard, request.stream(), request.commandId(), request.isOfSaga() || request.undoes() != null);
        }
        return new Decided(known, false, events);
    }

    /** What the code throws is about this command, unless the process is at its end. */
    private static <T> T guarded(Supplier<T> code) {
        try {
            return code.get();
        } catch (RuntimeException | StackOverflowError thrown) {
            throw new Thrown(thrown);
        } catch (VirtualMachineError end) {
            throw end;
        } catch (Error thrown) {
            throw new Thrown(thrown);
        }
    }
}
