package dev.sluice.server.gateway;

import dev.sluice.ingest.DeadLetters;
import dev.sluice.log.RecordedEvent;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;

/** {@code /v1/dead-letters}. */
final class DeadLetterRoutes {
    private final EventLog log;
    private final Workers workers;

    DeadLetterRoutes(EventLog log, Workers workers) {
        this.log = log;
        this.workers = workers;
    }

    void addTo(Routes routes) {
        routes.get("/v1/dead-letters", this::list);
    }

    private Future<Answer> list(Call call) {
        Query query = call.query("consumer", "reason", "limit", "cursor");
        return DeadLetters.list(
                        log, query.filled("consumer"), query.filled("reason"), query.limit(), query.text("cursor"))
                .compose(page -> {
                    call.reserve(bytes(page));
                    return workers.run(bytes(page), () -> page(page));
                });
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
                .put("stream", event.stream())
                .toBuffer();
        body.appendBuffer(head, 0, head.length() - 1);
        if (event.dataLength() > 0) {
            body.appendString(",\"data\":").appendBytes(event.dataArray(), event.dataStart(), event.dataLength());
        }
        body.appendByte((byte) '}');
    }
}
