package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.json;
import static dev.sluice.server.gateway.HttpProbe.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What became of an event, and what would become of others. */
class WhyOverHttpTest {
    private static final String ORDERS = """
            projection: orders
            from: { category: order }
            where: data.test == null
            key: data.customer
            fold:
              OrderPlaced: { orders: count(), gross: sum(data.total) }
            """;

    private static RunningServer server;
    private static HttpProbe http;

    @BeforeAll
    static void start(@TempDir Path folder) {
        server = RunningServer.in(folder);
        http = server.http();
        http.put("/v1/projections/orders", ORDERS, "Content-Type", "application/yaml");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** Appends and waits until it is folded; answers the position. */
    private static String folded(String stream, String type, String data) {
        var appended = http.append(stream, type, data);
        http.get("/v1/projections/orders/rows?after=" + appended.getString("cursor"));
        return appended.getString("position");
    }

    private static JsonObject why(String position, String parameters) {
        return json(http.get("/v1/events/" + position + "/why" + parameters));
    }

    private static JsonObject consumer(String position) {
        var consumers = why(position, "").getJsonArray("consumers");
        assertThat(consumers).hasSize(1);
        return consumers.getJsonObject(0);
    }

    @Test
    void saysWhatBecameOfAnEvent() {
        String applied = folded("order-1", "OrderPlaced", "{\"customer\":\"ann\",\"total\":1}");
        String filtered = folded("order-1", "OrderPlaced", "{\"customer\":\"ann\",\"total\":1,\"test\":true}");
        String other = folded("order-1", "OrderShipped", "{}");
        String refused = folded("order-1", "OrderPlaced", "{\"customer\":\"bob\",\"total\":\"many\"}");

        assertThat(consumer(applied).getString("outcome")).isEqualTo("applied");
        assertThat(consumer(applied).getJsonArray("keys")).containsExactly("ann");
        assertThat(consumer(applied).getInteger("generation")).isEqualTo(1);
        assertThat(consumer(filtered).getString("outcome")).isEqualTo("filtered");
        assertThat(consumer(filtered).getString("where")).isEqualTo("data.test == null");
        assertThat(why(other, "").getJsonArray("consumers")).isEmpty();
        assertThat(why(other, "?all=true").getJsonArray("consumers").toString()).contains("not_meant");
        assertThat(consumer(refused).getString("outcome")).isEqualTo("dead_lettered");
        assertThat(consumer(refused).getString("detail")).contains("gross");
        assertThat(why(applied, "").getString("stream")).isEqualTo("order-1");
    }

    @Test
    void saysWhenAnEventWasFoldedOrHowLongItTakes() {
        String applied = folded("order-3", "OrderPlaced", "{\"customer\":\"liv\",\"total\":1}");
        http.post("/v1/projections/orders/pause?reason=moving", "");
        String waiting = http.append("order-3", "OrderPlaced", "{\"customer\":\"liv\",\"total\":1}")
                .getString("position");

        var seen = consumer(applied).getJsonObject("seen");
        var ahead = consumer(waiting);
        http.post("/v1/projections/orders/resume", "");

        assertThat(Instant.parse(seen.getString("by"))).isAfterOrEqualTo(seen.getString("after"));
        assertThat(Duration.between(Instant.parse(seen.getString("by")), Instant.now()))
                .isLessThan(Duration.ofMinutes(1));
        assertThat(ahead.getString("outcome")).isEqualTo("not_reached");
        assertThat(ahead.getJsonObject("estimate").getInteger("events")).isPositive();
        assertThat(ahead.getJsonObject("estimate").getValue("ms")).isNull();
        assertThat(ahead.getJsonObject("estimate").getString("reason")).isEqualTo("paused: moving");
    }

    @Test
    void saysWhatADeadLetterIs() {
        folded("order-4", "OrderPlaced", "{\"customer\":\"ida\",\"total\":\"many\"}");
        await().atMost(Duration.ofSeconds(30)).until(() -> !json(http.get("/v1/dead-letters"))
                .getJsonArray("deadLetters")
                .isEmpty());
        String letter = json(http.get("/v1/dead-letters"))
                .getJsonArray("deadLetters")
                .getJsonObject(0)
                .getString("id");

        var told = consumer(letter);

        assertThat(told.getString("consumer")).isEqualTo("projection:orders");
        assertThat(told.getString("outcome")).isEqualTo("dead_lettered");
        assertThat(told.getString("state")).isEqualTo("open");
        assertThat(told.getString("deadLetter")).isEqualTo(letter);
    }

    @Test
    void explainsWithoutChangingAnything() {
        String position = folded("order-2", "OrderPlaced", "{\"customer\":\"eve\",\"total\":2.50}");

        var explained = json(http.get("/v1/projections/orders/explain?position=" + position));
        http.get("/v1/projections/orders/explain?position=" + position);

        var row = explained.getJsonArray("rows").getJsonObject(0);
        assertThat(row.getJsonObject("before").getInteger("orders")).isEqualTo(1);
        assertThat(row.getJsonObject("after").getInteger("orders")).isEqualTo(2);
        assertThat(http.get("/v1/projections/orders/rows/eve").body()).contains("\"orders\":1");
    }

    @Test
    void testsADefinitionInMemory() {
        var test = new JsonObject()
                .put("definition", ORDERS.replace("orders\nfrom", "tried\nfrom"))
                .put("rows", new JsonObject("{\"ann\":{\"orders\":2,\"gross\":4},\"eve\":{}}"))
                .put(
                        "events",
                        new JsonObject("{\"e\":[" + given(1, "{\"customer\":\"ann\",\"total\":1.0}") + ","
                                        + given(2, "{\"customer\":\"ann\",\"total\":2}") + ","
                                        + given(3, "{\"customer\":\"bob\",\"total\":\"x\"}") + "]}")
                                .getJsonArray("e"));

        var tested = http.post("/v1/projections/test", test.encode());

        assertThat(tested.statusCode()).as(tested.body()).isEqualTo(200);
        assertThat(tested.body()).contains("{\"key\":\"ann\",\"row\":{\"orders\":2,\"gross\":3}}");
        assertThat(json(tested).getJsonArray("deadLetters").getJsonObject(0).getInteger("event"))
                .isEqualTo(2);
        assertThat(json(tested).getJsonArray("differences")).hasSize(2);
        assertThat(json(tested).getJsonArray("differences").getJsonObject(0).getString("column"))
                .isEqualTo("gross");
        problem(http.get("/v1/projections/tried"), 404, "projection_not_found");
    }

    private static String given(int id, String data) {
        return "{\"specversion\":\"1.0\",\"id\":\"" + id
                + "\",\"source\":\"/t\",\"type\":\"OrderPlaced\",\"stream\":\"order-" + id + "\",\"data\":" + data
                + "}";
    }

    @Test
    void refusesWhatItCannotTell() {
        problem(http.get("/v1/events/0:999999/why"), 404, "event_not_found");
        problem(http.get("/v1/projections/orders/explain"), 400, "invalid_request");
        problem(http.get("/v1/projections/nobody/explain?position=0:1"), 404, "projection_not_found");
        problem(http.post("/v1/projections/test", "{}"), 400, "invalid_request");
        problem(
                http.post("/v1/projections/test", "{\"definition\":\"x: 1\",\"events\":[]}"),
                400,
                "definition_invalid");
        assertThat(json(http.put(
                                "/v1/projections/orders?dryRun=true",
                                ORDERS.replace("gross", "total"),
                                "Content-Type",
                                "application/yaml"))
                        .getBoolean("changed"))
                .isTrue();
        assertThat(json(http.get("/v1/projections/orders")).getInteger("generation"))
                .isEqualTo(1);
    }
}
