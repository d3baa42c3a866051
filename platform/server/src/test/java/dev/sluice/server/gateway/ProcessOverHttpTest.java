package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.json;
import static dev.sluice.server.gateway.HttpProbe.problem;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the process says about itself. */
class ProcessOverHttpTest {
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
    void saysWhoItIs() {
        var info = json(http.get("/v1/info"));

        assertThat(info.getString("version")).isNotBlank();
        assertThat(info.getString("node")).isNotBlank();
        assertThat(info.getLong("uptimeMs")).isNotNegative();
        assertThat(info.getInteger("shards")).isEqualTo(2);
        assertThat(info.containsKey("kafka")).isTrue();
        assertThat(info.getJsonArray("projections")).isEmpty();
    }

    @Test
    void showsItsShards() {
        http.append("order-1", "T", "1");
        http.append("order-2", "T", "1");
        http.append("order-3", "T", "1");

        var shards = json(http.get("/v1/shards")).getJsonArray("shards");

        assertThat(shards).hasSize(2);
        assertThat(shards.getJsonObject(0).getString("state")).isEqualTo("open");
        assertThat(shards.getJsonObject(0).getLong("head")
                        + shards.getJsonObject(1).getLong("head"))
                .isEqualTo(3);
    }

    @Test
    void isAliveStartedAndReady() {
        for (String path : new String[] {"/health/live", "/health/ready", "/health/startup"}) {
            var answer = http.get(path);

            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            assertThat(json(answer).getString("status")).isEqualTo("up");
            assertThat(json(answer).getJsonArray("checks")).isNotEmpty();
        }
    }

    @Test
    void listsNoDeadLettersWhenThereAreNone() {
        var letters = json(http.get("/v1/dead-letters?consumer=source:orders&reason=no-stream"));

        assertThat(letters.getJsonArray("deadLetters")).isEmpty();
        assertThat(letters.containsKey("cursor")).isTrue();
        problem(http.get("/v1/dead-letters?cursor=rubbish"), 400, "invalid_cursor");
        problem(http.get("/v1/dead-letters?since=1h"), 400, "invalid_request");
    }

    @Test
    void countsRequestsByRouteAndStatusNeverByPath() {
        http.get("/v1/streams/metered-secret");
        http.get("/v1/nothing-secret");

        var metrics = http.get("/metrics");

        assertThat(metrics.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain");
        assertThat(metrics.body())
                .contains("gateway_requests_seconds_count{route=\"/v1/streams/{stream}\",status=\"404\"}")
                .contains("gateway_requests_seconds_count{route=\"none\",status=\"404\"}")
                .contains("vertx_http_server_requests")
                .doesNotContain("secret");
    }
}
