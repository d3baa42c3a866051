package dev.sluice.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A subscriber to the projection {@code bench} over a real WebSocket, with flow control as a browser would do it. */
final class LiveClient implements WebSocket.Listener, AutoCloseable {
    private static final int WINDOW = 4_096;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Told of every row, on the socket's thread. */
    interface Rows {
        void row(String key, JsonNode row);
    }

    private final Rows rows;
    private final CompletableFuture<Void> synced = new CompletableFuture<>();
    private final StringBuilder text = new StringBuilder();
    private CompletableFuture<?> sent = CompletableFuture.completedFuture(null);
    private @Nullable WebSocket socket;
    private int rowsToCredit;
    private volatile boolean isReading = true;

    private LiveClient(Rows rows) {
        this.rows = rows;
    }

    /** Subscribes and answers when the snapshot has been read. */
    static LiveClient subscribe(URI server, Rows rows) throws Exception {
        var client = new LiveClient(rows);
        client.socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .subprotocols("sluice.v1.json")
                .buildAsync(
                        URI.create("ws" + server.resolve("/v1/ws").toString().substring("http".length())), client)
                .get(10, TimeUnit.SECONDS);
        client.send("{\"op\":\"hello\",\"v\":1,\"client\":\"bench\"}");
        client.send("{\"op\":\"subscribe\",\"sub\":1,\"to\":\"projection:bench\",\"window\":" + WINDOW + "}");
        client.synced.get(60, TimeUnit.SECONDS);
        return client;
    }

    /** Stops to take bytes from the socket. */
    void stopReading() {
        isReading = false;
    }

    void readOn() {
        isReading = true;
        if (socket != null) {
            socket.request(1);
        }
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
        text.append(part);
        if (isLast) {
            try {
                frame(JSON.readTree(text.toString()));
            } catch (IOException malformed) {
                throw new UncheckedIOException(malformed);
            }
            text.setLength(0);
        }
        if (isReading) {
            from.request(1);
        }
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        synced.completeExceptionally(new IOException("closed with " + code + " " + reason));
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
        synced.completeExceptionally(failure);
    }

    @Override
    public void close() {
        if (socket != null) {
            socket.abort();
        }
    }

    private void frame(JsonNode frame) {
        switch (frame.path("op").asText()) {
            case "snapshot" -> take(frame.path("rows"));
            case "delta" -> take(frame.path("set"));
            case "synced" -> synced.complete(null);
            case "error", "ended", "goodbye" -> synced.completeExceptionally(new IOException(frame.toString()));
            default -> {}
        }
    }

    private void take(JsonNode pairs) {
        for (var pair : pairs) {
            rows.row(pair.get(0).asText(), pair.get(1));
        }
        rowsToCredit += pairs.size();
        if (rowsToCredit >= WINDOW / 4) {
            send("{\"op\":\"credit\",\"sub\":1,\"rows\":" + rowsToCredit + "}");
            rowsToCredit = 0;
        }
    }

    /** One text after the other, as the socket wants it. */
    private synchronized void send(String frame) {
        sent = sent.thenCompose(before -> {
            if (socket == null) {
                throw new IllegalStateException("send before the socket is open");
            }
            return socket.sendText(frame, true);
        });
    }
}
