package dev.sluice.server.gateway;

import static dev.sluice.log.EventQuery.Direction.BACKWARD;
import static dev.sluice.log.EventQuery.Direction.FORWARD;

import dev.sluice.log.Appended;
import dev.sluice.log.Cursor;
import dev.sluice.log.EventQuery.Direction;
import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.StreamInfo;
import dev.sluice.log.StreamName;
import dev.sluice.server.gateway.wire.PageCursor;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** {@code /v1/streams}: append, read, list. */
final class StreamRoutes {
    static final String CURSOR_HEADER = "Sluice-Cursor";

    private final EventLog log;
    private final Workers workers;
    private final LongSupplier clockMicros;

    StreamRoutes(EventLog log, Workers workers, LongSupplier clockMicros) {
        this.log = log;
        this.workers = workers;
        this.clockMicros = clockMicros;
    }

    void addTo(Routes routes) {
        routes.withBody(HttpMethod.POST, "/v1/streams/{stream}", this::append)
                .get("/v1/streams/{stream}", this::read)
                .get("/v1/streams", this::list);
    }

    private Future<Answer> append(Call call) {
        String stream = StreamName.check(call.path("stream"));
        if (StreamName.isPlatform(stream)) {
            throw Failure.of(
                    Kind.PLATFORM_STREAM,
                    "found stream " + stream
                            + ", expected a name that does not begin with $: those are the platform's");
        }
        var request = AppendRequest.of(stream, call, call.query("type").text("type"));
        long nowMicros = clockMicros.getAsLong();
        return workers.run(call.body().length, () -> request.toAppend(nowMicros))
                .compose(append -> log.append(append, call.onTheBus()))
                .map(StreamRoutes::appended);
    }

    private static Answer appended(Appended appended) {
        Appended.StreamVersions versions = appended.streams().get(0);
        var body = new JsonObject()
                .put("stream", versions.stream())
                .put("firstVersion", versions.firstVersion())
                .put("lastVersion", versions.lastVersion())
                .put("position", appended.first().toString())
                .put("cursor", appended.cursor().encode());
        if (appended.duplicate()) {
            body.put("duplicate", true);
        }
        return Answer.json(appended.duplicate() ? 200 : 201, body).with("ETag", etag(versions.lastVersion()));
    }

    private static String etag(long version) {
        return "\"" + version + "\"";
    }

    private Future<Answer> read(Call call) {
        String stream = StreamName.check(call.path("stream"));
        Query query = call.query("from", "limit", "direction");
        Direction direction = direction(query);
        long from = query.number("from", direction == FORWARD ? 1 : 0, 1, Long.MAX_VALUE);
        var body =
                new EventsBody(MediaTypes.choose(call.accept(), EventsBody.MEDIA_TYPES), query.limit(), workers, call);
        return log.version(stream).compose(version -> {
            if (version == 0) {
                throw Failure.of(Kind.STREAM_NOT_FOUND, "found no stream " + stream + ", expected one with an event");
            }
            return fill(body, stream, from, direction, version).map(last -> {
                Answer page = body.answer().with("ETag", etag(version));
                return last == null ? page : page.with(CURSOR_HEADER, cursor(last, direction));
            });
        });
    }

    static Direction direction(Query query) {
        return query.oneOf("direction", List.of("forward", "backward")).equals("forward") ? FORWARD : BACKWARD;
    }

    /** Reads until the page is full or the stream ends; answers the last event read. */
    private Future<@Nullable RecordedEvent> fill(
            EventsBody body, String stream, long from, Direction direction, long lastVersion) {
        return log.readStream(stream, from, direction, body.room())
                .compose(events -> body.add(events).compose(added -> {
                    RecordedEvent end = events.isEmpty() ? null : events.get(events.size() - 1);
                    if (end == null || body.isFull() || isLast(end, direction, lastVersion)) {
                        return Future.succeededFuture(end);
                    }
                    return fill(body, stream, end.version() + (direction == FORWARD ? 1 : -1), direction, lastVersion);
                }));
    }

    private static boolean isLast(RecordedEvent event, Direction direction, long lastVersion) {
        return direction == BACKWARD ? event.version() == 1 : event.version() >= lastVersion;
    }

    private String cursor(RecordedEvent last, Direction direction) {
        return Cursor.at(last.position(), log.shards())
                .with(last.shard(), last.offset() - (direction == FORWARD ? 0 : 1))
                .encode();
    }

    private Future<Answer> list(Call call) {
        Query query = call.query("category", "prefix", "limit", "cursor");
        String category = query.filled("category");
        String prefix = query.text("prefix") == null ? "" : query.text("prefix");
        String cursor = PageCursor.parse(query.text("cursor"));
        String after = cursor == null ? "" : cursor;
        int limit = query.limit();
        Future<List<StreamInfo>> found = category == null
                ? log.streams(prefix, after, limit + 1)
                : streamsOf(category, prefix, after, limit + 1);
        return found.map(streams -> page(streams, limit));
    }

    /** A category's streams: the one that is named like it, then those with a dash behind it. */
    private Future<List<StreamInfo>> streamsOf(String category, String prefix, String after, int limit) {
        String dashed = category + "-";
        Future<List<StreamInfo>> bare = category.startsWith(prefix)
                ? log.streams(category, "", 1).map(first -> first.stream()
                        .filter(stream -> stream.stream().equals(category) && after.isEmpty())
                        .toList())
                : Future.succeededFuture(List.of());
        Future<List<StreamInfo>> keyed = prefix.startsWith(dashed) || dashed.startsWith(prefix)
                ? log.streams(prefix.startsWith(dashed) ? prefix : dashed, after, limit)
                : Future.succeededFuture(List.of());
        return bare.compose(first -> keyed.map(rest -> {
            var all = new ArrayList<>(first);
            rest.stream().limit(limit - first.size()).forEach(all::add);
            return all;
        }));
    }

    private static Answer page(List<StreamInfo> found, int limit) {
        var streams = new JsonArray();
        found.stream()
                .limit(limit)
                .forEach(stream -> streams.add(new JsonObject()
                        .put("stream", stream.stream())
                        .put("version", stream.version())
                        .put("firstVersion", stream.firstVersion())
                        .put("lastPosition", stream.lastPosition().toString())
                        .put("state", "open")));
        return Answer.json(
                200,
                new JsonObject()
                        .put("streams", streams)
                        .put("cursor", found.size() > limit ? PageCursor.after(found.get(limit - 1).stream()) : null));
    }
}
