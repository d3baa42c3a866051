package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.cli.Cli;
import dev.sluice.server.cli.Terminal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SagasCliTest {
    private static final Path SAMPLE = Path.of("../../config/samples/sagas/order-fulfilment.yaml");

    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... arguments) {
        var terminal = new Terminal(
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                true,
                false,
                0,
                false);
        return new Cli(new ThisProcess(Map.of()), terminal, Map.of(), new ByteArrayInputStream(new byte[0]))
                .run(arguments);
    }

    private Path changed(String from, String to) throws IOException {
        return Files.writeString(
                folder.resolve("changed.yaml"), Files.readString(SAMPLE).replace(from, to));
    }

    @Test
    void theScenariosOfTheSampleHold() {
        int exit = run("sagas", "test", SAMPLE.toString());

        assertThat(exit).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("ok      order-fulfilment: a card that is declined")
                .doesNotContain("failed");
    }

    @Test
    void aScenarioThatDoesNotHoldSaysWhereAndEndsWithOne() throws IOException {
        var file = changed("status: COMPENSATED", "status: COMPLETED");

        int exit = run("sagas", "test", file.toString());

        assertThat(exit).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("failed  order-fulfilment: a card that is declined", file + ":")
                .contains("found COMPENSATED, expected COMPLETED");
    }

    @Test
    void aFileThatIsWrongSaysWhere() throws IOException {
        var file = changed("kind: pivot", "kind: turn");

        int exit = run("sagas", "diagram", file.toString());

        assertThat(exit).isNotZero();
        assertThat(err.toString(StandardCharsets.UTF_8)).contains(file + ":", "steps[2].kind: found 'turn'");
    }

    @Test
    void drawsTheSample() {
        int exit = run("sagas", "diagram", SAMPLE.toString());

        assertThat(exit).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("flowchart TD");
    }

    @Test
    void validatesTheSagasOfAConfiguration() throws IOException {
        var config = Files.writeString(folder.resolve("sluice.yaml"), "sagas: { dir: sagas/ }\n");
        Files.createDirectories(folder.resolve("sagas"));
        Files.copy(SAMPLE, folder.resolve("sagas/one.yaml"));

        int exit = run("config", "validate", config.toString());

        assertThat(exit).as(err.toString(StandardCharsets.UTF_8)).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("1 sagas");
    }
}
