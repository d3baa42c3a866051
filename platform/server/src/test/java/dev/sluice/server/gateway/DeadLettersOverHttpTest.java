package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.json;
import static dev.sluice.server.gateway.HttpProbe.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code /v1/dead-letters}, with letters of a projection: a server without Kafka has no others. */
class DeadLettersOverHttpTest {
    private static RunningServer server;
    private static HttpProbe http;

    @BeforeAll
    static void start(@TempDir Path folder) {
        server = RunningServer.in(folder, "log.shards", "2");
        http = server.http();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void resolvesDeadLettersOneByOneAndInBulk() {
        http.put(
                "/v1/projections/refusing",
                "projection: refusing\nfrom: { category: refused }\nfold: { T: { n: sum(data.a + 1) } }",
                "Content-Type",
                "application/yaml");
        String cursor = "";
        for (int i = 0; i < 5; i++) {
            cursor = http.append("refused-" + i, "T", "{\"a\":\"x\"}").getString("cursor");
        }
        http.get("/v1/projections/refusing/rows?after=" + cursor);
        String list = "/v1/dead-letters?consumer=projection:refusing";
        await().until(() -> json(http.get(list)).getJsonArray("deadLetters").size() == 5);
        var first =
                json(http.get(list + "&limit=1")).getJsonArray("deadLetters").getJsonObject(0);
        String path = "/v1/dead-letters/" + first.getString("id");

        assertThat(json(http.get(path))).isEqualTo(first);
        assertThat(first.getString("state")).isEqualTo("open");
        assertThat(first.getInteger("attempts")).isEqualTo(1);
        assertThat(first.getJsonObject("data").getString("stream")).startsWith("refused-");
        var discarded = json(http.post(path + "/discard", ""));
        assertThat(discarded.getInteger("discarded")).isEqualTo(1);
        assertThat(discarded.getBoolean("already")).isFalse();
        var again = json(http.post(path + "/retry", ""));
        assertThat(again.getInteger("retried")).isZero();
        assertThat(again.getBoolean("already")).isTrue();
        assertThat(json(http.get(path)).getString("state")).isEqualTo("resolved");

        String bulk = "/v1/dead-letters/discard?consumer=projection:refusing&limit=3";
        var part = json(http.post(bulk, ""));
        int count = part.getInteger("discarded");
        while (part.getBoolean("more")) {
            part = json(http.post(bulk + "&cursor=" + part.getString("next"), ""));
            count += part.getInteger("discarded");
        }
        assertThat(count).isEqualTo(4);
        assertThat(json(http.get(list)).getJsonArray("deadLetters")).isEmpty();
        assertThat(json(http.get(list + "&state=all")).getJsonArray("deadLetters"))
                .hasSize(5);
    }

    @Test
    void refusesToResolveWhatIsNotNamed() {
        problem(http.post("/v1/dead-letters/retry", ""), 400, "invalid_request");
        problem(http.post("/v1/dead-letters/retry?all=true&reason=x", ""), 400, "invalid_request");
        problem(http.post("/v1/dead-letters/discard?all=true&cursor=rubbish", ""), 400, "invalid_cursor");
        problem(http.post("/v1/dead-letters/0:999999/retry", ""), 404, "dead_letter_not_found");
        problem(http.post("/v1/dead-letters/rubbish/discard", ""), 404, "dead_letter_not_found");
        problem(http.get("/v1/dead-letters/0:999999"), 404, "dead_letter_not_found");
        problem(http.get("/v1/dead-letters?state=closed"), 400, "invalid_request");
        problem(http.post("/v1/dead-letters/0:1/drop", ""), 404, "not_found");
        problem(http.get("/v1/dead-letters/0:1/retry"), 405, "method_not_allowed");
    }
}
