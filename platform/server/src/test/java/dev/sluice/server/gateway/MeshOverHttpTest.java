package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.array;
import static dev.sluice.server.gateway.HttpProbe.header;
import static dev.sluice.server.gateway.HttpProbe.json;
import static dev.sluice.server.gateway.HttpProbe.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.watch.ExpectsErrors;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Policies come from files and over HTTP, all in one way; breakers and limits are seen and given orders. */
class MeshOverHttpTest {
    private static final String POLICIES = "/v1/mesh/policies";
    private static final String BREAKER = "/v1/mesh/breakers/shard.0.append";
    private static final String APPEND =
            policy("append", "shard.*.append", "outbound: { breaker: {}, concurrency: { fixed: 50 } }");

    @TempDir
    private Path folder;

    private RunningServer start() {
        return RunningServer.in(
                folder.resolve("data"),
                "policies.dir",
                folder.resolve("policies").toString());
    }

    private static String policy(String name, String address, String settings) {
        return "policies:\n  - { name: " + name + ", match: { address: '" + address + "' }, " + settings + " }\n";
    }

    private static HttpResponse<String> put(HttpProbe http, String query, String text, String... headers) {
        var all = new ArrayList<>(List.of("Content-Type", "application/yaml"));
        all.addAll(List.of(headers));
        return http.put(POLICIES + query, text, all.toArray(String[]::new));
    }

    private static List<String> names(HttpProbe http) {
        return json(http.get(POLICIES)).getJsonArray("policies").stream()
                .map(policy -> ((JsonObject) policy).getString("name"))
                .toList();
    }

    private static List<JsonObject> events(HttpProbe http, String type) {
        return array(http.get("/v1/events?stream=$mesh&type=" + type)).stream()
                .map(event -> ((JsonObject) event).getJsonObject("data"))
                .toList();
    }

    @Test
    void whatIsPutAppliesIsInTheLogAndIsThereAfterARestart() {
        String before;
        try (var server = start()) {
            var http = server.http();

            var first = put(http, "", APPEND);
            var second = put(http, "?source=other", policy("query", "query.**", "inbound: {}"));

            assertThat(json(first).getLong("version")).isEqualTo(1);
            assertThat(header(second, "ETag")).isEqualTo("\"2\"");
            assertThat(names(http)).containsExactly("append", "query");
            var event = events(http, "PolicyApplied").get(1);
            assertThat(event.getString("actor")).isEqualTo("http 127.0.0.1");
            assertThat(event.getJsonArray("changed")).containsExactly("other");
            assertThat(event.getJsonArray("sources").getJsonObject(0).getString("text"))
                    .isEqualTo(APPEND);
            before = http.get(POLICIES).body();
        }
        try (var server = start()) {
            var http = server.http();
            http.append("order-1", "T", "1");

            assertThat(http.get(POLICIES).body()).isEqualTo(before).contains("\"place\":\"http:2\"");
            assertThat(json(http.get(BREAKER)).getString("state")).isEqualTo("closed");
            assertThat(events(http, "PolicyApplied")).hasSize(2);
        }
    }

    @Test
    void aBadPutLeavesAllAsItWasAndIsRecorded() {
        try (var server = start()) {
            var http = server.http();
            put(http, "", APPEND);
            var before = http.get(POLICIES).body();

            var unreadable = problem(put(http, "", "policies: [ { name: a } ]"), 400, "definition_invalid");
            var slow = put(
                    http,
                    "?source=b",
                    policy("append", "shard.*.append", "outbound: { deadline: 1s, perTryTimeout: 2s }"));
            var late = problem(put(http, "", APPEND, "If-Match", "\"7\""), 412, "wrong_expected_version");

            assertThat(unreadable.getString("detail")).startsWith("http:1:");
            assertThat(problem(slow, 400, "definition_invalid").getJsonArray("violations").stream()
                            .map(each -> ((JsonObject) each).getString("key")))
                    .containsExactlyInAnyOrder("name", "outbound.perTryTimeout", "match.address");
            assertThat(late.getLong("actual")).isEqualTo(1);
            assertThat(http.get(POLICIES).body()).isEqualTo(before);
            await().until(() -> events(http, "PolicyRejected").size() == 2);
            assertThat(events(http, "PolicyRejected").get(1).getJsonArray("violations"))
                    .hasSize(3);
            assertThat(events(http, "PolicyApplied")).hasSize(1);
        }
    }

    @Test
    void theSameTwiceIsOneSetAndAnEmptyListTakesASourceAway() {
        try (var server = start()) {
            var http = server.http();

            put(http, "", APPEND);
            var again = json(put(http, "", APPEND, "If-Match", "\"1\""));
            var none = json(put(http, "", "policies: []"));

            assertThat(again.getLong("version")).isEqualTo(1);
            assertThat(none.getLong("version")).isEqualTo(2);
            assertThat(json(http.get(POLICIES)).getJsonArray("sources")).isEmpty();
        }
    }

