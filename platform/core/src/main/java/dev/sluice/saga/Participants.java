package dev.sluice.saga;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.bus.Addresses;
import dev.sluice.bus.Call;
import dev.sluice.bus.Mesh;
import dev.sluice.command.CommandAnswer;
import dev.sluice.command.CommandRequest;
import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.saga.machine.Direction;
import dev.sluice.saga.machine.Outcome;
import dev.sluice.shard.EventLog;
import dev.sluice.spi.ParticipantCommand;
import dev.sluice.spi.ParticipantReply;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Asks participants and tells what became of it. Any context. */
final class Participants {
    private static final String BUS = "bus:";
    private static final String HTTP = "http:";
    private static final String KAFKA = "kafka:";
    /** The detail of a refusal that says when to come again. */
    private static final String RETRY_AFTER = "retryAfterMillis";

    private final EventLog log;
    private final Mesh mesh;
    private final LongSupplier clockMicros;

    Participants(EventLog log, Mesh mesh, LongSupplier clockMicros) {
        this.log = log;
        this.mesh = mesh;
        this.clockMicros = clockMicros;
    }

    Future<Outcome> send(Dispatch dispatch) {
        try {
            return outcome(dispatch).otherwise(Participants::failed);
        } catch (RuntimeException refused) {
            return Future.succeededFuture(failed(refused));
        }
    }

    private Future<Outcome> outcome(Dispatch dispatch) {
        String to = dispatch.to();
        if (dispatch.direction() == Direction.PUBLISH) {
            return publish(dispatch);
        }
        if (to.startsWith(BUS)) {
            return ask(dispatch, to.substring(BUS.length()), "");
        }
        if (to.startsWith(HTTP)) {
            String place = to.substring(HTTP.length());
            int slash = place.indexOf('/');
            return ask(
                    dispatch,
                    Addresses.upstream(slash < 0 ? place : place.substring(0, slash)),
                    slash < 0 ? "" : place.substring(slash));
        }
        if (to.startsWith(KAFKA)) {
            return ask(dispatch, Addresses.commandTopic(to.substring(KAFKA.length())), "");
        }
        return command(dispatch);
    }

    private Future<Outcome> command(Dispatch dispatch) {
        var request = new CommandRequest(
                dispatch.to(),
                Json.bytes(dispatch.data()),
                dispatch.commandId(),
                Expected.ANY,
                dispatch.undoes(),
                true,
                dispatch.correlation());
        return mesh.<CommandAnswer>request(Addresses.command(dispatch.type()), request, call(dispatch))
                .map(Participants::decided);
    }

    /** The reply of an aggregate is the first event that it appended. */
    private static Outcome decided(CommandAnswer answer) {
        var rejection = answer.rejection();
        if (rejection != null) {
            return new Outcome.Rejected(rejection.code(), rejection.message());
        }
        if (answer.events().isEmpty()) {
            return new Outcome.Succeeded("", Json.MAPPER.createObjectNode());
        }
        var first = answer.events().get(0);
        return replied(first.type(), first.data());
    }

    private Future<Outcome> ask(Dispatch dispatch, String address, String place) {
        var command = new ParticipantCommand(
                place,
                dispatch.type(),
                dispatch.commandId(),
                dispatch.undoes(),
                dispatch.id().toString(),
                dispatch.correlation(),
                Json.bytes(dispatch.data()));
        return mesh.<ParticipantReply>request(address, command, call(dispatch)).map(Participants::answered);
    }

    private static Call call(Dispatch dispatch) {
        return Call.from("saga:" + dispatch.saga())
                .withIdempotencyKey(dispatch.commandId())
                .attempt(1, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(dispatch.timeoutMillis()));
    }

    private static Outcome answered(ParticipantReply reply) {
        if (reply.isRejection()) {
            return new Outcome.Rejected(reply.type(), message(new String(reply.data(), StandardCharsets.UTF_8)));
        }
        return replied(reply.type(), reply.data());
    }

    private static String message(String json) {
        try {
            return Json.MAPPER.readTree(json).path("message").asText(json);
        } catch (IOException broken) {
            return json;
        }
    }

    private static Outcome replied(String type, byte[] json) {
        try {
            JsonNode data = Json.MAPPER.readTree(json);
            return new Outcome.Succeeded(type, data.isMissingNode() ? Json.MAPPER.createObjectNode() : data);
        } catch (IOException broken) {
            return new Outcome.Unknown("found a reply that is no JSON: " + broken.getMessage());
        }
    }

    private Future<Outcome> publish(Dispatch dispatch) {
        var event = new Event(
                dispatch.commandId(),
                dispatch.type(),
                "sluice://saga/" + dispatch.saga(),
                clockMicros.getAsLong(),
                Event.JSON,
                Map.of("correlationid", dispatch.correlation(), "causationid", dispatch.commandId()),
                null,
                Json.bytes(dispatch.data()));
        var append = new Append(
                dispatch.commandId(),
                dispatch.commandId().hashCode(),
                List.of(new Append.StreamWrite(dispatch.to(), Expected.ANY, List.of(event))));
        return log.append(append, call(dispatch)).map(done -> new Outcome.Succeeded("", dispatch.data()));
    }

    private static Outcome failed(Throwable cause) {
        if (!(cause instanceof Failure failure)) {
            return new Outcome.Unknown(String.valueOf(cause));
        }
        if (failure.details().get(dev.sluice.command.Outcome.DETAIL) instanceof String decided && isDefinite(decided)) {
            return new Outcome.Rejected(decided, failure.getMessage());
        }
        return switch (failure.kind()) {
            case RATE_LIMITED, CIRCUIT_OPEN, OVERLOADED, NO_HANDLERS, UNAVAILABLE -> deferred(failure);
            case DEADLINE_EXCEEDED ->
                Boolean.FALSE.equals(failure.details().get(Call.DONE)) ? deferred(failure) : unknown(failure);
            default -> unknown(failure);
        };
    }

    /** An aggregate would say so however often it were asked, and has done nothing. */
    private static boolean isDefinite(String decided) {
        return decided.equals(dev.sluice.command.Outcome.INVALID.name())
                || decided.equals(dev.sluice.command.Outcome.COMMAND_ID_REUSED.name());
    }

    private static Outcome deferred(Failure failure) {
        long millis = failure.details().get(RETRY_AFTER) instanceof Number after ? after.longValue() : 0;
        return new Outcome.Deferred(failure.kind() + ": " + failure.getMessage(), millis);
    }

    private static Outcome unknown(Failure failure) {
        return new Outcome.Unknown(failure.kind() + ": " + failure.getMessage());
    }
}
