package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.array;
import static dev.sluice.server.gateway.HttpProbe.header;
import static dev.sluice.server.gateway.HttpProbe.json;
import static dev.sluice.server.gateway.HttpProbe.problem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.gateway.wire.Percent;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.provider.EventFormatProvider;
import io.cloudevents.jackson.JsonFormat;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Appending and reading over HTTP, on a log of three shards. Each test has streams of its own category. */
class EventsOverHttpTest {
    private static final String PLAIN = "application/json";
    private static final String CE = "application/cloudevents+json";
    private static final String BATCH = "application/cloudevents-batch+json";

    private static RunningServer server;
    private static HttpProbe http;

    @BeforeAll
    static void start(@TempDir Path folder) {
        server = RunningServer.in(folder, "log.shards", "3", "log.maxEvent", "64KiB", "log.maxAppend", "256KiB");
        http = server.http();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void answersAnAppendWithVersionsPositionAndCursor() {
        var first = http.post("/v1/streams/answer-1?type=A", "{\"n\":1}", "Content-Type", PLAIN);
        var batch = http.post("/v1/streams/answer-1", "[" + event("b") + "," + event("c") + "]", "Content-Type", BATCH);

        assertThat(first.statusCode()).isEqualTo(201);
        assertThat(header(first, "ETag")).isEqualTo("\"1\"");
        assertThat(header(batch, "ETag")).isEqualTo("\"3\"");
        assertThat(json(batch).getString("stream")).isEqualTo("answer-1");
        assertThat(json(batch).getLong("firstVersion")).isEqualTo(2);
        assertThat(json(batch).getLong("lastVersion")).isEqualTo(3);
        assertThat(json(batch).getString("position")).matches("[012]:\\d+");
        assertThat(json(batch).getString("cursor")).isNotBlank();
        assertThat(json(batch).containsKey("duplicate")).isFalse();
    }

    @Test
    void givesBackWhatEachFormBrought() {
        String stream = "/v1/streams/forms-1";
        http.post(stream + "?type=Plain", "{\"n\":1.50}", "Content-Type", PLAIN);
        http.post(
                stream,
                "{\"specversion\":\"1.0\",\"id\":\"s1\",\"source\":\"/s\",\"type\":\"Structured\",\"subject\":\"x\",\"stream\":\"forms-1\",\"tags\":\"customer:ann\",\"big\":7,\"data\":{\"a\":[1,2]}}",
                "Content-Type",
                CE);
        http.post(
                stream,
                "plain text",
                "Content-Type",
                "text/plain",
                "ce-specversion",
                "1.0",
                "ce-id",
                "b1",
                "ce-source",
                "/b",
                "ce-type",
                "Binary",
                "ce-subject",
                "%E2%82%AC%20%25");

        var read = http.get(stream);

        JsonArray events = array(read);
        assertThat(header(read, "ETag")).isEqualTo("\"3\"");
        assertThat(events).hasSize(3);
        assertThat(events.getJsonObject(0).getString("type")).isEqualTo("Plain");
        assertThat(read.body()).contains("{\"n\":1.50}");
        assertThat(events.getJsonObject(1).getString("tags")).isEqualTo("customer:ann");
        assertThat(events.getJsonObject(1).getInteger("big")).isEqualTo(7);
        assertThat(events.getJsonObject(1).getLong("streamversion")).isEqualTo(2);
        assertThat(events.getJsonObject(2).getString("subject")).isEqualTo("€ %");
        assertThat(events.getJsonObject(2).getString("data")).isEqualTo("plain text");
        assertThat(events.getJsonObject(2).getString("stream")).isEqualTo("forms-1");
        assertThat(events.getJsonObject(2).getString("recordedtime")).endsWith("Z");
    }

    @Test
    void anIndependentReaderUnderstandsOneEvent() {
        String position =
                http.append("reader-1", "OrderPlaced", "{\"total\":12.5}").getString("position");

        var answer = http.get("/v1/events/" + position);

        assertThat(header(answer, "Content-Type")).isEqualTo(CE);
        CloudEvent event = EventFormatProvider.getInstance()
                .resolveFormat(JsonFormat.CONTENT_TYPE)
                .deserialize(answer.body().getBytes(StandardCharsets.UTF_8));
        assertThat(event.getType()).isEqualTo("OrderPlaced");
        assertThat(event.getExtension("position")).isEqualTo(position);
        assertThat(event.getExtension("stream")).isEqualTo("reader-1");
        assertThat(new String(event.getData().toBytes(), StandardCharsets.UTF_8))
                .isEqualTo("{\"total\":12.5}");
    }

    @Test
    void holdsPreconditions() {
        assertThat(append("cas-1", "If-None-Match", "*").statusCode()).isEqualTo(201);
        assertThat(append("cas-1", "If-Match", "\"1\"").statusCode()).isEqualTo(201);
        assertThat(append("cas-1", "If-Match", "*").statusCode()).isEqualTo(201);

        var stale = problem(append("cas-1", "If-Match", "\"1\""), 412, "wrong_expected_version");
        var taken = problem(append("cas-1", "If-None-Match", "*"), 412, "wrong_expected_version");
        var none = problem(append("cas-2", "If-Match", "*"), 412, "wrong_expected_version");
        problem(append("cas-1", "If-Match", "3"), 400, "invalid_request");
        problem(append("cas-1", "If-Match", "\"3\"", "If-None-Match", "*"), 400, "invalid_request");

        assertThat(stale.getLong("expected")).isEqualTo(1);
        assertThat(stale.getLong("actual")).isEqualTo(3);
        assertThat(taken.getLong("expected")).isZero();
        assertThat(none.getString("expected")).isEqualTo("exists");
        assertThat(none.getLong("actual")).isZero();
    }

    @Test
    void anAppendIdAnswersTheSameAgain() {
        var first = append("idem-1", "Idempotency-Key", "k-1");
        var again = append("idem-1", "Idempotency-Key", "k-1");
        var other = http.post("/v1/streams/idem-1?type=T", "2", "Content-Type", PLAIN, "Idempotency-Key", "k-1");

        assertThat(first.statusCode()).isEqualTo(201);
        assertThat(again.statusCode()).isEqualTo(200);
        assertThat(json(again).getBoolean("duplicate")).isTrue();
        assertThat(json(again).getString("position")).isEqualTo(json(first).getString("position"));
        assertThat(header(again, "ETag")).isEqualTo("\"1\"");
        problem(other, 409, "append_id_reused");
        assertThat(array(http.get("/v1/streams/idem-1"))).hasSize(1);
    }

    @Test
    void refusesWhatIsNotAnEventOfTheStream() {
        problem(http.post("/v1/streams/$mine-1?type=T", "1", "Content-Type", PLAIN), 403, "platform_stream");
        problem(http.post("/v1/streams/%24mine-1?type=T", "1", "Content-Type", PLAIN), 403, "platform_stream");
        problem(http.post("/v1/streams/bad-1?type=T", "{", "Content-Type", PLAIN), 400, "invalid_event");
        problem(http.post("/v1/streams/bad-1", "[]", "Content-Type", BATCH), 400, "invalid_event");
        problem(http.post("/v1/streams/bad-1?typ=T", "1", "Content-Type", PLAIN), 400, "invalid_request");
        problem(http.post("/v1/streams/bad-1", "x", "Content-Type", "text/html"), 415, "unsupported_media_type");
        problem(
                http.post("/v1/streams/" + "x".repeat(256) + "?type=T", "1", "Content-Type", PLAIN),
                400,
                "invalid_stream");
        problem(
                http.post("/v1/streams/bad-1?type=T", "\"" + "x".repeat(70_000) + "\"", "Content-Type", PLAIN),
                413,
                "event_too_large");
        String large = "["
                + String.join(
                        ",",
                        IntStream.range(0, 8)
                                .mapToObj(n -> event("e" + n).replace("}", ",\"data\":\"" + "x".repeat(50_000) + "\"}"))
                                .toList())
                + "]";
        problem(http.post("/v1/streams/bad-1", large, "Content-Type", BATCH), 413, "append_too_large");
        problem(http.get("/v1/streams/bad-1"), 404, "stream_not_found");
    }

    @Test
    void namesMayHoldAnythingThatUtf8Can() {
        String name = "weird-a/b c+d?e%f#ü€";
        String path = "/v1/streams/" + Percent.encode(name);

        http.post(path + "?type=T", "1", "Content-Type", PLAIN);

        assertThat(array(http.get(path)).getJsonObject(0).getString("stream")).isEqualTo(name);
        assertThat(array(http.get("/v1/events?stream=" + encoded(name)))).hasSize(1);
        assertThat(array(http.get("/v1/events?category=weird"))).hasSize(1);
    }

    @Test
    void readsAStreamFromBothEnds() {
        appendBatch("ends-1", 250);

        assertThat(versions(http.get("/v1/streams/ends-1"))).containsExactlyElementsOf(range(1, 100));
        assertThat(versions(http.get("/v1/streams/ends-1?limit=1000"))).containsExactlyElementsOf(range(1, 250));
        assertThat(versions(http.get("/v1/streams/ends-1?from=240"))).containsExactlyElementsOf(range(240, 250));
        assertThat(versions(http.get("/v1/streams/ends-1?from=251"))).isEmpty();
        assertThat(versions(http.get("/v1/streams/ends-1?direction=backward&limit=3")))
                .containsExactly(250L, 249L, 248L);
        assertThat(versions(http.get("/v1/streams/ends-1?direction=backward&from=2")))
                .containsExactly(2L, 1L);
        assertThat(http.get("/v1/streams/ends-1?limit=2", "Accept", "application/x-ndjson")
                        .body()
                        .split("\n"))
                .hasSize(2);
    }

    @Test
    void pagesOverAllShardsLoseNothingAndRepeatNothing() {
        for (int n = 0; n < 30; n++) {
            appendBatch("pages-" + n, 5);
        }

        List<String> forward = walk("/v1/events?category=pages&limit=7");
        List<String> backward = walk("/v1/events?category=pages&limit=7&direction=backward");

        assertThat(forward).hasSize(150).doesNotHaveDuplicates();
        assertThat(backward).hasSize(150).containsExactlyInAnyOrderElementsOf(forward);
    }

    private List<String> walk(String path) {
        var positions = new ArrayList<String>();
        String cursor = "";
        while (true) {
            var page = http.get(path + cursor);
            if (array(page).isEmpty()) {
                return positions;
            }
            array(page).forEach(event -> positions.add(((JsonObject) event).getString("position")));
            cursor = "&after=" + header(page, "Sluice-Cursor");
        }
    }

    @Test
    void narrowsByStreamCategoryTypeExpressionAndTime() {
        http.append("narrow-1", "Small", "{\"total\":1}");
        http.append("narrow-1", "Large", "{\"total\":100.5}");
        http.append("narrow-2", "Large", "{\"total\":200}");
        http.append("narrower-1", "Large", "{\"total\":300}");

        assertThat(array(http.get("/v1/events?category=narrow"))).hasSize(3);
        assertThat(array(http.get("/v1/events?category=narrow&type=Large"))).hasSize(2);
        assertThat(array(http.get("/v1/events?stream=narrow-1&type=Large"))).hasSize(1);
        assertThat(array(http.get("/v1/events?stream=narrow-1&category=other"))).isEmpty();
        assertThat(array(http.get("/v1/events?category=narrow&where=" + encoded("data.total > 100"))))
                .hasSize(2);
        assertThat(array(http.get("/v1/events?category=narrow&since=1h"))).hasSize(3);
        assertThat(array(http.get("/v1/events?category=narrow&since=2099-01-01T00:00:00%2B01:00")))
                .isEmpty();
        var invalid = problem(http.get("/v1/events?where=" + encoded("data.total >")), 400, "filter_invalid");
        assertThat(invalid.getInteger("line")).isEqualTo(1);
        http.append("narrow-1", "Small", "{\"total\":\"much\"}");
        var judged = http.get("/v1/events?category=narrow&where=" + encoded("data.total > 100"));
        assertThat(array(judged)).hasSize(2);
        assertThat(header(judged, "Sluice-Filter-Failures")).isEqualTo("1");
    }

    @Test
    void pagesOfLargeEventsEndEarlyAndLeadOn() {
        for (int i = 0; i < 300; i++) {
            http.append("bulky-" + i % 3, "T", "\"" + "x".repeat(60_000) + "\"");
        }

        int found = 0;
        int pages = 0;
        String after = "";
        while (true) {
            var page = http.get("/v1/events?category=bulky&limit=1000" + after);
            int events = array(page).size();
            if (events == 0) {
                break;
            }
            assertThat(page.body().length()).isLessThan(10 << 20);
            found += events;
            pages++;
            after = "&after=" + header(page, "Sluice-Cursor");
        }
        assertThat(found).isEqualTo(300);
        assertThat(pages).isGreaterThan(1);
        assertThat(array(http.get("/v1/streams/bulky-1?limit=2&direction=backward")))
                .hasSize(2);
    }

    @Test
    void leavesThePlatformsStreamsOutUnlessTheyAreNamed() {
        http.put(
                "/v1/projections/platform-seen",
                "projection: platform-seen\nfrom: { category: none }\nfold:\n  T: { n: count() }\n",
                "Content-Type",
                "application/yaml");

        assertThat(http.get("/v1/events?limit=1000").body()).doesNotContain("$projection");
        assertThat(array(http.get("/v1/events?stream=%24projection.platform-seen")))
                .isNotEmpty();
        assertThat(array(http.get("/v1/streams/%24projection.platform-seen"))).isNotEmpty();
        assertThat(http.get("/v1/streams?limit=1000").body()).doesNotContain("$projection");
        assertThat(http.get("/v1/streams?prefix=%24").body()).contains("$projection.platform-seen");
    }

    @Test
    void listsStreamsInPages() {
        for (String stream : List.of("list", "list-1", "list-2", "list-3", "lister-1")) {
            http.append(stream, "T", "1");
        }

        var first = json(http.get("/v1/streams?category=list&limit=2"));
        var second = json(http.get("/v1/streams?category=list&limit=2&cursor=" + first.getString("cursor")));

        assertThat(names(first)).containsExactly("list", "list-1");
        assertThat(names(second)).containsExactly("list-2", "list-3");
        assertThat(second.getString("cursor")).isNull();
        assertThat(names(json(http.get("/v1/streams?prefix=list")))).hasSize(5);
        assertThat(names(json(http.get("/v1/streams?category=list&prefix=list-2"))))
                .containsExactly("list-2");
        assertThat(names(json(http.get("/v1/streams?category=list&prefix=x")))).isEmpty();
        var one = first.getJsonArray("streams").getJsonObject(1);
        assertThat(one.getLong("version")).isEqualTo(1);
        assertThat(one.getLong("firstVersion")).isEqualTo(1);
        assertThat(one.getString("lastPosition")).matches("[012]:\\d+");
    }

    @Test
    void aPageOfLargeEventsEndsBeforeItIsTooLarge() {
        String large = "\"" + "x".repeat(60_000) + "\"";
        for (int n = 0; n < 200; n++) {
            http.append("large-1", "T", large);
        }

        var page = http.get("/v1/streams/large-1?limit=1000");

        assertThat(array(page).size()).isBetween(100, 199);
        assertThat(walk("/v1/events?stream=large-1&limit=1000")).hasSize(200);
    }

    private static HttpResponse<String> append(String stream, String... headers) {
        var all = new ArrayList<>(List.of("Content-Type", PLAIN));
        all.addAll(List.of(headers));
        return http.post("/v1/streams/" + stream + "?type=T", "1", all.toArray(String[]::new));
    }

    private static void appendBatch(String stream, int count) {
        var events = IntStream.range(0, count).mapToObj(n -> event("e" + n)).toList();
        assertThat(http.post("/v1/streams/" + stream, "[" + String.join(",", events) + "]", "Content-Type", BATCH)
                        .statusCode())
                .isEqualTo(201);
    }

    private static String event(String id) {
        return "{\"specversion\":\"1.0\",\"id\":\"" + id + "\",\"source\":\"/t\",\"type\":\"T\"}";
    }

    private static List<Long> versions(HttpResponse<String> page) {
        return array(page).stream()
                .map(event -> ((JsonObject) event).getLong("streamversion"))
                .toList();
    }

    private static List<Long> range(long from, long to) {
        return java.util.stream.LongStream.rangeClosed(from, to).boxed().toList();
    }

    private static List<String> names(JsonObject list) {
        return list.getJsonArray("streams").stream()
                .map(stream -> ((JsonObject) stream).getString("stream"))
                .toList();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
