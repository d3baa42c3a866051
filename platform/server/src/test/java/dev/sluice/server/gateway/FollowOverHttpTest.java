package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.contract.OpenApi;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FollowOverHttpTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Map<String, String> HEAD = Map.of("Content-Type", "application/x-ndjson");

    private RunningServer server;
    private HttpProbe http;

    @BeforeEach
    void start(@TempDir Path folder) {
        server = RunningServer.in(folder, "log.shards", "2");
        http = server.http();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void givesWhatIsThereThenWhatComes() {
        http.append("order-1", "T", "1");
        try (var follow = new Lines("/v1/events?follow=true")) {
            assertThat(follow.next().getString("stream")).isEqualTo("order-1");
            http.append("order-2", "T", "2");

            JsonObject next = follow.next();

            assertThat(next.getString("stream")).isEqualTo("order-2");
            assertThat(next.getString("cursor")).isNotBlank();
        }
    }

    @Test
    void readsOnFromTheCursorOfAnyLine() {
        for (int n = 0; n < 40; n++) {
            http.append("order-" + n, "T", "" + n);
        }
        var all = new ArrayList<JsonObject>();
        try (var follow = new Lines("/v1/events?follow=true&limit=40")) {
            follow.rest().forEach(all::add);
        }

        for (int n : new int[] {0, 7, 38}) {
            try (var rest = new Lines("/v1/events?follow=true&limit=" + (39 - n) + "&after="
                    + all.get(n).getString("cursor"))) {
                assertThat(rest.rest())
                        .extracting(event -> event.getString("position"))
                        .containsExactlyInAnyOrderElementsOf(all.subList(n + 1, 40).stream()
                                .map(event -> event.getString("position"))
                                .toList());
            }
        }
    }

    @Test
    void narrowsAndTellsHowFarItIs() {
        try (var follow = new Lines("/v1/events?follow=true&checkpoints=true&type=Wanted&where=data%3E5")) {
            http.append("order-1", "Other", "9");
            http.append("order-1", "Wanted", "5");
            http.append("order-1", "Wanted", "6");

            var lines = new ArrayList<JsonObject>();
            do {
                lines.add(follow.next());
            } while (!lines.get(lines.size() - 1).containsKey("data"));

            assertThat(lines.get(lines.size() - 1).getInteger("data")).isEqualTo(6);
            assertThat(lines.subList(0, lines.size() - 1))
                    .allSatisfy(line -> assertThat(line.fieldNames()).containsExactly("checkpoint"));
            http.append("order-1", "Other", "9");
            assertThat(follow.next().getString("checkpoint")).isNotBlank();
        }
    }

    @Test
    void sinceAndAfterSayWhereToBegin() {
        String before = http.append("order-1", "T", "1").getString("cursor");
        http.append("order-2", "T", "2");

        try (var follow = new Lines("/v1/events?follow=true&since=1h&limit=2")) {
            assertThat(follow.rest()).hasSize(2);
        }
        try (var follow = new Lines("/v1/events?follow=true&after=" + before)) {
            assertThat(follow.next().getInteger("data")).isEqualTo(2);
        }
    }

    @Test
    void tellsOfAnEventThatCannotBeJudgedAndGoesOn() {
        String before = http.append("order-1", "T", "1").getString("cursor");
        http.append("order-1", "T", "\"text\"");
        http.append("order-1", "T", "6");

        try (var follow = new Lines("/v1/events?follow=true&where=data%3E5&after=" + before)) {
            var problem = follow.next().getJsonObject("problem");

            assertThat(problem.getString("code")).isEqualTo("evaluation_failed");
            assertThat(problem.getString("detail")).contains("taken as not matching: event 0:");
            assertThat(follow.next().getInteger("data")).isEqualTo(6);
        }
    }

    @Test
    void aClientThatReadsSlowlyHoldsNothingUpAndLosesNothing() throws Exception {
        String event = "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/t\",\"type\":\"T\",\"data\":\"%s\"}"
                .formatted("x".repeat(10_000));
        String batch = "[" + String.join(",", java.util.Collections.nCopies(100, event)) + "]";
        try (var slow = new Socket()) {
            slow.setReceiveBufferSize(8_192);
            slow.connect(new java.net.InetSocketAddress("127.0.0.1", http.port()));
            slow.setSoTimeout((int) PATIENCE.toMillis());
            slow.getOutputStream()
                    .write("GET /v1/events?follow=true&limit=1000 HTTP/1.0\r\nHost: localhost\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            for (int n = 0; n < 10; n++) {
                var answer = http.post(
                        "/v1/streams/order-" + n, batch, "Content-Type", "application/cloudevents-batch+json");
                assertThat(answer.statusCode()).isEqualTo(201);
            }

            var read = new BufferedReader(new InputStreamReader(slow.getInputStream(), StandardCharsets.UTF_8))
                    .lines()
                    .filter(line -> line.startsWith("{"))
                    .map(line -> new JsonObject(line).getString("position"))
                    .toList();

            assertThat(read).hasSize(1_000).doesNotHaveDuplicates();
        }
    }

    @Test
    void manyMayComeAndGoWhileEventsArrive() {
        var follows = IntStream.range(0, 50)
                .mapToObj(n -> new Lines("/v1/events?follow=true"))
                .toList();
        http.append("order-1", "T", "1");
        follows.subList(0, 25).forEach(Lines::close);
        http.append("order-1", "T", "2");

        for (Lines follow : follows.subList(25, 50)) {
            assertThat(follow.next().getInteger("data")).isEqualTo(1);
            assertThat(follow.next().getInteger("data")).isEqualTo(2);
            follow.close();
        }
    }

    @Test
    void endsCleanlyWhenTheServerStops() {
        http.append("order-1", "T", "1");
        var follow = new Lines("/v1/events?follow=true");
        follow.next();

        server.close();

        await().atMost(PATIENCE).untilAsserted(() -> assertThat(follow.rest()).isEmpty());
    }

    private final class Lines implements AutoCloseable {
        private final BufferedReader reader;

        Lines(String path) {
            var answer = http.open(path, "Accept", "application/x-ndjson");
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(header(answer, "Content-Type")).isEqualTo("application/x-ndjson");
            reader = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
        }

        JsonObject next() {
            try {
                return judged(reader.readLine());
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        }

        List<JsonObject> rest() {
            return reader.lines().map(this::judged).toList();
        }

        private JsonObject judged(String line) {
            http.see("GET", "/v1/events", new OpenApi.Answer(200, HEAD, line));
            return new JsonObject(line);
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
