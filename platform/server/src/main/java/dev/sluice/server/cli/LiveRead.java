package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * One subscription over WebSocket that outlives connections: when the server goes away it comes back with jitter and resumes
 * behind the last frame that was handled. Runs on the caller's thread; one message at a time is asked of the socket, and
 * credit is given for what has been handled, so a slow reader slows only itself.
 */
final class LiveRead {
    private static final int WINDOW = 1_000;
    private static final long FIRST_WAIT_MILLIS = 200;
    private static final long LONGEST_WAIT_MILLIS = 5_000;
    private static final long CONNECT_SECONDS = 10;
    private static final double PINGS_UNTIL_DEAD = 2.5;

    private final URI server;
    private final Map<String, @Nullable Object> request;
    private final Consumer<String> notice;
    private final Consumer<String> problem;
    private final HttpClient client;
    private volatile @Nullable String cursor;
    private volatile boolean hasSubscribed;

    /**
     * @param server the WebSocket endpoint
     * @param request members of {@code subscribe} beside {@code op} and {@code sub}
     * @param notice hears of lost and regained connections
     * @param problem hears of what the filter could not judge
     */
    LiveRead(URI server, Map<String, @Nullable Object> request, Consumer<String> notice, Consumer<String> problem) {
        this.problem = problem;
        this.server = server;
        this.request = request;
        this.notice = notice;
        this.client = client(server);
    }

    /** Takes the frames of the subscription: subscribed, snapshot, synced, delta, checkpoint, reset. */
    @FunctionalInterface
    interface Frames {
        /** Returns false when that was enough. */
        boolean take(Map<String, @Nullable Object> frame) throws Exception;
    }

    /** Where to resume, null before the first cursor. */
    @Nullable
    String cursor() {
        return cursor;
    }

    /** Hands frames over until enough; only a refusal ends it otherwise, or a server that never answered at all. */
    void run(Frames frames) throws Exception {
        long waitMillis = FIRST_WAIT_MILLIS;
        while (true) {
            long askedMillis = 0;
            try (var connection = Connection.open(client, server)) {
                waitMillis = FIRST_WAIT_MILLIS;
                if (cursor != null) {
                    notice.accept("connected again, resuming");
                }
                connection.send(Map.of("op", "hello", "v", 1, "client", "sluice-cli"));
                connection.send(subscribe());
                askedMillis = receive(connection, frames);
                if (askedMillis < 0) {
                    return;
                }
            } catch (Failure failure) {
                if (!failure.kind().retryable() || !hasSubscribed) {
                    throw failure;
                }
            }
            notice.accept("the connection is gone, trying again");
            long jittered =
                    askedMillis > 0 ? askedMillis : ThreadLocalRandom.current().nextLong(waitMillis / 2, waitMillis);
            waitMillis = Math.min(2 * waitMillis, LONGEST_WAIT_MILLIS);
            TimeUnit.MILLISECONDS.sleep(Math.min(jittered, 2 * LONGEST_WAIT_MILLIS));
        }
    }

