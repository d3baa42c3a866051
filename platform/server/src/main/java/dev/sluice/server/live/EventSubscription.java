package dev.sluice.server.live;

import dev.sluice.expression.Filters;
import dev.sluice.expression.LenientFilter;
import dev.sluice.log.Cursor;
import dev.sluice.log.EventPage;
import dev.sluice.log.EventQuery;
import dev.sluice.log.Failure;
import dev.sluice.log.RecordedEvent;
import dev.sluice.log.Selection;
import dev.sluice.shard.CloudEventsJson;
import dev.sluice.shard.EventLog;
import io.vertx.core.Future;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Every event of a selection, in order. Reads on demand through a {@link EventLog.LiveRead}, one batch at a time; a batch that
 * the client has no room for is let go within two seconds, and read again from its cursor when it has.
 */
class EventSubscription extends Subscription {
    private static final int PAGE_EVENTS = 500;
    private static final int MAX_SCAN = 50_000;

    /** What a row has beside its event: position, brackets, commas. */
    private static final int ROW_BYTES = 40;

    final Live live;
    private final Request.EventTarget target;
    private final @Nullable LenientFilter<RecordedEvent> filter;
    private EventLog.@Nullable LiveRead read;
    private EventLog.@Nullable Batch batch;
    private int sentOfBatch;
    private boolean hasAsked;
    private boolean hasBegun;
    private boolean wasBlocked;
    private boolean hasCaughtUp;
    private Cursor position;
    private Cursor told;

    /** FILTER_INVALID. */
    EventSubscription(Outlet outlet, Request.Subscribe request, Request.EventTarget target, Flow flow) {
        this(
                outlet,
                request,
                target,
                target.where() == null
                        ? null
                        : new LenientFilter<>(Filters.events(target.where()), event -> "event " + event.position()),
                flow);
    }

    EventSubscription(
            Outlet outlet,
            Request.Subscribe request,
            Request.EventTarget target,
            @Nullable LenientFilter<RecordedEvent> filter,
            Flow flow) {
        super(outlet, request, flow);
        this.live = outlet.live();
        this.target = target;
        this.filter = filter;
        this.position = live.log().head();
        this.told = position;
    }

    @Override
    Future<Void> open() {
        return start().map(start -> {
            if (!isEnded()) {
                begin(start);
            }
            return null;
        });
    }

    private Future<Cursor> start() {
        if (request.resume() != null) {
            Cursor token = live.cursor(request.resume());
            if (token.view() != null) {
                throw Failure.of(
                        Failure.Kind.INVALID_CURSOR,
                        "found the cursor of a view, expected one of events to resume from");
            }
            for (int shard = 0; shard < token.shards(); shard++) {
                if (token.offset(shard) == Cursor.UNNAMED) {
                    token = token.with(shard, position.offset(shard));
                }
            }
            return Future.succeededFuture(token.within(live.log().head()));
        }
        if (target.sinceMicros() != null) {
            return live.log().cursorBefore(target.sinceMicros());
        }
        if (target.last() != null && target.last() > 0) {
            return before(position, target.last());
        }
        return Future.succeededFuture(position);
    }

    /** The cursor before the last so many matching events up to another. */
    private Future<Cursor> before(Cursor end, int count) {
        var query = new EventQuery(
                target.selection(),
                end,
                null,
                EventQuery.Direction.BACKWARD,
                Math.min(count, PAGE_EVENTS),
                MAX_SCAN,
                filter);
        return live.log().read(query).compose(page -> goOnBefore(page, count));
    }

    private Future<Cursor> goOnBefore(EventPage page, int count) {
        int left = count - page.events().size();
        return left <= 0 || page.end() || isEnded() ? Future.succeededFuture(page.next()) : before(page.next(), left);
    }

    private void begin(Cursor start) {
        position = start;
        told = start;
        hasBegun = true;
        var subscribed = frame("subscribed");
        if (request.resume() != null) {
            subscribed.member("resumed", Meters.Resumed.EXACT.wire());
            live.meters().resumed(Meters.Resumed.EXACT);
        }
        subscribed.member("cursor", start.encode());
        outlet.send(lag(subscribed, lagEvents(), null).end());
        outlet.wake(this);
    }

    /** How many events of the shards that it reads lie beyond where it stands. */
    private long lagEvents() {
        Cursor head = live.log().head();
        long events = 0;
        for (int shard = 0; shard < head.shards(); shard++) {
            boolean isRead = !(target.selection() instanceof Selection.OfStream only)
                    || live.log().shardOf(only.stream()) == shard;
            events += isRead ? Math.max(0, head.offset(shard) - position.offset(shard)) : 0;
        }
        return events;
    }

