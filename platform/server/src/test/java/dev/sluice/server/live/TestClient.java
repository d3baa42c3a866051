package dev.sluice.server.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.contract.AsyncApi;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client on the JDK's own WebSocket, so that nothing of ours judges itself. Each frame must be one that the AsyncAPI document has. */
final class TestClient implements AutoCloseable {
    private static final long WITHIN_SECONDS = 20;
    private static final AsyncApi ASYNC_API = AsyncApi.ofResource();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final WebSocket socket;
    private final Inbox inbox;

    private TestClient(WebSocket socket, Inbox inbox) {
        this.socket = socket;
        this.inbox = inbox;
    }

    /** Without the hello. */
    static TestClient connect(int port) {
        var inbox = new Inbox();
        WebSocket socket = HTTP.newWebSocketBuilder()
                .subprotocols(Live.SUBPROTOCOL)
                .connectTimeout(Duration.ofSeconds(WITHIN_SECONDS))
                .buildAsync(URI.create("ws://127.0.0.1:" + port + "/v1/ws"), inbox)
                .join();
        return new TestClient(socket, inbox);
    }

    /** With the hello and the welcome behind it. */
    static TestClient welcomed(int port) {
        TestClient client = connect(port);
        client.send("{\"op\":\"hello\",\"v\":1,\"client\":\"test\"}");
        assertThat(client.next().getString("op")).isEqualTo("welcome");
        return client;
    }

    void send(String frame) {
        socket.sendText(frame, true).join();
    }

    void send(JsonObject frame) {
        send(frame.encode());
    }

    void sendBinary(byte[] frame) {
        socket.sendBinary(java.nio.ByteBuffer.wrap(frame), true).join();
    }

    /** The next frame that is not a ping or a checkpoint. */
    JsonObject next() {
        while (true) {
            JsonObject frame = nextOfAny();
            String op = frame.getString("op");
            if (!op.equals("ping") && !op.equals("checkpoint")) {
                return frame;
            }
        }
    }

    /** The next frame with this op; others are skipped. */
    JsonObject next(String op) {
        while (true) {
            JsonObject frame = nextOfAny();
            if (frame.getString("op").equals(op)) {
                return frame;
            }
        }
    }

    JsonObject nextOfAny() {
        try {
            JsonObject frame = inbox.frames.poll(WITHIN_SECONDS, TimeUnit.SECONDS);
            assertThat(frame).as("a frame within %d s", WITHIN_SECONDS).isNotNull();
            ASYNC_API.judgeReceived(frame);
            return frame;
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    /** Returns when the server has seen everything sent before. */
    void roundTrip() {
        send("{\"op\":\"ping\",\"t\":\"round\"}");
        assertThat(next("pong").getString("t")).isEqualTo("round");
    }

    /** Stops to read from the socket until {@link #readOn}. */
    void stopReading() {
        inbox.isHeld = true;
    }

    void readOn() {
        inbox.isHeld = false;
        socket.request(1);
    }

    /** Frames that have come and were not taken. */
    int waiting() {
        return inbox.frames.size();
    }

    int closeCode() {
        return inbox.closed.orTimeout(WITHIN_SECONDS, TimeUnit.SECONDS).join();
    }

    boolean isClosed() {
        return inbox.closed.isDone();
    }

    /** Goes without a word. */
    void abort() {
        socket.abort();
    }

    @Override
    public void close() {
        socket.abort();
    }

    private static final class Inbox implements WebSocket.Listener {
        private final BlockingQueue<JsonObject> frames = new LinkedBlockingQueue<>();
        private final CompletableFuture<Integer> closed = new CompletableFuture<>();
        private final StringBuilder text = new StringBuilder();
        private volatile boolean isHeld;

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean isLast) {
            text.append(part);
            if (isLast) {
                frames.add(new JsonObject(text.toString()));
                text.setLength(0);
            }
            if (!isHeld) {
                socket.request(1);
            }
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closed.completeExceptionally(error);
        }
    }
}
