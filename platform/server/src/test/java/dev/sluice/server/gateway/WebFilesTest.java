package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.header;
import static dev.sluice.server.gateway.HttpProbe.problem;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The client and the page as files. */
class WebFilesTest {
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

    @ParameterizedTest
    @CsvSource({
        "/client.js, text/javascript",
        "/play, text/html",
        "/play/page.js, text/javascript",
        "/play/table.js, text/javascript",
        "/play/page.css, text/css",
        "/play/icon.svg, image/svg+xml"
    })
    void areServedWithWhatABrowserMayDo(String path, String type) {
        var answer = http.get(path);

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isNotBlank();
        assertThat(header(answer, "Content-Type")).startsWith(type);
        assertThat(header(answer, "Content-Security-Policy"))
                .startsWith("default-src 'none'; script-src 'self'; style-src 'self';")
                .doesNotContain("unsafe");
        assertThat(header(answer, "X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(header(answer, "Referrer-Policy")).isEqualTo("no-referrer");
    }

    @Test
    void areAskedForAgainAndNotSentAgain() {
        String tag = header(http.get("/client.js"), "ETag");

        var same = http.get("/client.js", "If-None-Match", tag);
        var other = http.get("/client.js", "If-None-Match", "\"other\"");

        assertThat(header(same, "Cache-Control")).isEqualTo("no-cache");
        assertThat(same.statusCode()).isEqualTo(304);
        assertThat(same.body()).isEmpty();
        assertThat(header(same, "ETag")).isEqualTo(tag);
        assertThat(other.statusCode()).isEqualTo(200);
    }

    @Test
    void areAllThereIs() {
        problem(http.get("/play/client.js"), 404, "not_found");
        problem(http.get("/play/../client.js"), 404, "not_found");
        problem(http.get("/play/%2e%2e/web/play.html"), 404, "not_found");
        problem(http.get("/play?x=1"), 400, "invalid_request");
        problem(http.post("/play", ""), 405, "method_not_allowed");
    }
}
