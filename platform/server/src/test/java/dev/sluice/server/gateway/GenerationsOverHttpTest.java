package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.json;
import static dev.sluice.server.gateway.HttpProbe.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators do to projections over HTTP. */
class GenerationsOverHttpTest {
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

    private static void apply(String name, String column, String parameters) {
        String definition = "projection: " + name + "\nfrom: { category: " + name + " }\nkey: data.k\nfold:\n  T: { "
                + column + ": count() }\n";
        var applied = http.put("/v1/projections/" + name + parameters, definition, "Content-Type", "application/yaml");
        assertThat(applied.statusCode()).as(applied.body()).isIn(200, 201);
    }

    private static JsonObject verb(String name, String verb) {
        var answer = http.post("/v1/projections/" + name + "/" + verb, "");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return json(answer);
    }

    private static JsonObject info(String name) {
        return json(http.get("/v1/projections/" + name));
    }

    private static void awaitGeneration(String name, int generation) {
        await().atMost(Duration.ofSeconds(30)).until(() -> info(name).getInteger("generation") == generation);
    }

    @Test
    void aHeldGenerationGoesLiveWhenItIsToldTo() {
        apply("held", "a", "");
        http.append("held-1", "T", "{\"k\":\"x\"}");
        apply("held", "b", "?hold=true");
        await().atMost(Duration.ofSeconds(30)).until(() -> {
            var building = info("held").getJsonObject("building");
            return building.getLong("events").equals(building.getLong("total"));
        });

        var waiting = info("held");
        var switched = verb("held", "switch");
        var again = verb("held", "switch");

        assertThat(waiting.getInteger("generation")).isEqualTo(1);
        assertThat(waiting.getString("state")).isEqualTo("building");
        assertThat(waiting.getJsonObject("building").getBoolean("held")).isTrue();
        assertThat(switched.getInteger("generation")).isEqualTo(2);
        assertThat(switched.containsKey("building")).isFalse();
        assertThat(again.getInteger("generation")).isEqualTo(2);
        assertThat(http.get("/v1/projections/held/rows/x").body()).contains("{\"b\":1}");
    }

    @Test
    void aRebuildIsRolledBackAndForth() {
        apply("back", "a", "");
        problem(http.post("/v1/projections/back/rollback", ""), 409, "no_generation");
        var cursor = http.append("back-1", "T", "{\"k\":\"x\"}").getString("cursor");
        verb("back", "rebuild");
        awaitGeneration("back", 2);

        verb("back", "rollback");
        awaitGeneration("back", 1);
        verb("back", "rollback");
        verb("back", "switch");
        awaitGeneration("back", 2);

        assertThat(http.get("/v1/projections/back/rows/x?after=" + cursor).body())
                .contains("{\"a\":1}");
    }

    @Test
    void aPausedProjectionServesAndDoesNotFold() {
        apply("paused", "a", "");
        var before = http.append("paused-1", "T", "{\"k\":\"x\"}").getString("cursor");
        http.get("/v1/projections/paused/rows/x?after=" + before);

        var paused = verb("paused", "pause?reason=wrong%20totals");
        verb("paused", "pause");
        apply("paused", "b", "?hold=true");
        var after = http.append("paused-1", "T", "{\"k\":\"x\"}").getString("cursor");

        assertThat(paused.getString("state")).isEqualTo("paused");
        assertThat(paused.getString("reason")).isEqualTo("wrong totals");
        assertThat(http.get("/v1/projections/paused/rows/x").body()).contains("{\"a\":1}");
        assertThat(info("paused").getJsonObject("lag").getLong("events")).isPositive();
        problem(http.post("/v1/projections/paused/switch", ""), 409, "generation_not_ready");
        verb("paused", "resume");
        assertThat(http.get("/v1/projections/paused/rows/x?after=" + after).body())
                .contains("{\"a\":2}");
    }

    @Test
    void refusesWhatItCannotDo() {
        problem(http.post("/v1/projections/nobody/rebuild", ""), 404, "projection_not_found");
        problem(http.post("/v1/projections/nobody/pause?why=x", ""), 400, "invalid_request");
        problem(http.post("/v1/projections/nobody/resume", "{}"), 400, "invalid_request");
        problem(http.get("/v1/projections/nobody/rebuild"), 405, "method_not_allowed");
    }
}
