package dev.sluice.server.gateway;

import dev.sluice.server.live.Live;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rows of a projection as they change: the frames of a subscription, as an endless answer or as a long poll. */
final class LiveRows {
    private static final long DEFAULT_WAIT_MILLIS = 10_000;
    private static final long MAX_WAIT_MILLIS = 60_000;

    private final Live live;

    LiveRows(Live live) {
        this.live = live;
    }

    /** Whether a request for rows is one for changes: its answer is endless, or since a cursor. */
    static boolean isMeant(Call call, String mediaType) {
        return !mediaType.equals(MediaTypes.JSON)
                || Query.names(call.request().query()).contains("since");
    }

    Future<Answer> answer(Call call, String mediaType) {
        return mediaType.equals(MediaTypes.JSON) ? poll(call) : stream(call, mediaType);
    }

    private Future<Answer> stream(Call call, String mediaType) {
        Query query = call.query(ProjectionRoutes.ROWS_PARAMETERS);
        query.without("in an endless answer", "scan", "cursor", "waitMs", "at", "wait");
        var asked = asked(call, query);
        for (String name : List.of("orderBy", "mode", "snapshot", "after")) {
            put(asked, name, query.filled(name));
        }
        for (String name : List.of("limit", "minInterval")) {
            if (query.has(name)) {
                asked.put(name, query.number(name, 0, 0, Integer.MAX_VALUE));
            }
        }
        String last = call.header("Last-Event-ID");
        put(asked, "resume", last == null || last.isEmpty() ? query.filled("since") : last);
        if (call.request().method() == HttpMethod.HEAD) {
            return Future.succeededFuture(Answer.of(200, mediaType, Buffer.buffer()));
        }
        return live.stream(call.response(), mediaType.equals(MediaTypes.EVENT_STREAM), asked, call::onEnd)
                .map(begun -> Answer.TAKEN);
    }

    private Future<Answer> poll(Call call) {
        Query query = call.query(ProjectionRoutes.ROWS_PARAMETERS);
        query.without(
                "with since", "scan", "cursor", "waitMs", "at", "after", "orderBy", "minInterval", "mode", "snapshot");
        var asked = asked(call, query);
        put(asked, "resume", query.filled("since"));
        long waitMillis = query.millis("wait", DEFAULT_WAIT_MILLIS, MAX_WAIT_MILLIS);
        int limit = (int) query.number("limit", Query.MAX_LIMIT, 1, Query.MAX_LIMIT);
        return live.poll(asked, limit, waitMillis, call::onEnd)
                .map(frames -> Answer.of(200, MediaTypes.JSON, frames).with("Cache-Control", "no-store"));
    }

    private static JsonObject asked(Call call, Query query) {
        var asked = new JsonObject().put("to", "projection:" + call.path("projection"));
        put(asked, "where", query.filled("where"));
        put(asked, "prefix", query.filled("prefix"));
        put(asked, "numbers", query.filled("numbers"));
        for (String name : List.of("keys", "fields")) {
            String list = query.filled(name);
            if (list != null) {
                asked.put(name, new JsonArray(Arrays.asList((Object[]) list.split(",", -1))));
            }
        }
        return asked;
    }

    private static void put(JsonObject asked, String name, @Nullable String value) {
        if (value != null) {
            asked.put(name, value);
        }
    }
}
