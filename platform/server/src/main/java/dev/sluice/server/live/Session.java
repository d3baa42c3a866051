package dev.sluice.server.live;

import dev.sluice.log.Failure;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.http.WebSocketFrameType;
import io.vertx.core.http.impl.websocket.WebSocketFrameImpl;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One socket: reads requests, gives its subscriptions their turns while the socket has room, keeps it alive. All of it runs on
 * the socket's event loop.
 *
 * <p>What a subscription sends is made when there is room for it; answers to requests go at once and so before rows. A client
 * that asks but does not read its answers is not read from until it does.
 */
final class Session implements Outlet {
    static final int MAX_INBOUND_BYTES = 64 << 10;
    static final long HELLO_WITHIN_MILLIS = 5_000;
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);
    private static final int MAX_BAD_FRAMES = 3;
    private static final int MAX_READS = 2;
    private static final int MAX_UNWRITTEN = 256;
    private static final int WRITE_QUEUE_BYTES = 128 << 10;
    private static final long TICK_MILLIS = 1_000;
    private static final long GOODBYE_WITHIN_MILLIS = 3_000;

    private final Live live;
    private final ServerWebSocket socket;
    private final Context context;
    private final Inbound inbound = new Inbound(MAX_INBOUND_BYTES);
    private final Map<Integer, Subscription> subscriptions = new LinkedHashMap<>();
    private final Set<Subscription> ready = new LinkedHashSet<>();
    private final Promise<Void> closed = Promise.promise();
    private final long ticker;
    private final long openedNanos;
    private long writtenNanos;
    private boolean hasHello;
    private boolean wasLate;
    private boolean isClosing;
    private boolean isTakingTurns;
    private boolean isHeld;
    private int badFrames;
    private int reads;
    private int unwritten;
    /** The socket's own queue counts messages, however large. */
    private long unwrittenBytes;

    private Session(Live live, ServerWebSocket socket, Context context) {
        this.live = live;
        this.socket = socket;
        this.context = context;
        openedNanos = live.nanos();
        writtenNanos = openedNanos;
        ticker = live.vertx().setPeriodic(TICK_MILLIS, id -> tick());
    }

    /** On the event loop of the socket. */
    static Session open(Live live, ServerWebSocket socket) {
        var session = new Session(live, socket, live.vertx().getOrCreateContext());
        socket.setWriteQueueMaxSize(WRITE_QUEUE_BYTES);
        socket.frameHandler(session::read);
        socket.drainHandler(drained -> session.takeTurns());
        socket.exceptionHandler(session::broken);
        socket.closeHandler(gone -> session.stop());
        return session;
    }

    @Override
    public Live live() {
        return live;
    }

    Future<Void> closed() {
        return closed.future();
    }

    @Override
    public boolean hasRoom() {
        return !isClosing && !socket.isClosed() && !socket.writeQueueFull() && unwrittenBytes < WRITE_QUEUE_BYTES;
    }

    @Override
    public void send(byte[]... parts) {
        if (isClosing || socket.isClosed()) {
            return;
        }
        writtenNanos = live.nanos();
        unwritten++;
        long bytes = bytes(parts);
        unwrittenBytes += bytes;
        // The public factory takes a String, which would be encoded again for each socket.
        var frame = new WebSocketFrameImpl(WebSocketFrameType.TEXT, Unpooled.wrappedBuffer(parts), true);
        socket.writeFrame(frame).onComplete(written -> wrote(bytes));
        if (unwritten > MAX_UNWRITTEN && !isHeld) {
            isHeld = true;
            socket.pause();
        }
    }

    private static long bytes(byte[][] parts) {
        long bytes = 0;
        for (byte[] part : parts) {
            bytes += part.length;
        }
        return bytes;
    }

    private void wrote(long bytes) {
        unwritten--;
        boolean wasFull = unwrittenBytes >= WRITE_QUEUE_BYTES;
        unwrittenBytes -= bytes;
        if (wasFull) {
            takeTurns();
        }
        if (isHeld && unwritten <= MAX_UNWRITTEN / 2) {
            isHeld = false;
            socket.resume();
        }
    }

    @Override
    public void wake(Subscription subscription) {
        if (!subscription.isEnded()) {
            ready.add(subscription);
            takeTurns();
        }
    }

    private void takeTurns() {
        if (isTakingTurns) {
            return;
        }
        isTakingTurns = true;
        try {
            while (!ready.isEmpty() && reads < MAX_READS && hasRoom()) {
                var turns = ready.iterator();
                Subscription next = turns.next();
                turns.remove();
                Future<Void> step = turn(next);
                if (step != null) {
                    reads++;
                    step.onComplete(done -> {
                        reads--;
                        takeTurns();
                    });
                }
            }
        } finally {
            isTakingTurns = false;
        }
    }

    private @Nullable Future<Void> turn(Subscription subscription) {
        try {
            return subscription.isEnded() ? null : subscription.advance();
        } catch (RuntimeException failed) {
            fail(subscription, failed);
            return null;
        }
    }

    @Override
    public void fail(Subscription subscription, Throwable cause) {
        if (subscription.isEnded() || isClosing) {
            return;
        }
        if (cause instanceof Failure gone && gone.kind() == Failure.Kind.PROJECTION_NOT_FOUND) {
            end(subscription, "projection_deleted");
            return;
        }
        if (!(cause instanceof Failure)) {
            LOG.error("subscription-failed sub={}", subscription.sub, cause);
        }
        Refused refused = Refused.of(cause);
        send(refused.to("subscribe", subscription.sub).frame());
        end(subscription, refused.code());
    }

    private void end(Subscription subscription, String code) {
        String resume = subscription.position().encode();
        drop(subscription);
        send(JsonFrame.op("ended")
                .member("sub", subscription.sub)
                .member("code", code)
                .member("resume", resume)
                .end());
    }

    private void drop(Subscription subscription) {
        subscription.end();
        ready.remove(subscription);
        if (subscriptions.remove(subscription.sub, subscription)) {
            live.meters().closed();
        }
    }

    @Override
    public Future<Void> goodbye() {
        context.runOnContext(now -> {
            send(Outlet.goodbyeFrame());
            close(1001, "drain");
            live.vertx().setTimer(GOODBYE_WITHIN_MILLIS, late -> closed.tryComplete());
        });
        return closed.future();
    }

    private void read(WebSocketFrame frame) {
        if (isClosing || frame.isClose()) {
            return;
        }
        try {
            byte[] message = inbound.add(frame);
            if (message != null) {
                obey(message);
                badFrames = 0;
            }
        } catch (Inbound.TooLong tooLong) {
            close(4413, "found a message of more than " + MAX_INBOUND_BYTES + " bytes");
        } catch (Refused refused) {
            refuse(refused);
        } catch (RuntimeException bug) {
            LOG.error("request-failed", bug);
            refuse(Refused.of(bug));
        }
    }

    private void broken(Throwable cause) {
        LOG.debug("socket-broken cause={}", cause.toString());
        if (cause instanceof CorruptedWebSocketFrameException frame) {
            boolean isTooLong = frame.closeStatus().equals(WebSocketCloseStatus.MESSAGE_TOO_BIG);
            close(isTooLong ? 4413 : 4400, isTooLong ? "found a frame that is too long" : "found a broken frame");
        }
    }

    private void refuse(Refused refused) {
        send(refused.frame());
        if (refused.isBadFrame() && ++badFrames >= MAX_BAD_FRAMES) {
            close(4400, "found " + badFrames + " bad frames in a row");
        }
    }

    private void obey(byte[] message) {
        Request request = Requests.parse(message);
        if (hasHello == request instanceof Request.Hello) {
            throw Refused.badFrame(
                            hasHello ? "found a second hello" : "found " + request.op() + ", expected hello first")
                    .to(request.op(), request.sub());
        }
        try {
            if (request instanceof Request.Hello hello) {
                welcome(hello);
            } else if (request instanceof Request.Subscribe subscribe) {
                subscribe(subscribe);
            } else if (request instanceof Request.Ping ping) {
                String t = ping.t() == null ? "" : ",\"t\":" + ping.t();
                send(JsonFrame.op("pong")
                        .raw(t.getBytes(StandardCharsets.UTF_8))
                        .end());
            } else if (request.sub() != null) {
                obey(request, subscription(request.sub()));
            }
        } catch (Refused | Failure refused) {
            throw Refused.of(refused).to(request.op(), request.sub());
        }
    }

    private void obey(Request request, Subscription subscription) {
        Flow flow = subscription.flow;
        if (request instanceof Request.Credit credit) {
            flow.add(credit.rows());
        } else if (request instanceof Request.Ack ack) {
            live.cursor(ack.cursor());
            flow.refill();
        } else if (request instanceof Request.Pause) {
            flow.pause();
        } else if (request instanceof Request.Resume) {
            flow.resume();
        } else if (request instanceof Request.Change change) {
            change(subscription, change);
        } else if (request instanceof Request.Unsubscribe) {
            end(subscription, "unsubscribed");
        }
        wake(subscription);
    }

    private void welcome(Request.Hello hello) {
        if (hello.version() != 1) {
            send(Refused.unsupported("found version " + hello.version() + ", expected 1")
                    .to("hello", null)
                    .frame());
            close(4406, "expected version 1");
            return;
        }
        hasHello = true;
        LiveOptions options = live.options();
        send(JsonFrame.op("welcome")
                .member("v", 1)
                .member("node", options.node())
                .member("ping", options.pingMillis())
                .raw(",\"limits\":{\"subs\":" + options.maxSubscriptions() + ",\"window\":" + options.maxWindow()
                        + ",\"maxFrame\":" + options.maxFrameBytes() + "}")
                .end());
    }

    private void subscribe(Request.Subscribe request) {
        if (subscriptions.containsKey(request.sub())) {
            throw Refused.of("sub_in_use", "found sub " + request.sub() + " in use, expected a number that is not");
        }
        if (subscriptions.size() >= live.options().maxSubscriptions()) {
            throw Refused.of(
                    "limits", "found " + subscriptions.size() + " subscriptions on this socket, which is the most");
        }
        Flow flow = Flow.of(
                request.window() == null ? Flow.DEFAULT_WINDOW : request.window(),
                live.options().maxWindow());
        Subscription subscription = Subscription.of(this, request, flow);
        subscriptions.put(request.sub(), subscription);
        live.meters().opened();
        Future<Void> opened;
        try {
            opened = subscription.open();
        } catch (Refused | Failure refused) {
            drop(subscription);
            throw refused;
        }
        opened.onFailure(cause -> failedToOpen(subscription, cause));
    }

    private void failedToOpen(Subscription subscription, Throwable cause) {
        if (!subscription.isEnded()) {
            if (!(cause instanceof Failure)) {
                LOG.error("subscribe-failed sub={}", subscription.sub, cause);
            }
            drop(subscription);
            send(Refused.of(cause).to("subscribe", subscription.sub).frame());
        }
    }

    /** Puts another subscription in the place of one, which stays when the other cannot be. */
    private void change(Subscription before, Request.Change change) {
        var request =
                Requests.changed(before.request, change, before.changesAt().encode());
        Subscription next = Subscription.of(this, request, before.flow);
        Future<Void> opened;
        try {
            opened = next.open();
        } catch (Refused | Failure refused) {
            next.end();
            throw refused;
        }
        before.end();
        ready.remove(before);
        subscriptions.put(before.sub, next);
        opened.onFailure(cause -> failedToOpen(next, cause));
    }

    private Subscription subscription(Integer sub) {
        Subscription found = subscriptions.get(sub);
        if (found == null) {
            throw Refused.of("unknown_sub", "found sub " + sub + ", expected one that is open on this socket");
        }
        return found;
    }

    private void tick() {
        long nanos = live.nanos();
        boolean isLate = !hasHello && nanos - openedNanos >= HELLO_WITHIN_MILLIS * 1_000_000;
        // not at once: under load what came in time may not have been read
        if (isLate && wasLate) {
            close(4408, "found no hello within " + HELLO_WITHIN_MILLIS + " ms");
        }
        wasLate = isLate;
        if (hasHello && hasRoom() && nanos - writtenNanos >= live.options().pingMillis() * 1_000_000) {
            send(JsonFrame.op("ping").member("t", nanos / 1_000_000).end());
        }
        new ArrayList<>(subscriptions.values()).forEach(this::tick);
    }

    private void tick(Subscription subscription) {
        try {
            subscription.tick();
        } catch (RuntimeException failed) {
            fail(subscription, failed);
        }
    }

    private void close(int code, String reason) {
        if (!isClosing) {
            isClosing = true;
            letGo();
            socket.close((short) code, reason).onFailure(gone -> stop());
        }
    }

    private void stop() {
        isClosing = true;
        letGo();
        live.left(this);
        closed.tryComplete();
    }

    private void letGo() {
        live.vertx().cancelTimer(ticker);
        new ArrayList<>(subscriptions.values()).forEach(this::drop);
        ready.clear();
    }
}
