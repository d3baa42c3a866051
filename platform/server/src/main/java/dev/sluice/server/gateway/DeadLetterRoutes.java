package dev.sluice.server.gateway;

import dev.sluice.ingest.DeadLetters;
import dev.sluice.ingest.Resolver;
import dev.sluice.log.RecordedEvent;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;

/** {@code /v1/dead-letters}. */
final class DeadLetterRoutes {
    private final DeadLetters letters;
    private final Resolver resolver;
    private final Workers workers;
    private final OffLoop offLoop;

    /** @param offLoop where letters are read and records are mapped */
    DeadLetterRoutes(DeadLetters letters, Resolver resolver, Workers workers, OffLoop offLoop) {
        this.letters = letters;
        this.resolver = resolver;
        this.workers = workers;
        this.offLoop = offLoop;
    }

    void addTo(Routes routes) {
        routes.get("/v1/dead-letters", this::list);
        for (Resolver.Verb verb : Resolver.Verb.values()) {
            String word = verb.name().toLowerCase(Locale.ROOT);
            routes.withBody(HttpMethod.POST, "/v1/dead-letters/" + word, call -> resolveAll(call, verb));
            routes.withBody(HttpMethod.POST, "/v1/dead-letters/{id}/" + word, call -> resolve(call, verb));
        }
        routes.get("/v1/dead-letters/{id}", this::show);
    }

    private Future<Answer> list(Call call) {
        Query query = call.query("consumer", "reason", "state", "limit", "cursor");
        var state = DeadLetters.State.valueOf(
                query.oneOf("state", List.of("open", "resolved", "all")).toUpperCase(Locale.ROOT));
        var filter = new DeadLetters.Filter(query.filled("consumer"), query.filled("reason"), state);
        int limit = query.limit();
        String cursor = query.text("cursor");
        return offLoop.run(() -> letters.list(filter, limit, cursor)).compose(page -> {
            call.reserve(bytes(page));
            return workers.run(bytes(page), () -> page(page));
        });
    }

    private Future<Answer> show(Call call) {
        call.query();
        String id = call.path("id");
        return offLoop.run(() -> letters.get(id)).map(letter -> {
            call.reserve(letter.event().dataLength());
            Buffer body = Buffer.buffer();
            append(body, letter);
            return Answer.of(200, MediaTypes.JSON, body);
        });
    }

    private Future<Answer> resolve(Call call, Resolver.Verb verb) {
        call.query();
        String id = call.path("id");
        return offLoop.run(() -> resolver.resolve(id, verb))
                .map(done -> Answer.json(200, json(done).put("id", id).put("already", done.already() > 0)));
    }

    private Future<Answer> resolveAll(Call call, Resolver.Verb verb) {
        Query query = call.query("consumer", "reason", "all", "limit", "cursor");
        var filter = new DeadLetters.Filter(query.filled("consumer"), query.filled("reason"), DeadLetters.State.OPEN);
        boolean isAll = query.flag("all");
        if (isAll == (filter.consumer() != null || filter.reason() != null)) {
            throw Query.invalid("found " + (isAll ? "all=true beside a filter" : "no filter")
                    + ", expected consumer or reason, or all=true for every dead letter");
        }
        int limit = query.limit();
        String cursor = query.text("cursor");
        return offLoop.run(() -> resolver.resolveAll(filter, verb, limit, cursor))
                .map(part -> Answer.json(
                        200,
                        json(part.done())
                                .put("already", part.done().already())
                                .put("skipped", part.done().skipped())
                                .put("problems", new JsonArray(part.done().problems()))
                                .put("more", part.next() != null)
                                .put("next", part.next())));
    }

    private static JsonObject json(Resolver.Done done) {
        return new JsonObject()
                .put("retried", done.retried())
                .put("discarded", done.discarded())
                .put("failed", done.failed())
                .put("failedAs", new JsonArray(done.again()))
                .put(
                        "became",
                        new JsonArray(done.became().stream()
                                .map(DeadLetterRoutes::json)
                                .toList()))
                .put("released", done.released())
                .put("cursor", done.cursor().encode());
    }

    private static JsonObject json(DeadLetters.Became became) {
        var json = new JsonObject().put("id", became.letter().toString()).put("outcome", became.outcome());
        if (became.key() != null) {
            json.put("key", became.key());
        }
        return became.detail() == null ? json : json.put("detail", became.detail());
    }

    private static long bytes(DeadLetters.Page page) {
        return page.letters().stream()
                .mapToLong(letter -> letter.event().dataLength())
                .sum();
    }

    private static Answer page(DeadLetters.Page page) {
        Buffer body = Buffer.buffer("{\"deadLetters\":[");
        String separator = "";
        for (DeadLetters.DeadLetter letter : page.letters()) {
            body.appendString(separator);
            append(body, letter);
            separator = ",";
        }
        body.appendString("],\"cursor\":")
                .appendBuffer(Json.encodeToBuffer(page.cursor()))
                .appendByte((byte) '}');
        return Answer.of(200, MediaTypes.JSON, body);
    }

    /** The letter's own members, then what its consumer kept of the record or event, as {@code data}. */
    private static void append(Buffer body, DeadLetters.DeadLetter letter) {
        RecordedEvent event = letter.event();
        Buffer head = new JsonObject()
                .put("id", letter.id())
                .put("consumer", letter.consumer())
                .put("reason", letter.reason())
                .put("detail", letter.detail())
                .put("state", letter.isOpen() ? "open" : "resolved")
                .put("attempts", letter.attempts())
                .put("stream", event.stream())
                .toBuffer();
        body.appendBuffer(head, 0, head.length() - 1);
        if (event.dataLength() > 0) {
            body.appendString(",\"data\":").appendBytes(event.dataArray(), event.dataStart(), event.dataLength());
        }
        body.appendByte((byte) '}');
    }
}
