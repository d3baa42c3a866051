package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.header;
import static dev.sluice.server.gateway.HttpProbe.json;
import static dev.sluice.server.gateway.HttpProbe.problem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.watch.ExpectsErrors;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandsOverHttpTest {
    private static final String RESERVE = "/v1/commands/ReserveStock";

    private static RunningServer server;
    private static HttpProbe http;

    @BeforeAll
    static void start(@TempDir Path folder, @TempDir Path jar) {
        server = Shelves.onClassPath(jar, () -> RunningServer.in(folder));
        http = server.http();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static HttpResponse<String> reserve(String stream, int quantity, String... headers) {
        var all = new java.util.ArrayList<>(java.util.List.of("Content-Type", "application/json"));
        all.addAll(java.util.List.of(headers));
        return http.post(
                RESERVE,
                "{\"stream\":\"" + stream + "\",\"data\":{\"order\":\"o1\",\"quantity\":" + quantity + "}}",
                all.toArray(String[]::new));
    }

    @Test
    void isAnsweredByWhatTheAggregateDecided() {
        var accepted = reserve("stock-a", 3);
        var nothing = reserve("stock-a", 0);
        var rejected = problem(reserve("stock-a", 8), 422, "rejected");

        assertThat(accepted.statusCode()).isEqualTo(200);
        assertThat(json(accepted).getString("outcome")).isEqualTo("ACCEPTED");
        assertThat(header(accepted, "ETag")).isEqualTo("\"1\"");
        assertThat(json(nothing).getString("outcome")).isEqualTo("NOTHING");
        assertThat(rejected.getString("outcome")).isEqualTo("REJECTED");
        assertThat(rejected.getJsonObject("rejection").getString("code")).isEqualTo("out_of_stock");
        var behind =
                http.get("/v1/events?category=stock&after=" + json(accepted).getString("cursor"));
        assertThat(behind.body()).as("events behind the cursor").doesNotContain("stock-a");
    }

    @Test
    void isDecidedOnceForEachIdempotencyKey() {
        var first = json(reserve("stock-b", 3, "Idempotency-Key", "k"));
        var again = json(reserve("stock-b", 3, "Idempotency-Key", "k"));
        var reused = problem(reserve("stock-b", 4, "Idempotency-Key", "k"), 409, "command_id_reused");
        problem(reserve("stock-b", 30, "Idempotency-Key", "r"), 422, "rejected");
        var rejectedAgain = problem(reserve("stock-b", 30, "Idempotency-Key", "r"), 422, "rejected");

        assertThat(again.getString("outcome")).isEqualTo("DUPLICATE");
        assertThat(again.getString("original")).isEqualTo("ACCEPTED");
        assertThat(again.getString("cursor")).isEqualTo(first.getString("cursor"));
        assertThat(reused.getString("outcome")).isEqualTo("COMMAND_ID_REUSED");
        assertThat(rejectedAgain.getString("outcome")).isEqualTo("DUPLICATE");
    }

    @Test
    void isRefusedAtAnotherVersion() {
        assertThat(reserve("stock-c", 1, "If-None-Match", "*").statusCode()).isEqualTo(200);
        var conflict = problem(reserve("stock-c", 1, "If-Match", "\"7\""), 412, "wrong_expected_version");

        assertThat(conflict.getString("outcome")).isEqualTo("CONFLICT");
        assertThat(conflict.getLong("actual")).isEqualTo(1);
        assertThat(reserve("stock-c", 1, "If-Match", "\"1\"").statusCode()).isEqualTo(200);
    }

    @Test
    void isRefusedWithAllThatIsWrong() {
        var wrong = problem(
                http.post(
                        RESERVE,
                        "{\"stream\":\"stock-d\",\"data\":{\"quantity\":\"two\",\"more\":1}}",
                        "Content-Type",
                        "application/json"),
                400,
                "invalid_command");

        assertThat(wrong.getString("outcome")).isEqualTo("INVALID");
        assertThat(wrong.getJsonArray("violations"))
                .extracting(each -> ((JsonObject) each).getString("pointer"))
                .containsExactlyInAnyOrder("/order", "/quantity", "/more");
    }

    @Test
    void isRefusedWhenItsBodyIsAnother() {
        for (String body : new String[] {
            "",
            "[]",
            "{",
            "{\"stream\":7}",
            "{\"data\":{}}",
            "{\"stream\":\"stock-e\",\"data\":{},\"more\":1}",
            "{\"stream\":\"stock-e\",\"stream\":\"stock-e\",\"data\":{}}",
            "{\"stream\":\"stock-e\"} 1",
            "{\"stream\":\"order-1\",\"data\":{\"order\":\"o\",\"quantity\":1}}"
        }) {
            problem(http.post(RESERVE, body, "Content-Type", "application/json"), 400, "invalid_request");
        }
        problem(http.post(RESERVE, "{}", "Content-Type", "text/plain"), 415, "unsupported_media_type");
        problem(http.post(RESERVE + "?x=1", "{}", "Content-Type", "application/json"), 400, "invalid_request");
        problem(
                http.post("/v1/commands/Nobody", "{\"stream\":\"stock-1\"}", "Content-Type", "application/json"),
                404,
                "command_not_found");
        problem(
                http.post(RESERVE, "{\"stream\":\"stock-e\"}", "Content-Type", "application/json"),
                400,
                "invalid_command");
    }

    @Test
    @ExpectsErrors("command_failed")
    void answersABugWithoutItsInnards() {
        var bug = problem(
                http.post("/v1/commands/BreakShelf", "{\"stream\":\"stock-f\"}", "Content-Type", "application/json"),
                500,
                "internal");

        assertThat(bug.getString("outcome")).isEqualTo("INTERNAL");
        assertThat(bug.encode()).doesNotContain("broken");
        assertThat(http.get("/metrics").body())
                .contains("command_outcomes_total{outcome=\"internal\",type=\"BreakShelf\"}");
    }

    @Test
    void isListedWithItsSchema() {
        var listed = json(http.get("/v1/commands")).getJsonArray("commands");
        var documented = json(http.get("/openapi.json"));

        assertThat(listed.stream().map(each -> ((JsonObject) each).getString("type")))
                .containsExactly("BreakShelf", "ReserveStock");
        assertThat(documented.getJsonObject("paths").getMap()).containsKeys(RESERVE, "/v1/commands/BreakShelf");
        assertThat(documented
                        .getJsonObject("components")
                        .getJsonObject("schemas")
                        .getJsonObject("Command.ReserveStock"))
                .isEqualTo(listed.getJsonObject(1).getJsonObject("schema"));
    }
}
