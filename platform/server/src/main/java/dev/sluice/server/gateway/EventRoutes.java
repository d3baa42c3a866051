package dev.sluice.server.gateway;

import static dev.sluice.log.EventQuery.Direction.FORWARD;

import dev.sluice.expression.Filters;
import dev.sluice.expression.LenientFilter;
import dev.sluice.log.Cursor;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Failure;
import dev.sluice.log.Failure.Kind;
import dev.sluice.log.Position;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Selection;
import dev.sluice.log.StreamName;
import dev.sluice.server.live.Live;
import dev.sluice.shard.CloudEventsJson;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /v1/events}: pages over all streams, the live read, one event. */
final class EventRoutes {
    /** How many events or rows {@code where} failed on; they were taken as not matching. */
    static final String FAILURES_HEADER = "Sluice-Filter-Failures";

    /** Of a tail over a WebSocket. */
    static final String[] TAIL_PARAMETERS = {
        "stream", "category", "type", "where", "after", "since", "limit", "checkpoints"
    };

    private static final List<String> WITH_EVENT_STREAM =
            List.of(MediaTypes.CLOUDEVENTS, MediaTypes.NDJSON, MediaTypes.JSON, MediaTypes.EVENT_STREAM);
    private static final int MAX_SCAN = 100_000;
    private static final int MAX_SCANS_WITH_EVENTS = 20;

    private final EventLog log;
    private final Workers workers;
    private final Follows follows;
    private final LongSupplier clockMicros;

    EventRoutes(EventLog log, Workers workers, Follows follows, LongSupplier clockMicros) {
        this.log = log;
        this.workers = workers;
        this.follows = follows;
        this.clockMicros = clockMicros;
    }

    void addTo(Routes routes) {
        routes.get("/v1/events", this::events).get("/v1/events/{position}", this::event);
    }

    private Future<Answer> events(Call call) {
        Query query = call.query(
                "stream", "category", "type", "where", "after", "since", "limit", "direction", "follow", "checkpoints");
        return query.flag("follow") || asksForEvents(call) ? follow(call, query) : page(call, query);
    }

    /** A browser's EventSource says only what it accepts. */
    private static boolean asksForEvents(Call call) {
        return call.accept() != null
                && MediaTypes.choose(call.accept(), WITH_EVENT_STREAM).equals(MediaTypes.EVENT_STREAM);
    }

    private Future<Answer> page(Call call, Query query) {
        query.without("without follow=true", "checkpoints");
        var body =
                new EventsBody(MediaTypes.choose(call.accept(), EventsBody.MEDIA_TYPES), query.limit(), workers, call);
        var where = where(query);
        var first = new EventQuery(
                selection(query),
                after(query),
                since(query),
                StreamRoutes.direction(query),
                body.room(),
                MAX_SCAN,
                and(narrowed(query), where));
        return fill(call, body, first, 1).map(next -> {
            Answer answer = body.answer().with(StreamRoutes.CURSOR_HEADER, next.encode());
            return where == null || where.failures() == 0
                    ? answer
                    : answer.with(FAILURES_HEADER, String.valueOf(where.failures()));
        });
    }

    /**
     * Reads until the page is full or nothing more is there, so that an empty page means the end; a filter that matches
     * seldom gives a short page after some scans instead.
     */
    private Future<Cursor> fill(Call call, EventsBody body, EventQuery query, int scan) {
        return log.read(query).compose(page -> body.add(page.events()).compose(added -> {
            boolean isLong = scan >= MAX_SCANS_WITH_EVENTS && !body.isEmpty();
            if (page.end() || body.isFull() || isLong || call.response().closed()) {
                return Future.succeededFuture(page.next());
            }
            var next = new EventQuery(
                    query.selection(),
                    page.next(),
                    query.sinceMicros(),
                    query.direction(),
                    body.room(),
                    MAX_SCAN,
                    query.where());
            return fill(call, body, next, scan + 1);
        }));
    }

    private Future<Answer> follow(Call call, Query query) {
        String mediaType = MediaTypes.choose(call.accept(), List.of(MediaTypes.NDJSON, MediaTypes.EVENT_STREAM));
        boolean hasEvents = mediaType.equals(MediaTypes.EVENT_STREAM);
        var reading = reading(call, query, hasEvents);
        if (call.request().method() == HttpMethod.HEAD) {
            return Future.succeededFuture(Answer.of(200, mediaType, Buffer.buffer()));
        }
        return reading.get().map(read -> {
            var sink = hasEvents ? FollowSink.events(call.response()) : FollowSink.lines(call.response());
            call.onEnd(follows.begin(read, sink));
            return Answer.TAKEN;
        });
    }