    @Override
    @Nullable
    Future<Void> advance() {
        if (!hasBegun || flow.room() == 0) {
            return null;
        }
        if (batch != null) {
            sendBatch(batch);
        }
        if (batch == null && !hasAsked && flow.room() > 0) {
            hasAsked = true;
            reader().fetch(1);
        }
        return null;
    }

    private EventLog.LiveRead reader() {
        if (read != null) {
            return read;
        }
        EventLog.LiveRead opened = live.log().subscribe(target.selection(), position, filter);
        read = opened;
        opened.pause();
        opened.exceptionHandler(cause -> failed(opened, cause));
        opened.handler(next -> {
            prepare(next.events()).onSuccess(ready -> take(opened, next)).onFailure(cause -> failed(opened, cause));
        });
        return opened;
    }

    /** Makes ready what {@link #row} needs of a batch, whose turn comes after it. */
    Future<Void> prepare(List<RecordedEvent> events) {
        return Future.succeededFuture();
    }

    private void take(EventLog.LiveRead from, EventLog.Batch next) {
        if (read == from) {
            hasAsked = false;
            batch = next;
            sentOfBatch = 0;
            outlet.wake(this);
        }
    }

    private void failed(EventLog.LiveRead from, Throwable cause) {
        if (read != from) {
            return;
        }
        letGo();
        if (!(cause instanceof Failure later) || !later.kind().retryable()) {
            outlet.fail(this, cause);
        }
    }

    private void sendBatch(EventLog.Batch from) {
        List<RecordedEvent> events = from.events();
        while (sentOfBatch < events.size() && flow.room() > 0 && outlet.hasRoom()) {
            sendSome(events);
        }
        if (sentOfBatch < events.size()) {
            return;
        }
        position = from.cursor();
        batch = null;
        if (!hasCaughtUp && from.caughtUp() && lagEvents() == 0) {
            hasCaughtUp = true;
            checkpoint();
        }
        outlet.wake(this);
    }

    /** One frame of what is left of the batch. */
    private void sendSome(List<RecordedEvent> events) {
        String from = told.encode();
        var writer = Chunk.Writer.ofDelta(Integer.MAX_VALUE);
        int bytes = 0;
        int rows = 0;
        RecordedEvent last = events.get(sentOfBatch);
        while (sentOfBatch < events.size() && rows < flow.room()) {
            RecordedEvent event = events.get(sentOfBatch);
            Cursor here = position.with(event.shard(), event.offset());
            byte[] json = row(event, here);
            if (json == null) {
                position = here;
                sentOfBatch++;
                continue;
            }
            int more = json.length + ROW_BYTES;
            if (rows > 0 && bytes + more > live.chunkBytes()) {
                break;
            }
            writer.set(key(event), json);
            bytes += more;
            rows++;
            last = event;
            position = here;
            sentOfBatch++;
        }
        for (Chunk chunk : writer.chunks()) {
            told = position;
            var tail = JsonFrame.part();
            if (request.meta().contains(Request.Meta.AT)) {
                tail.member("at", Times.text(last.recordedMicros()));
            }
            byte[] head = countedFrame("delta")
                    .member("from", from)
                    .member("to", position.encode())
                    .toBytes();
            outlet.send(head, chunk.json(), tail.end());
            flow.take(chunk.rows());
        }
    }

    /** What is told of an event under its {@link #key}, null for nothing. */
    byte @Nullable [] row(RecordedEvent event, Cursor here) {
        boolean wantsCursor = request.meta().contains(Request.Meta.CURSOR);
        return wantsCursor
                ? CloudEventsJson.write(event, here.encode())
                : live.eventBytes().of(event);
    }

    String key(RecordedEvent event) {
        return event.position().toString();
    }

    private void checkpoint() {
        told = position;
        sendCheckpoint(position, lagEvents(), null);
    }

    @Override
    void tick() {
        tellFailures(filter);
        boolean isBlocked = hasBegun && (flow.room() == 0 || !outlet.hasRoom());
        if (isBlocked && wasBlocked && read != null) {
            letGo();
        }
        wasBlocked = isBlocked;
        if (hasBegun && !flow.isPaused() && outlet.hasRoom() && !position.equals(told)) {
            checkpoint();
        }
        outlet.wake(this);
    }

    /** Forgets what was read; {@code position} says where to read again. */
    private void letGo() {
        batch = null;
        hasAsked = false;
        EventLog.LiveRead old = read;
        read = null;
        if (old != null) {
            old.close().onFailure(gone -> {});
        }
    }

    @Override
    Cursor position() {
        return position;
    }

    @Override
    Cursor changesAt() {
        return position;
    }

    @Override
    void stop() {
        letGo();
    }
}
