package dev.sluice.server.gateway;

import static dev.sluice.server.gateway.HttpProbe.json;
import static dev.sluice.server.gateway.HttpProbe.problem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.projection.Projection;
import dev.sluice.projection.ProjectionProvider;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Projections in Java that a jar on the class path brings. */
class JavaProjectionsTest {
    public record Line(int orders) {}

    /** What the jar has. */
    public static final class Provider implements ProjectionProvider {
        @Override
        public List<Projection<?>> projections() {
            return List.of(version(1), version(2));
        }

        private static Projection<Line> version(int version) {
            return Projection.of("lines", Line.class)
                    .version(version)
                    .fromCategories("order")
                    .key(event -> event.data().path("customer").textValue())
                    .on("OrderPlaced", (event, row) -> new Line(row == null ? 1 : row.orders() + 1))
                    .build();
        }
    }

    @Test
    void areFoundWhenTheProcessStartsAndServedLikeOthers(@TempDir Path data, @TempDir Path jar) throws IOException {
        var services = Files.createDirectories(jar.resolve("META-INF/services"));
        Files.writeString(services.resolve(ProjectionProvider.class.getName()), Provider.class.getName());
        var usual = Thread.currentThread().getContextClassLoader();
        try (var loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, usual)) {
            Thread.currentThread().setContextClassLoader(loader);
            try (var server = RunningServer.in(data)) {
                String cursor = server.http()
                        .append("order-1", "OrderPlaced", "{\"customer\":\"ann\"}")
                        .getString("cursor");
                var row = server.http().get("/v1/projections/lines/rows/ann?waitMs=30000&after=" + cursor);
                var info = server.http().get("/v1/projections/lines");

                assertThat(row.body()).contains("\"orders\":1");
                assertThat(json(info).getInteger("generation")).isEqualTo(1);
                assertThat(json(info).getString("definition")).contains("java: { version: 2 }");
            }
        } finally {
            Thread.currentThread().setContextClassLoader(usual);
        }

        try (var server = RunningServer.in(data)) {
            var row = server.http().get("/v1/projections/lines/rows/ann");
            var info = json(server.http().get("/v1/projections/lines"));

            assertThat(row.body()).contains("\"orders\":1");
            assertThat(info.getString("state")).isEqualTo("failed");
            assertThat(info.getString("problem")).contains("is its jar on the class path?");
            problem(
                    server.http()
                            .put(
                                    "/v1/projections/lines",
                                    info.getString("definition"),
                                    "Content-Type",
                                    "application/yaml"),
                    400,
                    "definition_invalid");
        }
    }
}