    /** Checks the parameters; what is returned upgrades to a WebSocket with one event a message. */
    Supplier<Future<Answer>> tail(Call call, Query query) {
        var reading = reading(call, query, false);
        return () -> {
            if (!call.request().canUpgradeToWebSocket()) {
                throw Query.invalid("found a plain request, expected an upgrade to a WebSocket (RFC 6455)");
            }
            // a request that has been read to its end cannot be upgraded any more
            call.request().pause();
            return reading.get()
                    .onFailure(refused -> call.request().resume())
                    .compose(read -> Live.upgrade(call.request()).map(socket -> {
                        follows.begin(read, FollowSink.messages(socket));
                        return Answer.TAKEN;
                    }));
        };
    }

    /** Checks the parameters; the read itself is opened when it is asked for. */
    private Supplier<Future<Follows.Reading>> reading(Call call, Query query, boolean alwaysTellsCheckpoints) {
        if (StreamRoutes.direction(query) != FORWARD) {
            throw Query.invalid("found direction=backward with follow=true, expected forward");
        }
        Selection selection = selection(query);
        Long since = since(query);
        var where = where(query);
        Predicate<RecordedEvent> filter = and(and(narrowed(query), since == null ? null : newer(since)), where);
        long limit = query.has("limit") ? query.limit() : Long.MAX_VALUE;
        boolean hasCheckpoints = query.flag("checkpoints") || alwaysTellsCheckpoints;
        String last = call.header("Last-Event-ID");
        Cursor after = last == null || last.isEmpty() ? after(query) : cursor(last);
        return () -> {
            Future<Cursor> start = after != null
                    ? Future.succeededFuture(after)
                    : since != null ? log.cursorBefore(since) : Future.succeededFuture(Cursor.start(log.shards()));
            return start.map(cursor -> new Follows.Reading(
                    log.subscribe(selection, cursor, filter), where, hasCheckpoints, limit, call.traceId()));
        };
    }

    private static Predicate<RecordedEvent> newer(long sinceMicros) {
        return event -> event.recordedMicros() >= sinceMicros;
    }

    private @Nullable Cursor after(Query query) {
        String after = query.text("after");
        return after == null ? null : cursor(after);
    }

    private Cursor cursor(String text) {
        return Cursor.parse(text, log.shards()).within(log.head());
    }

    private @Nullable Long since(Query query) {
        String since = query.text("since");
        return since == null ? null : (Long) Since.micros("since", since, clockMicros.getAsLong());
    }

    /** The narrowest of stream, category, type; what else was named is left to {@link #narrowed}. */
    private static Selection selection(Query query) {
        String stream = query.text("stream");
        if (stream != null) {
            return new Selection.OfStream(StreamName.check(stream));
        }
        String category = query.filled("category");
        if (category != null) {
            return new Selection.OfCategory(category);
        }
        String type = query.filled("type");
        return type != null ? new Selection.OfType(type) : new Selection.All();
    }

    private static @Nullable Predicate<RecordedEvent> narrowed(Query query) {
        Predicate<RecordedEvent> filter = null;
        String category = query.filled("category");
        if (category != null && query.has("stream")) {
            filter = event -> event.category().equals(category);
        }
        String type = query.filled("type");
        if (type != null && (query.has("stream") || category != null)) {
            filter = and(filter, event -> event.type().equals(type));
        }
        return filter;
    }

    private static @Nullable LenientFilter<RecordedEvent> where(Query query) {
        String where = query.filled("where");
        return where == null ? null : new LenientFilter<>(Filters.events(where), event -> "event " + event.position());
    }

    private static @Nullable Predicate<RecordedEvent> and(
            @Nullable Predicate<RecordedEvent> first, @Nullable Predicate<RecordedEvent> second) {
        return first == null ? second : second == null ? first : first.and(second);
    }

    private Future<Answer> event(Call call) {
        call.query();
        Position position = Position.parse(call.path("position"));
        Future<@Nullable RecordedEvent> found =
                position.shard() < log.shards() ? log.event(position) : Future.succeededFuture();
        return found.compose(event -> {
            if (event == null) {
                throw Failure.of(
                        Kind.EVENT_NOT_FOUND,
                        "found no event at position " + position + ", expected one below the head");
            }
            call.reserve(event.dataLength());
            return workers.run(
                    event.dataLength(),
                    () -> Answer.of(200, MediaTypes.CLOUDEVENT, Buffer.buffer(CloudEventsJson.write(event, null))));
        });
    }
}
