package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.watch.ExpectsErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files with definitions are applied when they change, and readiness waits for the projections that are required. */
class ProjectionFilesTest {
    @TempDir
    private Path folder;

    private static String definition(String column) {
        return "projection: p\nfrom: all\nfold: { T: { " + column + ": count() } }\n";
    }

    private static void awaitGeneration(HttpProbe http, int generation) {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> http.get("/v1/projections/p").statusCode() == 200
                        && json(http.get("/v1/projections/p")).getInteger("generation") == generation);
    }

    @Test
    void appliesAFileWhenItChangesAndKeepsWhatABadOneDefinedBefore() throws IOException {
        Path file = Files.createDirectories(folder.resolve("projections")).resolve("p.yaml");
        Files.writeString(file, definition("a"));
        try (var server = RunningServer.in(
                folder.resolve("data"), "projections.dir", file.getParent().toString())) {
            var http = server.http();
            awaitGeneration(http, 1);

            Files.writeString(file, definition("longer"));
            awaitGeneration(http, 2);
            Files.writeString(file, "projection: p\nfold: 1\n");

            await().atMost(Duration.ofSeconds(30))
                    .until(() -> http.get("/health/ready").body().contains("file-p.yaml"));
            assertThat(json(http.get("/health/ready")).getString("status")).isEqualTo("degraded");
            assertThat(json(http.get("/v1/projections/p")).getString("definition"))
                    .isEqualTo(definition("longer"));

            Files.delete(file);

            await().atMost(Duration.ofSeconds(30))
                    .until(() -> !http.get("/health/ready").body().contains("file-p.yaml"));
            assertThat(http.get("/v1/projections/p").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aFileThatCannotBeReadIsToldAndHoldsUpNoOther() throws IOException {
        Path files = Files.createDirectories(folder.resolve("projections"));
        try (var server = RunningServer.in(folder.resolve("data"), "projections.dir", files.toString())) {
            var http = server.http();

            Files.createSymbolicLink(files.resolve("a.yaml"), files.resolve("nowhere"));
            Files.createDirectory(files.resolve("b.yaml"));
            Files.write(files.resolve("c.yaml"), new byte[] {'p', ':', (byte) 0xff});
            Files.writeString(files.resolve("p.yaml"), definition("a"));

            awaitGeneration(http, 1);
            assertThat(http.get("/health/ready").body())
                    .contains("file-a.yaml")
                    .doesNotContain("file-b.yaml")
                    .contains("file-c.yaml");
        }
    }

    @Test
    void aProjectionIsDefinedByOneFile() throws IOException {
        Path files = Files.createDirectories(folder.resolve("projections"));
        Path first = Files.writeString(files.resolve("a.yaml"), definition("a"));
        try (var server = RunningServer.in(folder.resolve("data"), "projections.dir", files.toString())) {
            var http = server.http();
            awaitGeneration(http, 1);

            Files.writeString(files.resolve("b.yaml"), definition("b"));

            await().atMost(Duration.ofSeconds(30))
                    .until(() -> http.get("/health/ready").body().contains("file-b.yaml"));
            assertThat(http.get("/health/ready").body()).contains("found p, which " + first);
            awaitGeneration(http, 1);
            Files.delete(first);
            awaitGeneration(http, 2);
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> !http.get("/health/ready").body().contains("file-b.yaml"));
        }
    }

    @Test
    @ExpectsErrors("projection_file_refused")
    void startsWithABadFileAndKeepsWhatItDefinedBefore() throws IOException {
        Path files = Files.createDirectories(folder.resolve("projections"));
        Path file = Files.writeString(files.resolve("p.yaml"), definition("a"));
        Files.writeString(files.resolve("q.yaml"), definition("a").replace("projection: p", "projection: q"));
        RunningServer.in(folder.resolve("data"), "projections.dir", files.toString())
                .close();

        Files.writeString(file, "projection: p\nfold: 1\n");
        try (var server = RunningServer.in(folder.resolve("data"), "projections.dir", files.toString())) {
            var http = server.http();

            assertThat(http.get("/health/ready").statusCode()).isEqualTo(200);
            assertThat(http.get("/health/ready").body()).contains("file-p.yaml", "degraded");
            assertThat(json(http.get("/v1/projections/p")).getString("definition"))
                    .isEqualTo(definition("a"));
            assertThat(http.get("/v1/projections/q").statusCode()).isEqualTo(200);

            Files.writeString(file, definition("mended"));
            awaitGeneration(http, 2);
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> !http.get("/health/ready").body().contains("file-p.yaml"));
        }
    }

    @Test
    void aFileWinsAtStartOverWhatWasPutOrDeletedSinceItWasApplied() throws IOException {
        Path files = Files.createDirectories(folder.resolve("projections"));
        Files.writeString(files.resolve("p.yaml"), definition("a"));
        try (var server = RunningServer.in(folder.resolve("data"), "projections.dir", files.toString())) {
            server.http().put("/v1/projections/p", definition("put"), "Content-Type", "application/yaml");
            awaitGeneration(server.http(), 2);
        }

        try (var server = RunningServer.in(folder.resolve("data"), "projections.dir", files.toString())) {
            awaitGeneration(server.http(), 3);
            assertThat(json(server.http().get("/v1/projections/p")).getString("definition"))
                    .isEqualTo(definition("a"));
            assertThat(server.http()
                            .send(server.http().request("/v1/projections/p").DELETE())
                            .statusCode())
                    .isEqualTo(204);
        }

        try (var server = RunningServer.in(folder.resolve("data"), "projections.dir", files.toString())) {
            awaitGeneration(server.http(), 4);
        }
    }

    @Test
    void isNotReadyWhileARequiredProjectionIsMissingOrPaused() {
        try (var server = RunningServer.in(folder.resolve("data"), "projections.required", "p")) {
            var http = server.http();
            var missing = http.get("/health/ready");

            http.put("/v1/projections/p", definition("a"), "Content-Type", "application/yaml");
            var there = http.get("/health/ready");
            http.post("/v1/projections/p/pause?reason=x", "");
            var paused = http.get("/health/ready");

            assertThat(missing.statusCode()).isEqualTo(503);
            assertThat(missing.body()).contains("projection-p");
            assertThat(there.statusCode()).as(there.body()).isEqualTo(200);
            assertThat(paused.statusCode()).isEqualTo(503);
            assertThat(paused.body()).contains("found it paused (x)");
        }
    }
}