    /** Without TLS the client would read the machine's certificates all the same, a third of a command's start-up. */
    private static HttpClient client(URI server) {
        var builder = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(CONNECT_SECONDS));
        if (server.getScheme().equals("ws")) {
            try {
                var nobodyTrusted = SSLContext.getInstance("TLS");
                nobodyTrusted.init(new KeyManager[0], new TrustManager[0], null);
                builder.sslContext(nobodyTrusted);
            } catch (GeneralSecurityException everyJdkHasIt) {
                throw new IllegalStateException(everyJdkHasIt);
            }
        }
        return builder.build();
    }

    private Map<String, @Nullable Object> subscribe() {
        var message = new LinkedHashMap<String, @Nullable Object>();
        message.put("op", "subscribe");
        message.put("sub", 1);
        message.putAll(request);
        message.put("window", WINDOW);
        if (cursor != null) {
            message.keySet().removeAll(java.util.List.of("since", "last"));
            message.put("resume", cursor);
        }
        return message;
    }

    /** −1 when the reader has enough; else the connection is over: how long the server asks to wait, 0 when it did not say. */
    private long receive(Connection connection, Frames frames) throws Exception {
        long pingMillis = 25_000;
        while (true) {
            String text = connection.next((long) (PINGS_UNTIL_DEAD * pingMillis));
            if (text == null) {
                return 0;
            }
            var frame = Json.parseObject(text);
            switch (Json.text(frame.get("op"))) {
                case "welcome" -> pingMillis = Math.max(100, Json.number(frame.get("ping"), pingMillis));
                case "ping" -> connection.send(pong(frame));
                case "goodbye" -> {
                    return Math.max(1, Json.number(frame.get("reconnectInMs"), 0));
                }
                case "error" -> {
                    if (!"where".equals(frame.get("ref"))) {
                        throw refused(frame);
                    }
                    problem.accept("--where: " + Json.text(frame.get("message")));
                }
                case "ended" -> throw ended(frame);
                case "subscribed", "snapshot", "synced", "delta", "checkpoint", "reset" -> {
                    if (!handle(connection, frame, frames)) {
                        return -1;
                    }
                }
                default -> {
                    // an operation of a newer server that this one did not ask for
                }
            }
        }
    }

    private boolean handle(Connection connection, Map<String, @Nullable Object> frame, Frames frames) throws Exception {
        hasSubscribed = true;
        if (!frames.take(frame)) {
            return false;
        }
        Object reached = frame.containsKey("to") ? frame.get("to") : frame.get("cursor");
        if (reached instanceof String text) {
            cursor = text;
        }
        int rows = Json.list(frame.get("rows")).size()
                + Json.list(frame.get("set")).size()
                + Json.list(frame.get("del")).size();
        if (rows > 0) {
            connection.send(Map.of("op", "credit", "sub", 1, "rows", rows));
        }
        return true;
    }

    private static Map<String, @Nullable Object> pong(Map<String, @Nullable Object> ping) {
        var pong = new LinkedHashMap<String, @Nullable Object>();
        pong.put("op", "pong");
        pong.put("t", ping.get("t"));
        return pong;
    }

    private static Failure refused(Map<String, @Nullable Object> frame) {
        String code = Json.text(frame.get("code"));
        var kind = Remote.kind(Boolean.TRUE.equals(frame.get("retryable")) ? 503 : 400, code);
        return Failure.of(kind, Json.text(frame.get("message"))).with("code", code);
    }

    private static Failure ended(Map<String, @Nullable Object> frame) {
        String code = Json.text(frame.get("code"));
        return Failure.of(Failure.Kind.NOT_FOUND, "the server ended the subscription: " + code)
                .with("code", code);
    }

    /** One WebSocket, its text messages in a queue of which at most one is asked for ahead. */
    private static final class Connection implements WebSocket.Listener, AutoCloseable {
        private static final String END = "";

        private final LinkedBlockingQueue<String> messages = new LinkedBlockingQueue<>();
        private final StringBuilder partial = new StringBuilder();
        private volatile @Nullable WebSocket socket;
        private volatile @Nullable Failure refusal;

        static Connection open(HttpClient client, URI server) {
            var connection = new Connection();
            try {
                connection.socket = client.newWebSocketBuilder()
                        .subprotocols("sluice.v1.json")
                        .connectTimeout(Duration.ofSeconds(CONNECT_SECONDS))
                        .buildAsync(server, connection)
                        .join();
                return connection;
            } catch (CompletionException failed) {
                Throwable cause = failed.getCause() == null ? failed : failed.getCause();
                if (cause instanceof WebSocketHandshakeException handshake && handshake.getResponse() != null) {
                    int status = handshake.getResponse().statusCode();
                    throw Failure.of(Remote.kind(status, ""), server + " refused the WebSocket with status " + status);
                }
                throw Remote.unreachable(server, cause);
            }
        }

        void send(Map<String, ? extends @Nullable Object> message) {
            var open = socket;
            if (open != null && !open.isOutputClosed()) {
                open.sendText(Json.write(message), true)
                        .exceptionally(gone -> open)
                        .join();
            }
        }

        /** The next message, null when the connection is over or has been silent for too long. */
        @Nullable
        String next(long silentMillis) throws InterruptedException {
            String message = messages.poll(silentMillis, TimeUnit.MILLISECONDS);
            var refused = refusal;
            if (refused != null) {
                throw refused;
            }
            if (message == null || message.equals(END)) {
                return null;
            }
            var open = socket;
            if (open != null) {
                open.request(1);
            }
            return message;
        }

        @Override
        public void onOpen(WebSocket opened) {
            opened.request(2);
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            partial.append(data);
            if (last) {
                messages.add(partial.toString());
                partial.setLength(0);
            } else {
                from.request(1);
            }
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onPing(WebSocket from, java.nio.ByteBuffer message) {
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int status, String reason) {
            if (status >= 4_400 && status < 4_500) {
                refusal = Failure.of(
                        Remote.kind(status - 4_000, ""), "the server closed the connection: " + status + " " + reason);
            }
            messages.add(END);
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable broken) {
            messages.add(END);
        }

        @Override
        public void close() {
            var open = socket;
            if (open != null) {
                open.abort();
            }
        }
    }
}
