package dev.sluice.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The conversations in the documentation of the WebSocket protocol, held with a server. */
class TranscriptTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "websocket.md");
    private static final Pattern TRANSCRIPT = Pattern.compile("```transcript\n(.*?)```", Pattern.DOTALL);
    private static final Pattern NAME = Pattern.compile("<([a-z]+)>");
    private static final String DEFINITION =
            "projection: gross\nfrom: { category: order }\nkey: data.who\nfold:\n  Placed: { sum: sum(data.n) }\n";

    private final Map<String, String> values = new HashMap<>();
    private final BlockingQueue<JsonObject> frames = new LinkedBlockingQueue<>();
    private RunningServer server;
    private @Nullable WebSocket socket;

    static Stream<String> transcripts() throws IOException {
        return TRANSCRIPT.matcher(Files.readString(DOCUMENT)).results().map(found -> found.group(1));
    }

    @ParameterizedTest
    @MethodSource("transcripts")
    void isWhatTheServerSays(String transcript, @TempDir Path folder) throws InterruptedException {
        server = RunningServer.in(folder);
        try {
            server.http().put("/v1/projections/gross", DEFINITION, "Content-Type", "application/yaml");
            for (String line : transcript.lines().toList()) {
                String text = line.substring(2);
                switch (line.charAt(0)) {
                    case '>' -> act(text);
                    case 'C' -> socket.sendText(filled(text), true).join();
                    default -> expect(text);
                }
            }
        } finally {
            server.close();
        }
    }

    private void act(String action) {
        String[] words = action.split(" ", 4);
        switch (words[0]) {
            case "append" ->
                values.put(
                        "appended",
                        server.http().append(words[1], words[2], words[3]).getString("cursor"));
            case "connect" -> connect();
            case "disconnect" -> socket.abort();
            default -> server.close();
        }
    }

    private void connect() {
        frames.clear();
        socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .subprotocols("sluice.v1.json")
                .buildAsync(URI.create("ws://127.0.0.1:" + server.http().port() + "/v1/ws"), new Listener())
                .join();
    }

    private String filled(String text) {
        return NAME.matcher(text).replaceAll(name -> values.get(name.group(1)));
    }

    private void expect(String text) throws InterruptedException {
        var expected = new JsonObject(text);
        JsonObject frame;
        do {
            frame = frames.poll(20, TimeUnit.SECONDS);
            assertThat(frame).as("a frame, expected %s", text).isNotNull();
        } while (frame.getString("op").equals("ping")
                || frame.getString("op").equals("checkpoint")
                        && !expected.getString("op").equals("checkpoint"));
        match(expected, frame, text + " but got " + frame.encode());
    }

    private void match(Object expected, Object found, String what) {
        if (expected instanceof JsonObject object && found instanceof JsonObject other) {
            assertThat(other.fieldNames()).as(what).isEqualTo(object.fieldNames());
            object.fieldNames().forEach(name -> match(object.getValue(name), other.getValue(name), what));
        } else if (expected instanceof JsonArray list && found instanceof JsonArray other) {
            assertThat(other).as(what).hasSameSizeAs(list);
            for (int i = 0; i < list.size(); i++) {
                match(list.getValue(i), other.getValue(i), what);
            }
        } else if (!String.valueOf(expected).contains("<any>")) {
            var name = NAME.matcher(String.valueOf(expected));
            Object value = name.matches() ? values.computeIfAbsent(name.group(1), first -> (String) found) : expected;
            assertThat(found).as(what).isEqualTo(value);
        }
    }

    private final class Listener implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
            text.append(part);
            if (isLast) {
                frames.add(new JsonObject(text.toString()));
                text.setLength(0);
            }
            from.request(1);
            return CompletableFuture.completedFuture(null);
        }
    }
}