    @Test
    @ExpectsErrors("policy_file_refused")
    void filesTakeTheSameWayAndWhatTheySayTogetherWithHttpMustHold() throws IOException {
        Path file = Files.createDirectories(folder.resolve("policies")).resolve("a.yaml");
        Files.writeString(file, policy("file", "query.**", "inbound: {}"));
        try (var server = start()) {
            var http = server.http();
            assertThat(names(http)).containsExactly("file");

            put(http, "", APPEND);
            problem(put(http, "?source=b", policy("again", "query.**", "inbound: {}")), 400, "definition_invalid");
            Files.writeString(file, policy("append", "elsewhere.**", "inbound: {}"));

            await().atMost(Duration.ofSeconds(30))
                    .until(() -> http.get("/health/ready").body().contains("policy"));
            assertThat(names(http)).containsExactly("append", "file");
            await().until(() -> events(http, "PolicyRejected").size() == 2);
            assertThat(events(http, "PolicyRejected").get(1).getString("actor")).isEqualTo("files");
        }
        Files.delete(file);
        try (var server = start()) {
            assertThat(names(server.http())).containsExactly("append");
        }
    }

    @Test
    @ExpectsErrors("policy_file_refused")
    void theLastGoodSetOfFilesSurvivesARestartWithABadOne() throws IOException {
        Path file = Files.createDirectories(folder.resolve("policies")).resolve("a.yaml");
        Files.writeString(file, policy("file", "query.**", "inbound: {}"));
        start().close();
        Files.writeString(file, "policies: 1");

        try (var server = start()) {
            var http = server.http();
            await().until(() -> events(http, "PolicyRejected").size() == 1);

            assertThat(names(http)).containsExactly("file");
            assertThat(events(http, "PolicyRejected").get(0).getJsonArray("sources"))
                    .containsExactly(file.toString());
        }
    }

    @Test
    @ExpectsErrors("policies_unreadable")
    void policiesOfTheLogThatAreNotReadAnyMoreWaitUntilTheyAreMended() throws Exception {
        var text = new JsonObject().put("name", "http").put("origin", "http").put("text", "policies: 1");
        var data = new JsonObject().put("version", 4).put("sources", new JsonArray().add(text));
        var event = new Event(
                "1",
                "PolicyApplied",
                "/t",
                0,
                Event.JSON,
                Map.of(),
                null,
                data.toBuffer().getBytes());
        try (var log = Log.open(folder.resolve("data/log"), LogOptions.defaults())) {
            log.append(Append.to("$mesh", Expected.ANY, List.of(event)))
                    .toCompletableFuture()
                    .get();
        }
        try (var server = start()) {
            var http = server.http();
            assertThat(names(http)).isEmpty();

            var other = problem(put(http, "?source=b", policy("b", "b", "inbound: {}")), 400, "definition_invalid");
            var mended = put(http, "", APPEND);

            assertThat(other.getString("detail")).startsWith("http:1:");
            assertThat(json(mended).getLong("version")).isEqualTo(5);
            assertThat(names(http)).containsExactly("append");
        }
    }

    @Test
    void policiesThatDoNotFitIntoAnEventAreRefused() {
        try (var server = RunningServer.in(folder.resolve("data"), "log.maxEvent", "1KiB")) {
            var refused = put(server.http(), "", APPEND + "# " + "x".repeat(2_000));

            assertThat(problem(refused, 400, "definition_invalid").getString("detail"))
                    .contains("log.maxEvent");
            assertThat(names(server.http())).isEmpty();
        }
    }

    @Test
    void anOrderIsObeyedToldAndLifted() {
        try (var server = start()) {
            var http = server.http();
            put(http, "", APPEND);
            http.append("order-1", "T", "1");

            var opened = json(http.post(BREAKER + "/open?reason=a%20look", ""));
            var refused = http.post("/v1/streams/order-1?type=T", "1", "Content-Type", "application/json");
            http.post(BREAKER + "/reset", "");
            http.append("order-1", "T", "1");

            assertThat(opened.getString("mode")).isEqualTo("forced_open");
            assertThat(opened.getValue("millisUntilTrial")).isNull();
            problem(refused, 503, "circuit_open");
            assertThat(Integer.parseInt(header(refused, "Retry-After"))).isPositive();
            assertThat(events(http, "BreakerForced").get(0))
                    .isEqualTo(new JsonObject()
                            .put("breaker", "shard.0.append")
                            .put("order", "open")
                            .put("actor", "http 127.0.0.1")
                            .put("reason", "a look"));
            await().until(() -> events(http, "BreakerStateChanged").size() == 2);
            var changed = events(http, "BreakerStateChanged").get(0);
            assertThat(changed.getString("cause")).isEqualTo("forced_open");
            assertThat(changed.getString("policy")).isEqualTo("append");
            assertThat(changed.getLong("policyVersion")).isEqualTo(1);
            assertThat(changed.getJsonObject("counts").getLong("successes")).isEqualTo(1);
        }
    }

