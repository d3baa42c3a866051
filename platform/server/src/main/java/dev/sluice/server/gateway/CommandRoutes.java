package dev.sluice.server.gateway;

import dev.sluice.command.CommandAnswer;
import dev.sluice.command.CommandRequest;
import dev.sluice.command.CommandRoom;
import dev.sluice.command.CommandRoom.CommandInfo;
import dev.sluice.command.Outcome;
import dev.sluice.log.Expected;
import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.util.Map;

/** {@code /v1/commands}: the types of commands there are, and commands. */
final class CommandRoutes {
    private final CommandRoom commands;
    private final Workers workers;

    CommandRoutes(CommandRoom commands, Workers workers) {
        this.commands = commands;
        this.workers = workers;
    }

    void addTo(Routes routes) {
        routes.get("/v1/commands", this::list).withBody(HttpMethod.POST, "/v1/commands/{type}", this::send);
    }

    private Future<Answer> list(Call call) {
        Query query = call.query("limit", "cursor");
        return Future.succeededFuture(
                NamedPage.of(query, "commands", commands.commands(), CommandInfo::type, CommandRoutes::json));
    }

    private static JsonObject json(CommandInfo command) {
        return new JsonObject()
                .put("type", command.type())
                .put("category", command.category())
                .put("schema", command.schema());
    }

    private Future<Answer> send(Call call) {
        call.query();
        call.checkContentEncoding();
        String contentType = call.header("Content-Type");
        if (contentType == null || !MediaTypes.bare(contentType).equals(MediaTypes.JSON)) {
            throw Failure.of(
                    Kind.UNSUPPORTED_MEDIA_TYPE,
                    "found " + (contentType == null ? "no Content-Type" : Query.shown(contentType)) + ", expected "
                            + MediaTypes.JSON);
        }
        MediaTypes.checkCharset(contentType);
        Expected expected = Preconditions.expected(call.header("If-Match"), call.header("If-None-Match"));
        String commandId = Preconditions.appendId(call.header("Idempotency-Key"));
        String type = call.path("type");
        return workers.run(call.body().length, () -> CommandBody.parse(call.body()))
                .map(body -> new CommandRequest(body.stream(), body.data(), commandId, expected, null, false, null))
                .compose(request -> commands.ask(type, request, call.onTheBus()))
                .map(answer -> answer(type, answer));
    }

    private static Answer answer(String type, CommandAnswer answer) {
        var rejection = answer.rejection();
        if (rejection != null) {
            throw Failure.of(
                            Kind.REJECTED,
                            "command " + type + " for stream " + answer.stream() + " is rejected: "
                                    + rejection.message())
                    .with(Outcome.DETAIL, answer.outcome().name())
                    .with(
                            "rejection",
                            Map.of(
                                    "code", rejection.code(),
                                    "message", rejection.message(),
                                    "details", rejection.details()))
                    .with("version", answer.version())
                    .with("cursor", answer.cursor().encode());
        }
        var body = new JsonObject()
                .put("outcome", answer.outcome().name())
                .put("stream", answer.stream())
                .put("version", answer.version())
                .put("cursor", answer.cursor().encode());
        if (answer.isDuplicate()) {
            body.put("original", answer.decided().name());
        }
        return Answer.json(200, body).with("ETag", "\"" + answer.version() + "\"");
    }
}
