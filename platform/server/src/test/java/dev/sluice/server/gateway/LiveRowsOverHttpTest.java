package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.header;
import static dev.sluice.server.gateway.HttpProbe.json;
import static dev.sluice.server.gateway.HttpProbe.problem;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes of rows and events for clients that do not speak our subprotocol. */
class LiveRowsOverHttpTest {
    private static final String ROWS = "/v1/projections/gross/rows";
    private static final String DEFINITION = "projection: gross\nfrom: { category: order }\nkey: data.who\n"
            + "index: [ sum desc ]\nfold:\n  Placed: { sum: sum(data.n) }\n";

    private RunningServer server;
    private HttpProbe http;

    @BeforeEach
    void start(@TempDir Path folder) {
        server = RunningServer.in(folder, "log.shards", "2");
        http = server.http();
        http.put("/v1/projections/gross", DEFINITION, "Content-Type", "application/yaml");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String place(String who, int n) {
        return http.append("order-" + who, "Placed", "{\"who\":\"" + who + "\",\"n\":" + n + "}")
                .getString("cursor");
    }

    @Test
    void serverSentEventsGiveRowsAndWhatChangesAndResumeByTheirId() {
        String after = place("a", 1);
        String id;
        try (var events = new Lines(ROWS + "?after=" + after, "Accept", "text/event-stream")) {
            assertThat(events.event("subscribed").getString("resumed")).isEqualTo("snapshot");
            assertThat(events.event("snapshot").getJsonArray("rows")).isEqualTo(new JsonArray("[[\"a\",{\"sum\":1}]]"));
            events.event("synced");

            place("a", 2);

            var delta = events.event("delta");
            assertThat(delta.getJsonArray("set")).isEqualTo(new JsonArray("[[\"a\",{\"sum\":3}]]"));
            assertThat(events.id).isEqualTo(delta.getString("to"));
            id = events.id;
        }

        place("b", 5);
        try (var events = new Lines(ROWS, "Accept", "text/event-stream", "Last-Event-ID", id)) {
            assertThat(events.event("subscribed").getString("resumed")).isEqualTo("exact");
            assertThat(events.event("delta").getJsonArray("set")).isEqualTo(new JsonArray("[[\"b\",{\"sum\":5}]]"));
        }
    }

    @Test
    void linesGiveTheSameFrames() {
        String after = place("a", 1);
        String query = "?orderBy=sum+desc&limit=1&fields=sum&numbers=string&after=" + after;
        try (var lines = new Lines(ROWS + query, "Accept", "application/x-ndjson")) {
            assertThat(lines.line("snapshot").getJsonArray("rows"))
                    .isEqualTo(new JsonArray("[[\"a\",{\"sum\":\"1\"}]]"));

            place("b", 5);

            var delta = lines.line("delta");
            assertThat(delta.getJsonArray("set")).isEqualTo(new JsonArray("[[\"b\",{\"sum\":\"5\"}]]"));
            assertThat(delta.getJsonArray("del")).isEqualTo(new JsonArray("[\"a\"]"));
        }
    }

    @Test
    void theFirstRowsOfAnOrderAreNotOlderThanWhatIsAskedFor() {
        String query = "?orderBy=sum+desc&limit=1&fields=sum&numbers=string&after=";
        try (var before = new Lines(ROWS + query + place("a", 1), "Accept", "application/x-ndjson")) {
            before.line("snapshot");

            for (int sum = 2; sum <= 30; sum++) {
                try (var lines = new Lines(ROWS + query + place("a", 1), "Accept", "application/x-ndjson")) {
                    assertThat(lines.line("snapshot").getJsonArray("rows"))
                            .isEqualTo(new JsonArray("[[\"a\",{\"sum\":\"" + sum + "\"}]]"));
                }
            }
        }
    }

    @Test
    void aLongPollGivesWhatChangedSinceOrWaitsForIt() throws Exception {
        place("a", 1);
        String at = json(http.get(ROWS + "?after=" + place("b", 1))).getString("at");

        var nothing = json(http.get(ROWS + "?wait=1ms&since=" + at));
        place("a", 1);
        var changed = json(http.get(ROWS + "?since=" + nothing.getString("cursor")));
        var waiting = new java.util.concurrent.FutureTask<>(
                () -> json(http.get(ROWS + "?wait=20s&keys=b,x&since=" + changed.getString("cursor"))));
        new Thread(waiting).start();
        place("a", 1);
        place("b", 6);
        var waited = waiting.get(20, TimeUnit.SECONDS);

        assertThat(ops(nothing)).containsExactly("subscribed");
        assertThat(ops(changed)).containsExactly("subscribed", "delta");
        assertThat(ops(waited)).containsExactly("subscribed", "delta");
        var delta = waited.getJsonArray("frames").getJsonObject(1);
        assertThat(delta.getJsonArray("set")).isEqualTo(new JsonArray("[[\"b\",{\"sum\":7}]]"));
        assertThat(waited.getString("cursor")).isEqualTo(delta.getString("to"));
    }

    @Test
    void aLongPollFromAnotherGenerationGivesEveryRowInParts() {
        for (int i = 0; i < 5; i++) {
            place("w" + i, 1);
        }
        String at = json(http.get(ROWS + "?after=" + place("w5", 1))).getString("at");
        http.put("/v1/projections/gross", DEFINITION.replace("sum(", "max("), "Content-Type", "application/yaml");
        JsonObject poll;
        do {
            poll = json(http.get(ROWS + "?limit=4&wait=1ms&since=" + at));
        } while (!poll.getJsonArray("frames")
                .getJsonObject(0)
                .getString("resumed")
                .equals("diff"));

        assertThat(ops(poll)).containsExactly("subscribed", "snapshot");
        assertThat(poll.getJsonArray("frames").getJsonObject(1).getJsonArray("rows"))
                .hasSize(4);
    }

    private static java.util.List<String> ops(JsonObject poll) {
        return poll.getJsonArray("frames").stream()
                .map(frame -> ((JsonObject) frame).getString("op"))
                .toList();
    }

    @Test
    void whatIsWrongIsToldBeforeTheFirstFrame() {
        problem(http.get(ROWS + "?where=sum%3E", "Accept", "text/event-stream"), 400, "filter_invalid");
        problem(http.get(ROWS + "?mode=all", "Accept", "text/event-stream"), 400, "invalid_request");
        problem(http.get(ROWS + "?fields=smu", "Accept", "application/x-ndjson"), 400, "invalid_request");
        problem(http.get(ROWS + "?orderBy=who", "Accept", "application/json"), 400, "invalid_request");
        problem(http.get(ROWS + "?since=x"), 400, "invalid_cursor");
        problem(http.get(ROWS + "?wait=5&since=x"), 400, "invalid_request");
        problem(http.get("/v1/projections/none/rows", "Accept", "text/event-stream"), 404, "projection_not_found");
        problem(http.get(ROWS, "Accept", "image/png"), 406, "not_acceptable");
    }

    @Test
    void aStreamSaysGoodbyeWhenTheServerStops() {
        place("a", 1);
        try (var events = new Lines(ROWS, "Accept", "text/event-stream")) {
            events.event("synced");

            server.close();

            assertThat(events.event("goodbye").getInteger("reconnectInMs")).isPositive();
        }
    }

    @Test
    void eventsComeAsServerSentEventsWithTheirCursors() {
        place("a", 1);
        place("b", 2);
        String id;
        try (var events = new Lines("/v1/events", "Accept", "text/event-stream")) {
            assertThat(events.event("message").getString("type")).isEqualTo("Placed");
            id = events.id;
        }

        try (var events = new Lines(
                "/v1/events?follow=true&stream=order-b", "Accept", "text/event-stream", "Last-Event-ID", id)) {
            place("b", 3);
            JsonObject event;
            do {
                event = events.event("message");
            } while (event.getInteger("streamversion") < 2);
            assertThat(event.getJsonObject("data").getInteger("n")).isEqualTo(3);
        }
    }

    @Test
    void aPlainTailGivesOneCloudEventAMessage() throws Exception {
        place("a", 1);
        var messages = new LinkedBlockingQueue<JsonObject>();
        tail("?stream=order-a&since=1h", messages);
        place("b", 2);
        place("a", 3);

        var first = messages.poll(20, TimeUnit.SECONDS);
        var second = messages.poll(20, TimeUnit.SECONDS);

        assertThat(first.getString("specversion")).isEqualTo("1.0");
        assertThat(first.getJsonObject("data").getInteger("n")).isEqualTo(1);
        assertThat(second.getJsonObject("data").getInteger("n")).isEqualTo(3);
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> tail("?where=x+%3E", messages))
                .isInstanceOf(CompletionException.class)
                .hasStackTraceContaining("400");
    }

