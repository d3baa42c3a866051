package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.json;
import static dev.sluice.server.gateway.HttpProbe.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.server.Deliveries;
import dev.sluice.server.Deliveries.Manner;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sagas and their instances are listed, shown, drawn and operated over HTTP. */
class SagasOverHttpTest {
    private static final String SAGA = "/v1/sagas/delivery";
    private static final String INSTANCES = SAGA + "/instances";

    @TempDir
    private Path folder;

    private Deliveries server;
    private HttpProbe http;

    @BeforeEach
    void start() {
        server = Deliveries.in(folder);
        http = new HttpProbe(server.port());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void want(String key, int quantity) {
        http.append(
                "wish-1",
                "DeliveryWanted",
                new JsonObject().put("id", key).put("quantity", quantity).encode());
    }

    /** Waits for it. */
    private JsonObject reach(String key, String status) {
        String path = INSTANCES + "/" + key;
        await().until(() -> status.equals(json(http.get(path)).getString("status")));
        return json(http.get(path));
    }

    private JsonObject park(String key, int quantity) {
        server.manner(command -> command.type().equals("ship") ? Manner.FAIL : Manner.DO);
        want(key, quantity);
        return reach(key, "PARKED");
    }

    private HttpResponse<String> act(String path, String body) {
        return http.post(INSTANCES + "/" + path, body, "Content-Type", "application/json");
    }

    private static String action(String id) {
        return new JsonObject().put("actionId", id).put("reason", "a test").encode();
    }

    private List<String> keys(String query) {
        return json(http.get(INSTANCES + query)).getJsonArray("instances").stream()
                .map(each -> ((JsonObject) each).getString("key"))
                .toList();
    }

    private static List<String> types(JsonObject history) {
        return history.getJsonArray("events").stream()
                .map(each -> ((JsonObject) each).getString("type"))
                .toList();
    }

    @Test
    void showsASagaAndAnInstanceThatWentThrough() {
        want("o1", 2);
        var instance = reach("o1", "COMPLETED");

        var saga = json(http.get(SAGA));
        assertThat(json(http.get("/v1/sagas")).getJsonArray("sagas")).hasSize(1);
        assertThat(saga.getJsonObject("counts").getInteger("COMPLETED")).isEqualTo(1);
        assertThat(saga.getInteger("live")).isZero();
        assertThat(saga.getJsonObject("definition").getString("name")).isEqualTo("delivery");
        assertThat(instance.getJsonObject("state").getString("ship")).isEqualTo("shipDone");
        assertThat(instance.getJsonArray("steps").stream().map(each -> ((JsonObject) each).getString("status")))
                .containsExactly("SUCCEEDED", "SUCCEEDED");
        assertThat(http.get(instance.getJsonObject("links").getString("events")).statusCode())
                .isEqualTo(200);
        assertThat(types(json(http.get(instance.getJsonObject("links").getString("history")))))
                .startsWith("SagaStarted")
                .endsWith("SagaCompleted");
    }

    @Test
    void givesTheHistoryPageByPage() {
        want("o1", 2);
        reach("o1", "COMPLETED");

        var first = json(http.get(INSTANCES + "/o1/history?limit=3"));
        var second = json(http.get(INSTANCES + "/o1/history?from=" + first.getInteger("from")));

        assertThat(types(first)).hasSize(3);
        assertThat(second.getInteger("from")).isNull();
        assertThat(types(second)).endsWith("SagaCompleted");
        problem(http.get(INSTANCES + "/nobody/history"), 404, "not_found");
    }

    @Test
    void tellsTheRunsOfAKeyApart() {
        server.manner(command -> command.type().equals("reserve") ? Manner.REJECT : Manner.DO);
        want("o1", 2);
        reach("o1", "COMPENSATED");
        server.manner(command -> Manner.DO);
        want("o1", 3);
        reach("o1", "COMPLETED");

        var first = json(http.get(INSTANCES + "/o1?run=1"));

        assertThat(first.getString("status")).isEqualTo("COMPENSATED");
        assertThat(first.getJsonObject("state").getInteger("quantity")).isEqualTo(2);
        assertThat(json(http.get(INSTANCES + "/o1?run=2")).getString("status")).isEqualTo("COMPLETED");
        problem(http.get(INSTANCES + "/o1?run=3"), 404, "not_found");
    }

    @Test
    void listsWhatAFilterSays() {
        park("p1", 1);
        park("p2", 5);
        server.manner(command -> Manner.DO);
        want("o1", 7);
        reach("o1", "COMPLETED");

        assertThat(keys("")).containsExactly("o1", "p1", "p2");
        assertThat(keys("?status=PARKED")).containsExactly("p1", "p2");
        assertThat(keys("?step=ship&where=quantity%3E4")).containsExactly("p2");
        assertThat(keys("?olderThan=1d")).isEmpty();
        assertThat(keys("?status=RETRYING")).isEmpty();
        assertThat(keys("?status=STUCK")).isEmpty();
        var page = json(http.get(INSTANCES + "?limit=2"));
        assertThat(keys("?limit=2&cursor=" + page.getString("cursor"))).containsExactly("p2");
        assertThat(http.get(INSTANCES + "?where=ship%3E4").headers().firstValue("Sluice-Filter-Failures"))
                .isPresent();
        problem(http.get(INSTANCES + "?where=quantity%3E"), 400, "filter_invalid");
    }

    @Test
    void retriesAParkedInstanceOnceForEachActionId() {
        var parked = park("o1", 2);
        assertThat(parked.getJsonObject("parked").getString("step")).isEqualTo("ship");
        assertThat(parked.getJsonArray("at")).containsExactly("ship");
        server.manner(command -> Manner.DO);

        var retried = act("o1/retry", action("a1"));
        reach("o1", "COMPLETED");
        var again = act("o1/retry", action("a1"));

        assertThat(retried.statusCode()).as(retried.body()).isEqualTo(200);
        assertThat(json(retried).getString("status")).isIn("RUNNING", "COMPLETED");
        assertThat(again.statusCode()).isEqualTo(200);
        assertThat(problem(act("o1/retry", action("a2")), 409, "wrong_status").getString("detail"))
                .contains("COMPLETED");
        problem(act("nobody/retry", action("a1")), 404, "not_found");
        problem(act("o1/explode", action("a1")), 404, "not_found");
        var acted = json(http.get(INSTANCES + "/o1/history")).getJsonArray("events").stream()
                .map(each -> (JsonObject) each)
                .filter(each -> each.getString("type").equals("OperatorActed"))
                .toList();
        assertThat(acted).hasSize(1);
        assertThat(acted.get(0).getJsonObject("data").getString("actor")).isEqualTo("http 127.0.0.1");
        assertThat(acted.get(0).getJsonObject("data").getString("reason")).isEqualTo("a test");
    }

    @Test
    void takesAnActionOnlyWhole() {
        park("o1", 2);

        for (String body : List.of(
                "",
                "{",
                "[]",
                "{\"actionId\":7}",
                "{\"actionId\":\"\"}",
                "{\"actionId\":\"a\",\"why\":\"x\"}",
                "{\"actionId\":\"a\",\"reply\":{}}",
                "{\"reason\":\"x\"}")) {
            problem(act("o1/retry", body), 400, "invalid_request");
        }
        for (String verb : List.of("skip", "resolve", "abandon")) {
            problem(act("o1/" + verb, "{\"actionId\":\"a\"}"), 400, "invalid_request");
        }
        var resolved = http.post(
                INSTANCES + "/o1/resolve",
                "{\"reason\":\"seen at the carrier\",\"reply\":{\"tracking\":\"t1\"}}",
                "Idempotency-Key",
                "a");
        assertThat(resolved.statusCode()).as(resolved.body()).isEqualTo(200);
        assertThat(reach("o1", "COMPLETED")
                        .getJsonArray("steps")
                        .getJsonObject(1)
                        .getJsonObject("reply"))
                .isEqualTo(new JsonObject().put("tracking", "t1"));
    }

    @Test
    void actsOnAllInstancesOfAFilter() {
        Stream.of("p1", "p2", "p3").forEach(key -> park(key, 2));
        park("q1", 9);

        var tried = json(act("abandon?where=quantity%3C5&dryRun=true", action("a1")));
        var done = json(act("abandon?where=quantity%3C5&limit=2", action("a1")));
        var rest = json(act("abandon?where=quantity%3C5&cursor=" + done.getString("cursor"), action("a1")));
        var refused = json(act("resume?status=PARKED", action("a2")));

        assertThat(tried.getJsonArray("keys")).isEqualTo(new JsonArray(List.of("p1", "p2", "p3")));
        assertThat(tried.getInteger("done")).isZero();
        assertThat(done.getInteger("done") + rest.getInteger("done")).isEqualTo(3);
        assertThat(keys("?status=FAILED")).containsExactly("p1", "p2", "p3");
        assertThat(refused.getInteger("done")).isZero();
        assertThat(refused.getJsonArray("refused").getJsonObject(0).getString("code"))
                .isEqualTo("wrong_status");
        problem(act("abandon", action("a1")), 400, "invalid_request");
        for (String verb : List.of("retry", "retry-fresh", "resolve", "skip", "compensate", "pause")) {
            assertThat(json(act(verb + "?status=COMPLETED", action("a3"))).getInteger("matched"))
                    .isZero();
        }
    }

    @Test
    void takesKeysWithOddCharacters() {
        String key = "a/b %~+ü?#";
        String encoded = "a%2Fb%20%25~%2B%C3%BC%3F%23";
        want(key, 1);

        var instance = reach(encoded, "COMPLETED");

        assertThat(instance.getString("key")).isEqualTo(key);
        assertThat(keys("?status=COMPLETED")).containsExactly(key);
        assertThat(http.get(instance.getJsonObject("links").getString("events")).statusCode())
                .isEqualTo(200);
        assertThat(types(json(http.get(instance.getJsonObject("links").getString("history")))))
                .isNotEmpty();
        problem(act(encoded + "/pause", action("a1")), 409, "wrong_status");
    }

    @Test
    void drawsASagaAndTheWayOfAnInstance() {
        park("o1", 2);

        var all = http.get(SAGA + "/diagram");
        var one = http.get(SAGA + "/diagram?key=o1", "Accept", "text/plain");

        assertThat(all.headers().firstValue("Content-Type")).hasValue("text/vnd.mermaid");
        assertThat(all.body())
                .startsWith("flowchart TD")
                .contains("s_ship{{\"ship<br/>ship\"}}", "PARKED 1", "release");
        assertThat(one.body()).contains("class s_reserve succeeded", "UNKNOWN");
        problem(http.get(SAGA + "/diagram?key=nobody"), 404, "not_found");
        problem(http.get("/v1/sagas/nothing/diagram"), 404, "not_found");
    }

    @Test
    void tellsWhatItDidWithAnEvent() {
        var wish = http.append("wish-1", "DeliveryWanted", "{\"id\":\"o1\",\"quantity\":1}");
        reach("o1", "COMPLETED");
        var other = http.append("wish-1", "Noticed", "{}");

        var why = json(http.get("/v1/events/" + wish.getString("position") + "/why"));
        var all = json(http.get("/v1/events/" + other.getString("position") + "/why?all=true"));

        assertThat(why.getJsonArray("consumers"))
                .singleElement()
                .isEqualTo(new JsonObject()
                        .put("consumer", "saga:delivery")
                        .put("outcome", "began")
                        .put("keys", new JsonArray().add("o1"))
                        .put("run", 1)
                        .put("version", 1));
        assertThat(all.getJsonArray("consumers").getJsonObject(0).getString("outcome"))
                .isEqualTo("not_meant");
    }

    @Test
    void isCountedInTheMetrics() {
        park("o1", 2);

        String metrics = http.get("/metrics").body();

        assertThat(metrics)
                .contains("saga_instances{saga=\"delivery\",status=\"PARKED\"} 1.0")
                .contains("saga_stalled 0.0")
                .contains("saga_step_total{");
    }

    @Test
    void retriesDeadLettersOneByOneAndInBulk() {
        for (String key : List.of("o1", "o2", "o3")) {
            http.append("wish-1", "DeliveryWanted", "{\"id\":\"" + key + "\",\"poison\":true}");
        }
        await().until(() -> letters().size() == 3);
        String first = letters().get(0);

        var again = json(http.post("/v1/dead-letters/" + first + "/retry", ""));
        server.poisoned(false);
        var one = json(http.post("/v1/dead-letters/" + letters().get(0) + "/retry", ""));
        var all = json(http.post("/v1/dead-letters/retry?consumer=saga:delivery", ""));

        assertThat(again.getInteger("failed")).isEqualTo(1);
        assertThat(again.getJsonArray("became").getJsonObject(0))
                .contains(Map.entry("id", first), Map.entry("outcome", "dead_lettered"));
        assertThat(one.getJsonArray("became").getJsonObject(0).getString("outcome"))
                .isEqualTo("began");
        assertThat(all.getInteger("retried")).isEqualTo(2);
        assertThat(letters()).isEmpty();
        List.of("o1", "o2", "o3").forEach(key -> reach(key, "COMPLETED"));
    }

    private List<String> letters() {
        return json(http.get("/v1/dead-letters?consumer=saga:delivery")).getJsonArray("deadLetters").stream()
                .map(each -> ((JsonObject) each).getString("id"))
                .toList();
    }
}
