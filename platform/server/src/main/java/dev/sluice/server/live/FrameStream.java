package dev.sluice.server.live;

import dev.sluice.log.Failure;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The frames of a subscription as an endless answer: Server-Sent Events (HTML, section 9.2), named by {@code op} and with the cursor
 * to resume from as their id, or one JSON object a line. The connection's own back-pressure takes the place of credit.
 */
final class FrameStream extends HttpOutlet {
    private static final Logger LOG = LoggerFactory.getLogger(FrameStream.class);
    private static final long TICK_MILLIS = 1_000;
    private static final int WRITE_QUEUE_BYTES = 128 << 10;
    private static final byte[] NEW_LINE = {'\n'};

    private final HttpServerResponse response;
    private final boolean hasEvents;
    private final Context context;
    private final Promise<Void> closed = Promise.promise();
    private final long ticker;
    private long writtenNanos;

    /** The response's own queue counts messages, however large. */
    private long unwrittenBytes;

    /** @param hasEvents Server-Sent Events, else lines */
    FrameStream(Live live, HttpServerResponse response, boolean hasEvents) {
        super(live);
        this.response = response;
        this.hasEvents = hasEvents;
        context = live.vertx().getOrCreateContext();
        writtenNanos = live.nanos();
        ticker = live.vertx().setPeriodic(TICK_MILLIS, id -> beat());
        response.drainHandler(room -> takeTurns());
        response.setWriteQueueMaxSize(WRITE_QUEUE_BYTES);
    }

    private void beat() {
        if (response.headWritten()
                && live().nanos() - writtenNanos >= live().options().pingMillis() * 1_000_000) {
            write(Buffer.buffer(hasEvents ? ":\n\n" : "{\"op\":\"ping\"}\n"));
        }
        tick();
    }

    @Override
    public boolean hasRoom() {
        return !isOver() && !response.writeQueueFull() && unwrittenBytes < WRITE_QUEUE_BYTES;
    }

    @Override
    public void send(byte[]... parts) {
        if (isOver()) {
            return;
        }
        if (!response.headWritten()) {
            response.setChunked(true)
                    .putHeader("Content-Type", hasEvents ? "text/event-stream" : "application/x-ndjson")
                    .putHeader("Cache-Control", "no-store");
        }
        var out = Buffer.buffer();
        if (hasEvents) {
            out.appendString("event: " + JsonFrame.opOf(parts[0]) + "\nid: " + cursor() + "\ndata: ");
        }
        for (byte[] part : parts) {
            out.appendBytes(part);
        }
        write(out.appendBytes(NEW_LINE).appendBytes(hasEvents ? NEW_LINE : new byte[0]));
    }

    private void write(Buffer out) {
        int bytes = out.length();
        unwrittenBytes += bytes;
        writtenNanos = live().nanos();
        response.write(out)
                .onSuccess(written -> {
                    boolean wasFull = unwrittenBytes >= WRITE_QUEUE_BYTES;
                    unwrittenBytes -= bytes;
                    if (wasFull) {
                        takeTurns();
                    }
                })
                .onFailure(gone -> end());
    }

    @Override
    public void fail(Subscription subscription, Throwable cause) {
        if (isOver()) {
            return;
        }
        if (!(cause instanceof Failure)) {
            LOG.error("stream-failed", cause);
        }
        Refused refused = Refused.of(cause);
        send(refused.to("subscribe", subscription.sub).frame());
        send(JsonFrame.op("ended")
                .member("sub", subscription.sub)
                .member("code", refused.code())
                .member("resume", cursor())
                .end());
        end();
    }

    @Override
    public Future<Void> goodbye() {
        context.runOnContext(now -> {
            send(Outlet.goodbyeFrame());
            end();
        });
        return closed.future();
    }

    @Override
    void end() {
        if (isOver()) {
            return;
        }
        super.end();
        live().vertx().cancelTimer(ticker);
        live().left(this);
        closed.complete();
        if (response.headWritten() && !response.ended() && !response.closed()) {
            response.end().onFailure(gone -> {});
        }
    }
}