    private void tail(String query, BlockingQueue<JsonObject> messages) {
        var socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .subprotocols("cloudevents.json")
                .buildAsync(URI.create("ws://127.0.0.1:" + http.port() + "/v1/ws" + query), new WebSocket.Listener() {
                    private final StringBuilder text = new StringBuilder();

                    @Override
                    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
                        text.append(part);
                        if (isLast) {
                            messages.add(new JsonObject(text.toString()));
                            text.setLength(0);
                        }
                        from.request(1);
                        return java.util.concurrent.CompletableFuture.completedFuture(null);
                    }
                })
                .join();
        assertThat(socket.getSubprotocol()).isEqualTo("cloudevents.json");
    }

    private final class Lines implements AutoCloseable {
        private final BufferedReader reader;
        private String id = "";

        Lines(String path, String... headers) {
            var answer = http.open(path, headers);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(header(answer, "Content-Type")).isEqualTo(headers[1]);
            reader = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
        }

        JsonObject line(String op) {
            JsonObject frame;
            do {
                frame = new JsonObject(read());
            } while (!frame.getString("op").equals(op));
            return frame;
        }

        /** The data of the next event of a name. */
        JsonObject event(String name) {
            while (true) {
                String found = "message";
                String data = "";
                for (String line = read(); !line.isEmpty(); line = read()) {
                    if (line.startsWith("event: ")) {
                        found = line.substring("event: ".length());
                    } else if (line.startsWith("id: ")) {
                        id = line.substring("id: ".length());
                    } else if (line.startsWith("data: ")) {
                        data = line.substring("data: ".length());
                    }
                }
                if (found.equals(name) && !data.isEmpty()) {
                    return new JsonObject(data);
                }
            }
        }

        private String read() {
            try {
                return String.valueOf(reader.readLine());
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        }

        @Override
        public void close() {
            try {
                reader.close();
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        }
    }
}
