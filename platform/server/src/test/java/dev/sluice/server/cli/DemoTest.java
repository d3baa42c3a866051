package dev.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demonstration as a process of its own, with a real broker: what README shows first. */
class DemoTest {
    private static final long LIMIT_SECONDS = 120;

    @TempDir
    private Path folder;

    @Test
    void showsOrdersArriveAndEndsWell() throws Exception {
        var output = folder.resolve("output");
        var errors = folder.resolve("errors");
        var demo = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Djava.io.tmpdir=" + folder,
                        "-Dsluice.home=" + repository(),
                        "-cp",
                        System.getProperty("java.class.path") + File.pathSeparator + examples(),
                        "dev.sluice.server.Main",
                        "demo")
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile())
                .start();
        try {
            assertThat(demo.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS))
                    .as("ended by itself")
                    .isTrue();
        } finally {
            demo.destroyForcibly();
        }

        var text = Files.readString(output, StandardCharsets.UTF_8);
        assertThat(demo.exitValue()).as(text + Files.readString(errors)).isZero();
        assertThat(text)
                .contains("order-1002/2")
                .contains("row    cust-eve")
                .contains("10 events, each once and in order; 3 rows, equal to what the orders add up to")
                .contains("saga   2002  COMPENSATED", "saga   2003  COMPLETED")
                .contains("shard.0.append: half_open → closed (trials_succeeded, policy demo)")
                .endsWith("✓ stopped cleanly\n");
        assertThat(folder.toFile().list())
                .as("temporary folders left")
                .noneMatch(name -> name.startsWith("sluice-demo"));
    }

    /** The launcher gives them to dev and demo. */
    private static Path examples() {
        var classes = repository().resolve("platform/examples/target/classes");
        assertThat(classes)
                .as("the aggregates of the demo, built by mvn -pl platform/examples,platform/server -am")
                .isDirectory();
        return classes;
    }

    private static Path repository() {
        for (var at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isDirectory(at.resolve("config/samples"))) {
                return at;
            }
        }
        throw new AssertionError("no config/samples above " + Path.of("").toAbsolutePath());
    }
}