    @Test
    void theSampleProjectionHasTheBreakersAsTheyAre() throws IOException {
        try (var server = start()) {
            var http = server.http();
            String sample = Files.readString(samples().resolve("breakers.yaml"));
            http.put("/v1/projections/breakers", sample, "Content-Type", "application/yaml");
            put(http, "", APPEND);
            http.append("order-1", "T", "1");
            for (String order : List.of("open", "reset", "open", "reset")) {
                http.post(BREAKER + "/" + order, "");
            }

            String row = "/v1/projections/breakers/rows/shard.0.append";
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> http.get(row).statusCode() == 200
                            && json(http.get(row)).getJsonObject("row").getInteger("opened") == 2);

            await().until(() ->
                    json(http.get(row)).getJsonObject("row").getString("state").equals("closed"));
            assertThat(json(http.get(row)).getJsonObject("row").getString("policy"))
                    .isEqualTo("append");
        }
    }

    private static Path samples() {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("config/samples/projections"))) {
            root = root.getParent();
        }
        return root.resolve("config/samples/projections");
    }

    @Test
    void whatARateLimitDeniesIsToldOnceASecondAndShown() {
        try (var server = start()) {
            var http = server.http();
            put(
                    http,
                    "",
                    policy(
                            "append",
                            "shard.*.append",
                            "outbound: { breaker: {}, rateLimit: [ { name: all, capacity: 2, refill: 1/1d } ] }"));
            for (int i = 0; i < 5; i++) {
                http.post("/v1/streams/order-1?type=T", "1", "Content-Type", "application/json");
            }

            await().atMost(Duration.ofSeconds(30)).until(() -> denied(http) == 3);
            var limit = json(http.get("/v1/mesh/limits")).getJsonArray("limits").getJsonObject(0);

            assertThat(limit.getLong("admitted")).isEqualTo(2);
            assertThat(limit.getLong("denied")).isEqualTo(3);
            assertThat(http.get("/metrics").body())
                    .containsPattern("limit_decisions_total\\{.*result=\"denied\".*} 3.0")
                    .containsPattern("breaker_calls_total\\{address=\"shard.0.append\",result=\"success\"} 2.0")
                    .containsPattern("breaker_state\\{address=\"shard.0.append\"} 0.0");
            put(http, "", "policies: []");
            await().atMost(Duration.ofSeconds(30)).until(() -> !http.get("/metrics")
                    .body()
                    .matches("(?s).*(limit_decisions|breaker_state|breaker_calls).*"));
        }
    }

    private static long denied(HttpProbe http) {
        return events(http, "RateLimitDenied").stream()
                .mapToLong(event -> event.getLong("denied"))
                .sum();
    }

    @Test
    void aDryRunAppliesNothingAndShowsWhatWouldHaveBeen() {
        try (var server = start()) {
            var http = server.http();
            put(http, "", APPEND);
            for (int i = 0; i < 4; i++) {
                http.append("order-1", "T", "1");
            }

            var tried = json(http.post(
                    POLICIES + "/dry-run",
                    policy("append", "shard.0.append", "outbound: { rateLimit: [ { capacity: 1, refill: 1/1d } ] }"),
                    "Content-Type",
                    "application/yaml"));

            assertThat(tried.getJsonArray("changed")).isEqualTo(new JsonArray().add("append"));
            assertThat(tried.getJsonArray("differences")
                            .getJsonObject(0)
                            .getJsonObject("after")
                            .getLong("denied"))
                    .isEqualTo(3);
            assertThat(json(http.get(POLICIES)).getLong("version")).isEqualTo(1);
        }
    }

    @Test
    void explainsWhichPolicyAnAddressHasAndWhichNot() {
        try (var server = start()) {
            var http = server.http();
            put(http, "", APPEND);
            put(http, "?source=b", policy("all", "**", "inbound: {}"));

            var explained = json(http.get(POLICIES + "/explain?address=shard.0.append"));

            assertThat(explained.getJsonObject("policy").getString("name")).isEqualTo("append");
            assertThat(explained.getJsonArray("lost").getJsonObject(0).getString("policy"))
                    .isEqualTo("all");
            var ofInstance = json(http.get(POLICIES + "/explain?address=shard.0.append%231"));
            assertThat(ofInstance.getJsonObject("policy").getString("name")).isEqualTo("append");
            for (String odd : List.of("a..b", ".", "a.*", "%20", "__vertx.reply.1")) {
                var refused = problem(http.get(POLICIES + "/explain?address=" + odd), 400, "invalid_request");
                assertThat(refused.getString("detail")).startsWith("found '").contains("expected an address");
            }
        }
    }
}
