package dev.sluice.server.live;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The frames of a subscription up to the next state that a client can stand at, as one answer: a long poll. It ends with the rows of a
 * snapshot or a delta, when so many rows have come as were asked for, or when there was nothing to tell for a time.
 */
final class FramePoll extends HttpOutlet {
    private static final Set<String> LAST = Set.of("synced", "delta", "ended");
    private static final int MAX_BYTES = 4 << 20;

    private final Buffer frames = Buffer.buffer("{\"frames\":[");
    private final Promise<Buffer> done = Promise.promise();
    private final Context context;
    private @Nullable Long timer;
    private boolean isOverdue;
    private boolean isWhole;
    private int count;

    FramePoll(Live live) {
        super(live);
        context = live.vertx().getOrCreateContext();
    }

    /** What to answer; at once when there is something, else within the time. */
    Future<Buffer> poll(Request.Subscribe request, Flow flow, long waitMillis) {
        timer = live().vertx().setTimer(Math.max(1, waitMillis), id -> {
            isOverdue = true;
            takeTurns();
        });
        return open(request, flow).compose(opened -> {
            takeTurns();
            return done.future();
        });
    }

    @Override
    public boolean hasRoom() {
        return !isOver() && frames.length() < MAX_BYTES;
    }

    @Override
    public void send(byte[]... parts) {
        if (isOver()) {
            return;
        }
        if (count++ > 0) {
            frames.appendByte((byte) ',');
        }
        for (byte[] part : parts) {
            frames.appendBytes(part);
        }
        isWhole = LAST.contains(JsonFrame.opOf(parts[0])) && !JsonFrame.hasMore(parts[parts.length - 1]);
        if (isWhole) {
            live().vertx().runOnContext(now -> takeTurns());
        }
    }

    @Override
    void idle() {
        if (isWhole || isOverdue || !hasCredit() || !hasRoom()) {
            finish();
        }
    }

    private void finish() {
        frames.appendString("],\"cursor\":\"" + cursor() + "\"}");
        letGo();
        done.tryComplete(frames);
    }

    @Override
    public void fail(Subscription subscription, Throwable cause) {
        if (!isOver()) {
            letGo();
            done.tryFail(failure(cause));
        }
    }

    @Override
    public Future<Void> goodbye() {
        context.runOnContext(now -> {
            isOverdue = true;
            takeTurns();
        });
        return done.future().mapEmpty();
    }

    @Override
    void end() {
        letGo();
        done.tryComplete(Buffer.buffer()); // the client has gone
    }

    private void letGo() {
        if (timer != null) {
            live().vertx().cancelTimer(timer);
        }
        live().left(this);
        super.end();
    }
}
