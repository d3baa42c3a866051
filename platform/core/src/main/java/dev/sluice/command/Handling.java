package dev.sluice.command;

import dev.sluice.bus.Call;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Failure;
import dev.sluice.log.StreamName;
import dev.sluice.shard.EventLog;
import dev.sluice.shard.ReadPool;
import io.vertx.core.Future;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The way of the commands of one aggregate: read, held against their schema, prepared, loaded for, decided, answered. */
final class Handling<C, E, S> {
    private static final Pattern TRACE_PARENT = Pattern.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}");
    private static final int MAX_ID_CHARS = 255;
    /** More bytes than this are read beside the event loop. */
    private static final int LARGE_BYTES = 16 << 10;
    /** How often the aggregate may be overtaken by appends that are no commands. */
    private static final int LOADS = 10;

    private static final int PREPARATIONS = 4;

    private final Aggregate<C, E, S> aggregate;
    private final EventLog log;
    private final ReadPool reads;
    private final States<E, S> states;

    Handling(Aggregate<C, E, S> aggregate, EventLog log, ReadPool reads, States<E, S> states) {
        this.aggregate = aggregate;
        this.log = log;
        this.reads = reads;
        this.states = states;
    }

    /** Fails with a Failure, or with what is a bug. */
    Future<CommandAnswer> answer(CommandType<C> type, CommandRequest request, Call call) {
        Decide.checkInTime(call);
        check(request);
        return request.data().length > LARGE_BYTES
                ? reads.run(() -> read(type, request, call)).compose(this::decided)
                : decided(read(type, request, call));
    }

    private void check(CommandRequest request) {
        String stream = StreamName.check(request.stream());
        if (!StreamName.category(stream).equals(aggregate.category())) {
            throw invalid(
                    "stream " + stream,
                    "one of category " + aggregate.category() + ", such as " + aggregate.category() + "-1");
        }
        checkId("command id", request.commandId());
        checkId("id of a command to undo", request.undoes());
        if (request.undoes() != null
                && (request.commandId() == null || request.undoes().equals(request.commandId()))) {
            throw invalid("a command that undoes " + request.undoes(), "it to have an id of its own");
        }
    }

    private static void checkId(String what, @Nullable String id) {
        if (id != null
                && (id.isEmpty() || id.length() > MAX_ID_CHARS || id.chars().anyMatch(Character::isISOControl))) {
            throw invalid(
                    "a " + what + " of " + id.length() + " characters",
                    "1 to " + MAX_ID_CHARS + " without control characters");
        }
    }

    private static Failure invalid(String found, String expected) {
        return Failure.of(Failure.Kind.INVALID_REQUEST, "found " + found + ", expected " + expected);
    }

    private Attempt<C> read(CommandType<C> type, CommandRequest request, Call call) {
        C command = type.read(request.data());
        long digest = request.commandId() == null ? 0 : digest(type.name(), request);
        String trace = call.traceparent();
        boolean isTrace = trace != null && TRACE_PARENT.matcher(trace).matches();
        return new Attempt<>(type, command, request, digest, call, isTrace ? trace : null);
    }

    private static long digest(String type, CommandRequest request) {
        try {
            var hash = MessageDigest.getInstance("SHA-256");
            String undoes = request.undoes();
            for (String part : List.of(type, request.expected().toString(), undoes == null ? "" : undoes)) {
                byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
                hash.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
                hash.update(bytes);
            }
            return ByteBuffer.wrap(hash.digest(request.data())).getLong();
        } catch (NoSuchAlgorithmException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }

    private Future<CommandAnswer> decided(Attempt<C> attempt) {
        var preparation = aggregate.preparation(attempt.type());
        var decided = preparation == null
                ? states.state(attempt.request().stream()).compose(state -> written(attempt, state, LOADS))
                : known(attempt)
                        .compose(known -> known.isPresent()
                                ? Future.succeededFuture(known.get())
                                : prepared(preparation, attempt, PREPARATIONS));
        return decided.compose(made -> answer(attempt, made));
    }

    private Future<Decided> written(Attempt<C> attempt, Held<S> state, int left) {
        return write(attempt, state, -1).compose(decided -> {
            if (decided.isPresent()) {
                return Future.succeededFuture(decided.get());
            }
            return left == 0
                    ? Future.failedFuture(overtaken(attempt, LOADS))
                    : states.foldOn(attempt.request().stream(), state)
                            .compose(later -> written(attempt, later, left - 1));
        });
    }

    private Future<Optional<Decided>> write(Attempt<C> attempt, Held<S> state, long preparedVersion) {
        int shard = log.shardOf(attempt.request().stream());
        return log.write(shard, new Decide<>(aggregate, states, attempt, state, preparedVersion));
    }

    private static Failure overtaken(Attempt<?> attempt, int times) {
        return Failure.of(
                Failure.Kind.OVERLOADED,
                "found stream " + attempt.request().stream() + " changed " + times
                        + " times while a command for it was made ready, try again later");
    }

    /** The answer of a command that need not be prepared, since it is known. */
    private Future<Optional<Decided>> known(Attempt<C> attempt) {
        return attempt.request().commandId() == null
                ? Future.succeededFuture(Optional.empty())
                : log.write(
                        log.shardOf(attempt.request().stream()),
                        shard -> Optional.ofNullable(Decide.repeated(shard, attempt)));
    }

    private Future<Decided> prepared(Aggregate.Preparation<C, S> preparation, Attempt<C> attempt, int left) {
        var read = new Reading(attempt.request().stream());
        return preparation.prepare(attempt.command(), read).compose(command -> read.loaded()
                .compose(state -> write(attempt.prepared(command), state, read.version()))
                .compose(decided -> {
                    if (decided.isPresent()) {
                        return Future.succeededFuture(decided.get());
                    }
                    return left == 1
                            ? Future.failedFuture(overtaken(attempt, PREPARATIONS))
                            : prepared(preparation, attempt, left - 1);
                }));
    }

    /** What one run of a preparation has read. For one context. */
    private final class Reading implements Aggregate.Reads<S> {
        private final String stream;
        private @Nullable Held<S> held;

        Reading(String stream) {
            this.stream = stream;
        }

        @Override
        public String stream() {
            return stream;
        }

        @Override
        public Future<S> state() {
            return states.state(stream).map(state -> {
                held = state;
                return state.state();
            });
        }

        Future<Held<S>> loaded() {
            return held != null ? Future.succeededFuture(held) : states.state(stream);
        }

        long version() {
            return held == null ? -1 : held.version();
        }
    }

    private Future<CommandAnswer> answer(Attempt<C> attempt, Decided decided) {
        var known = decided.known();
        boolean hasToBeRead = decided.isDuplicate() && known.count() > 0;
        var events = hasToBeRead
                ? replies(attempt.request().stream(), known.version() - known.count() + 1, known.version(), List.of())
                : Future.succeededFuture(decided.events());
        return events.map(replies -> {
            String stream = attempt.request().stream();
            return new CommandAnswer(
                    Objects.requireNonNull(known.decided()),
                    decided.isDuplicate(),
                    stream,
                    known.version(),
                    log.head().with(log.shardOf(stream), known.lastOffset()),
                    replies,
                    known.rejection());
        });
    }

    private Future<List<CommandAnswer.Reply>> replies(
            String stream, long from, long last, List<CommandAnswer.Reply> before) {
        return log.readStream(stream, from, EventQuery.Direction.FORWARD, (int) (last - from + 1))
                .compose(events -> {
                    var replies = new ArrayList<>(before);
                    events.forEach(event -> replies.add(new CommandAnswer.Reply(event.type(), event.data())));
                    long next = from + events.size();
                    return next > last || events.isEmpty()
                            ? Future.succeededFuture(replies)
                            : replies(stream, next, last, replies);
                });
    }
}
