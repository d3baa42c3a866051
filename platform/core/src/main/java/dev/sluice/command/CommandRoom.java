package dev.sluice.command;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.bus.Addresses;
import dev.sluice.bus.Call;
import dev.sluice.bus.Mesh;
import dev.sluice.log.Failure;
import dev.sluice.shard.EventLog;
import dev.sluice.shard.ReadPool;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The aggregates of a process: each type of command has its consumer on the bus. Safe for any thread. */
public final class CommandRoom {
    private static final Logger LOG = LoggerFactory.getLogger(CommandRoom.class);

    private final EventLog log;
    private final Mesh mesh;
    private final ReadPool reads;
    private final MeterRegistry metrics;
    private final Cache<String, Held<?>> states;
    private final Map<String, CommandInfo> commands = new ConcurrentHashMap<>();
    private final Map<Counted, Counter> counters = new ConcurrentHashMap<>();
    private final List<Mesh.Registration> consumers = new ArrayList<>();

    /** A type of command that is registered: the category of its aggregate, and its JSON Schema. */
    public record CommandInfo(String type, String category, JsonObject schema) {}

    /** @param states how many aggregates' states are held in memory */
    public CommandRoom(EventLog log, Mesh mesh, ReadPool reads, int states, MeterRegistry metrics) {
        this.log = log;
        this.mesh = mesh;
        this.reads = reads;
        this.metrics = metrics;
        this.states = Caffeine.newBuilder()
                .maximumSize(states)
                .executor(Runnable::run)
                .build();
    }

    /** Serves an aggregate's commands from now on. DEFINITION_INVALID for a category or a type of command that another serves. */
    public synchronized <C, E, S> void register(Aggregate<C, E, S> aggregate) {
        for (var known : commands.values()) {
            if (known.category().equals(aggregate.category())) {
                throw invalid("a second aggregate of category " + known.category());
            }
            if (aggregate.commands().stream().anyMatch(type -> type.name().equals(known.type()))) {
                throw invalid("command " + known.type() + " of category " + aggregate.category()
                        + ", which is also of category " + known.category());
            }
        }
        var handling = new Handling<>(aggregate, log, reads, new States<>(aggregate, log, reads, states));
        for (var type : aggregate.commands()) {
            commands.put(type.name(), new CommandInfo(type.name(), aggregate.category(), type.schema()));
            consumers.add(mesh.consumer(
                    Addresses.command(type.name()),
                    CommandRequest.class,
                    (request, call) -> answered(handling, type, request, call)));
        }
    }

    private static Failure invalid(String found) {
        return Failure.of(Failure.Kind.DEFINITION_INVALID, "aggregates: found " + found + ", expected one");
    }

    private <C> Future<CommandAnswer> answered(
            Handling<C, ?, ?> handling, CommandType<C> type, CommandRequest request, Call call) {
        return Future.succeededFuture()
                .compose(begun -> handling.answer(type, request, call))
                .onSuccess(answer -> count(type.name(), answer.outcome()))
                .recover(cause -> Future.failedFuture(refused(type.name(), request.stream(), cause)));
    }

    private Failure refused(String type, String stream, Throwable cause) {
        if (cause instanceof Failure failure) {
            var outcome = outcome(failure.kind());
            count(type, outcome);
            return failure.with(Outcome.DETAIL, outcome.name());
        }
        LOG.error("command_failed type={} stream={}", type, stream, cause);
        count(type, Outcome.INTERNAL);
        return Failure.of(
                        Failure.Kind.INTERNAL,
                        "found a bug while command " + type
                                + " was decided (the server's log has it), expected a decision")
                .with(Outcome.DETAIL, Outcome.INTERNAL.name());
    }

    private static Outcome outcome(Failure.Kind kind) {
        if (kind == Failure.Kind.WRONG_EXPECTED_VERSION) {
            return Outcome.CONFLICT;
        }
        if (kind == Failure.Kind.COMMAND_ID_REUSED) {
            return Outcome.COMMAND_ID_REUSED;
        }
        if (kind == Failure.Kind.DEADLINE_EXCEEDED) {
            return Outcome.EXPIRED;
        }
        if (kind == Failure.Kind.OUTCOME_UNKNOWN) {
            return Outcome.OUTCOME_UNKNOWN;
        }
        if (kind.retryable()) {
            return Outcome.OVERLOADED;
        }
        return kind.httpStatus() < 500 ? Outcome.INVALID : Outcome.INTERNAL;
    }

    private void count(String type, Outcome outcome) {
        counters.computeIfAbsent(new Counted(type, outcome), this::counter).increment();
    }

    private Counter counter(Counted counted) {
        String outcome = counted.outcome().name().toLowerCase(Locale.ROOT);
        return metrics.counter("command.outcomes", "type", counted.type(), "outcome", outcome);
    }

    /** Sends a command over the mesh; COMMAND_NOT_FOUND, and the Failures of {@link CommandAnswer}. */
    public Future<CommandAnswer> ask(String type, CommandRequest request, Call call) {
        if (!commands.containsKey(type)) {
            return Future.failedFuture(Failure.of(
                    Failure.Kind.COMMAND_NOT_FOUND,
                    "found no command of type " + type + ", expected one that is registered"));
        }
        String id = request.commandId();
        return mesh.<CommandAnswer>request(
                        Addresses.command(type), request, id == null ? call : call.withIdempotencyKey(id))
                .recover(cause -> Future.failedFuture(unknownWhenLate(cause)));
    }

    private static Throwable unknownWhenLate(Throwable cause) {
        return Call.isUnknown(cause)
                ? Failure.of(
                                Failure.Kind.OUTCOME_UNKNOWN,
                                cause.getMessage() + "; retry with the same command id to learn the outcome")
                        .with(Outcome.DETAIL, Outcome.OUTCOME_UNKNOWN.name())
                : cause;
    }

    /** All types of commands that are served, in the order of their names. */
    public List<CommandInfo> commands() {
        return commands.values().stream()
                .sorted(Comparator.comparing(CommandInfo::type))
                .toList();
    }

    /** Ends the consumers. */
    public synchronized Future<Void> close() {
        return Future.join(consumers.stream().map(Mesh.Registration::end).toList())
                .mapEmpty();
    }

    private record Counted(String type, Outcome outcome) {}
}
