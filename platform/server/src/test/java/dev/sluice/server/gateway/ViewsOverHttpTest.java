package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.header;
import static dev.sluice.server.gateway.HttpProbe.json;
import static dev.sluice.server.gateway.HttpProbe.problem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.gateway.wire.Percent;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Projections and their rows over HTTP. */
class ViewsOverHttpTest {
    private static final String YAML = "application/yaml";

    private static RunningServer server;
    private static HttpProbe http;

    @BeforeAll
    static void start(@TempDir Path folder) {
        server = RunningServer.in(folder);
        http = server.http();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String definition(String name, String category) {
        return "projection: " + name + "\nfrom: { category: " + category
                + " }\nkey: data.customer\nfold:\n  OrderPlaced: { orders: count(), gross: sum(data.total) }\n";
    }

    @Test
    void appliesShowsAndDeletesADefinition() {
        var created = http.put("/v1/projections/life", definition("life", "life"), "Content-Type", YAML);
        var same = http.put("/v1/projections/life", definition("life", "life"), "Content-Type", YAML);
        var info = http.get("/v1/projections/life");
        var list = http.get("/v1/projections?limit=1000");

        assertThat(created.statusCode()).isEqualTo(201);
        assertThat(json(created).getString("projection")).isEqualTo("life");
        assertThat(json(created).getInteger("generation")).isEqualTo(1);
        assertThat(same.statusCode()).isEqualTo(200);
        assertThat(json(same)).isEqualTo(json(created));
        assertThat(json(info).getString("name")).isEqualTo("life");
        assertThat(json(info).getString("definition")).contains("sum(data.total)");
        assertThat(json(info).getJsonObject("lag").getLong("events")).isNotNull();
        assertThat(list.body()).contains("\"life\"");
        assertThat(http.send(http.request("/v1/projections/life").DELETE()).statusCode())
                .isEqualTo(204);
        problem(http.get("/v1/projections/life"), 404, "projection_not_found");
    }

    @Test
    void takesADefinitionAsJson() {
        var created = http.put(
                "/v1/projections/as-json",
                "{\"projection\":\"as-json\",\"from\":{\"category\":\"x\"},\"fold\":{\"T\":{\"n\":\"count()\"}}}",
                "Content-Type",
                "application/json");

        assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
    }

    @Test
    void refusesDefinitionsThatAreWrong() {
        problem(http.put("/v1/projections/a", definition("b", "x"), "Content-Type", YAML), 400, "definition_invalid");
        problem(
                http.put("/v1/projections/a", "projection: a\nfolds: 1\n", "Content-Type", YAML),
                400,
                "definition_invalid");
        problem(http.put("/v1/projections/a", "", "Content-Type", YAML), 400, "definition_invalid");
        problem(http.put("/v1/projections/a", ": [", "Content-Type", YAML), 400, "definition_invalid");
        problem(http.put("/v1/projections/a", "x", "Content-Type", "text/html"), 415, "unsupported_media_type");
        problem(http.put("/v1/projections/a", "x"), 415, "unsupported_media_type");
    }

    @Test
    void readsYourWrites() {
        http.put("/v1/projections/yours", definition("yours", "yours"), "Content-Type", YAML);
        for (int n = 1; n <= 20; n++) {
            String cursor = http.append("yours-" + n, "OrderPlaced", "{\"customer\":\"ann\",\"total\":0.10}")
                    .getString("cursor");

            var row = http.get("/v1/projections/yours/rows/ann?after=" + cursor);

            assertThat(row.statusCode()).as(row.body()).isEqualTo(200);
            assertThat(json(row).getJsonObject("row").getInteger("orders")).isEqualTo(n);
        }
        assertThat(http.get("/v1/projections/yours/rows/ann").body()).contains("\"gross\":2");
    }

    @Test
    void saysWhenItIsNotYetThatFar() {
        http.put("/v1/projections/late", definition("late", "late"), "Content-Type", YAML);
        String future = dev.sluice.log.Cursor.of(1_000_000).encode();

        var late = problem(http.get("/v1/projections/late/rows?after=" + future + "&waitMs=1"), 504, "not_yet");

        assertThat(late.getString("cursor")).isNotBlank();
        problem(http.get("/v1/projections/late/rows?after=x"), 400, "invalid_cursor");
        problem(http.get("/v1/projections/late/rows?waitMs=-1"), 400, "invalid_request");
        assertThat(problem(http.get("/v1/projections/late/rows?at=yesterday"), 400, "invalid_cursor")
                        .getString("detail"))
                .contains("found at=yesterday, expected a cursor that this server has given, a time such as");
    }

    @Test
    void listsRowsInPagesByPrefixAndFilter() {
        http.put("/v1/projections/paged", definition("paged", "paged"), "Content-Type", YAML);
        String cursor = "";
        for (int n = 0; n < 25; n++) {
            cursor = http.append("paged-1", "OrderPlaced", "{\"customer\":\"c/%02d\",\"total\":%d}".formatted(n, n))
                    .getString("cursor");
        }

        var keys = new ArrayList<String>();
        JsonObject page = json(http.get("/v1/projections/paged/rows?limit=10&after=" + cursor));
        while (true) {
            keys(page).forEach(keys::add);
            if (page.getString("cursor") == null) {
                break;
            }
            page = json(http.get("/v1/projections/paged/rows?limit=10&cursor=" + page.getString("cursor")));
        }

        assertThat(keys).hasSize(25).isSorted().doesNotHaveDuplicates();
        assertThat(page.getString("at")).isNotBlank();
        assertThat(page.getJsonObject("lag").getLong("events")).isZero();
        String key = keys.get(7);
        assertThat(keys(json(http.get("/v1/projections/paged/rows?where=gross%3E22"))))
                .hasSize(2);
        assertThat(keys(json(http.get("/v1/projections/paged/rows?prefix=" + Percent.encode(key)))))
                .containsExactly(key);
        assertThat(json(http.get("/v1/projections/paged/rows/" + Percent.encode(key)))
                        .getString("key"))
                .isEqualTo(key);
        assertThat(json(http.get("/v1/projections/paged/rows?limit=1&fields=gross&numbers=string"))
                        .getJsonArray("rows")
                        .getJsonObject(0)
                        .getJsonObject("row"))
                .isEqualTo(new JsonObject().put("gross", "0"));
        assertThat(json(http.get("/v1/projections/paged/rows/" + Percent.encode(key) + "?fields=gross"))
                        .getJsonObject("row"))
                .isEqualTo(new JsonObject().put("gross", 7));
        assertThat(problem(http.get("/v1/projections/paged/rows?fields=gross,net"), 400, "invalid_request")
                        .getString("detail"))
                .contains("found field net, expected some of");
        problem(http.get("/v1/projections/paged/rows?numbers=float"), 400, "invalid_request");
        problem(http.get("/v1/projections/paged/rows?where=gross%3E"), 400, "filter_invalid");
        problem(http.get("/v1/projections/paged/rows?orderBy=gross"), 400, "invalid_request");
        problem(http.get("/v1/projections/paged/rows?cursor=%21"), 400, "invalid_cursor");
    }

    @Test
    void aRowOnWhichTheFilterFailsDoesNotMatchAndIsCounted() {
        http.put(
                "/v1/projections/mixed",
                "projection: mixed\nfrom: { category: mixed }\nkey: data.k\nfold: { T: { last: last(data.x) } }",
                "Content-Type",
                YAML);
        http.append("mixed-1", "T", "{\"k\":\"text\",\"x\":\"a\"}");
        String cursor =
                http.append("mixed-1", "T", "{\"k\":\"number\",\"x\":7}").getString("cursor");

        var page = http.get("/v1/projections/mixed/rows?where=last%3E5&after=" + cursor);

        assertThat(keys(json(page))).containsExactly("number");
        assertThat(header(page, "Sluice-Filter-Failures")).isEqualTo("1");
        assertThat(header(http.get("/v1/projections/mixed/rows?where=key%3D%3D%27text%27"), "Sluice-Filter-Failures"))
                .isEqualTo("none");
        assertThat(problem(http.get("/v1/projections/mixed/rows?where=lasst%3E5"), 400, "filter_invalid")
                        .getString("detail"))
                .contains("found 'lasst', expected key, last");
    }

    @Test
    void refusesACursorOfAnotherOrder() {
        http.put(
                "/v1/projections/orders2",
                definition("orders2", "orders2") + "index: [ gross ]\n",
                "Content-Type",
                YAML);
        http.append("orders2-1", "OrderPlaced", "{\"customer\":\"a\",\"total\":1}");
        String cursor = http.append("orders2-1", "OrderPlaced", "{\"customer\":\"b\",\"total\":2}")
                .getString("cursor");

        String byKey = json(http.get("/v1/projections/orders2/rows?limit=1&after=" + cursor))
                .getString("cursor");
        String byGross = json(http.get("/v1/projections/orders2/rows?limit=1&orderBy=gross"))
                .getString("cursor");

        assertThat(keys(json(http.get("/v1/projections/orders2/rows?limit=1&cursor=" + byKey))))
                .containsExactly("b");
        assertThat(keys(json(http.get("/v1/projections/orders2/rows?limit=1&orderBy=gross&cursor=" + byGross))))
                .containsExactly("b");
        problem(http.get("/v1/projections/orders2/rows?orderBy=gross&cursor=" + byKey), 400, "invalid_cursor");
        problem(http.get("/v1/projections/orders2/rows?cursor=" + byGross), 400, "invalid_cursor");
    }

    @Test
    void listsRowsInTheOrderOfADeclaredIndexOrOfAllThatWereLookedAt() {
        http.put(
                "/v1/projections/ranked",
                definition("ranked", "ranked") + "index: [ gross desc ]\n",
                "Content-Type",
                YAML);
        String cursor = "";
        for (int n = 0; n < 25; n++) {
            cursor = http.append("ranked-1", "OrderPlaced", "{\"customer\":\"c" + n + "\",\"total\":" + n % 7 + "}")
                    .getString("cursor");
        }
        http.get("/v1/projections/ranked/rows?after=" + cursor);

        var gross = new ArrayList<Integer>();
        String next = "";
        while (next != null) {
            var page = json(http.get("/v1/projections/ranked/rows?orderBy=gross%20desc&limit=10"
                    + (next.isEmpty() ? "" : "&cursor=" + next)));
            page.getJsonArray("rows")
                    .forEach(row ->
                            gross.add(((JsonObject) row).getJsonObject("row").getInteger("gross")));
            next = page.getString("cursor");
        }
        var scanned = json(http.get("/v1/projections/ranked/rows?orderBy=orders&scan=true&limit=3"));

        assertThat(gross).hasSize(25).isSortedAccordingTo(java.util.Comparator.reverseOrder());
        assertThat(scanned.getJsonObject("scanned")).isEqualTo(new JsonObject("{\"rows\":25,\"complete\":true}"));
        assertThat(scanned.getJsonArray("rows")).hasSize(3);
        assertThat(problem(http.get("/v1/projections/ranked/rows?orderBy=gross"), 400, "invalid_request")
                        .getString("detail"))
                .contains("declare index: [ gross ]");
        problem(http.get("/v1/projections/ranked/rows?orderBy=nothing"), 400, "invalid_request");
        problem(http.get("/v1/projections/ranked/rows?orderBy=gross%20up"), 400, "invalid_request");
        problem(http.get("/v1/projections/ranked/rows?orderBy=gross%20desc&cursor=%7E"), 400, "invalid_cursor");
    }

    @Test
    void showsRowsAsTheyWere() {
        http.put("/v1/projections/past", definition("past", "past"), "Content-Type", YAML);
        var cursors = new ArrayList<String>();
        for (int n = 1; n <= 5; n++) {
            cursors.add(http.append("past-1", "OrderPlaced", "{\"customer\":\"ann\",\"total\":1}")
                    .getString("cursor"));
        }

        for (int n = 1; n <= 5; n++) {
            var row = http.get("/v1/projections/past/rows/ann?at=" + cursors.get(n - 1));
            assertThat(json(row).getJsonObject("row").getInteger("orders")).isEqualTo(n);
            var rows = json(http.get("/v1/projections/past/rows?at=" + cursors.get(n - 1)));
            assertThat(rows.getJsonArray("rows")
                            .getJsonObject(0)
                            .getJsonObject("row")
                            .getInteger("orders"))
                    .isEqualTo(n);
        }
        problem(http.get("/v1/projections/past/rows/ann?at=1d"), 404, "row_not_found");
        assertThat(json(http.get("/v1/projections/past/rows?at=2020-01-01T00:00:00Z"))
                        .getJsonArray("rows"))
                .isEmpty();
        assertThat(json(http.get("/v1/projections/past/rows?at=2100-01-01T00:00:00Z"))
                        .getJsonArray("rows"))
                .hasSize(1);
        problem(http.get("/v1/projections/past/rows?at=yesterday"), 400, "invalid_cursor");
        problem(http.get("/v1/projections/past/rows?at=2020-13-01T00:00:00Z"), 400, "invalid_request");
        problem(
                http.get("/v1/projections/past/rows?at="
                        + dev.sluice.log.Cursor.of(1_000_000).encode()),
                400,
                "invalid_cursor");
        problem(http.get("/v1/projections/past/rows?at=1d&after=" + cursors.get(0)), 400, "invalid_request");
    }

    @Test
    void aRowThatHasNotChangedIsNotSentAgain() {
        http.put("/v1/projections/etag", definition("etag", "etag"), "Content-Type", YAML);
        String order = "{\"customer\":\"ann\",\"total\":1}";
        String cursor = http.append("etag-1", "OrderPlaced", order).getString("cursor");
        String etag = header(http.get("/v1/projections/etag/rows/ann?after=" + cursor), "ETag");

        var unchanged = http.get("/v1/projections/etag/rows/ann", "If-None-Match", etag);
        cursor = http.append("etag-1", "OrderPlaced", order).getString("cursor");
        var changed = http.get("/v1/projections/etag/rows/ann?after=" + cursor, "If-None-Match", etag);

        assertThat(unchanged.statusCode()).isEqualTo(304);
        assertThat(unchanged.body()).isEmpty();
        assertThat(changed.statusCode()).isEqualTo(200);
        String now = header(changed, "ETag");
        assertThat(List.of("*", now.replace("W/", ""), "\"x\", " + now))
                .allSatisfy(named -> assertThat(http.get("/v1/projections/etag/rows/ann", "If-None-Match", named)
                                .statusCode())
                        .isEqualTo(304));
        assertThat(problem(http.get("/v1/projections/etag/rows/bob"), 404, "row_not_found")
                        .getString("cursor"))
                .isNotBlank();
    }

    private static List<String> keys(JsonObject page) {
        return page.getJsonArray("rows").stream()
                .map(row -> ((JsonObject) row).getString("key"))
                .toList();
    }
}
