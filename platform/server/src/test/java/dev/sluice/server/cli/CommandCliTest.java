package dev.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.Config;
import dev.sluice.server.Wiring;
import dev.sluice.server.gateway.Shelves;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command that sends commands, against a real server: its exit code tells scripts what became of one. */
class CommandCliTest {
    @TempDir
    private Path folder;

    @Test
    void exitsByWhatBecameOfTheCommand() {
        var flags = Map.of("http.port", "0", "data.dir", folder.resolve("data").toString());
        var config = Config.load(null, null, Map.of(), flags);
        try (var server = Shelves.onClassPath(folder.resolve("jar"), () -> Wiring.start(config))) {
            var pipe = Shell.at("http://127.0.0.1:" + server.port());

            var accepted = reserve(pipe, "order=o1", "quantity=2", "--id", "o1/reserve");
            var duplicate = reserve(pipe, "order=o1", "quantity=2", "--id", "o1/reserve");
            var reused = reserve(pipe, "order=o1", "quantity=3", "--id", "o1/reserve");
            var rejected = reserve(pipe, "order=o2", "quantity=20");
            var conflict = reserve(pipe, "order=o2", "quantity=1", "--expect", "7");
            var invalid = reserve(pipe, "order=o2", "quantity=many");
            var worse = reserve(pipe, "quantity=many", "colour=red");
            var twice = reserve(pipe, "order=o2", "order=o3", "quantity=1");
            var digits = reserve(pipe, "order=9", "quantity=1");
            var unknown = pipe.run("command", "PaintShelf", "stock-s1");

            assertThat(accepted.exit()).as(accepted.errors()).isZero();
            assertThat(Json.parseObject(accepted.output()))
                    .containsEntry("outcome", "ACCEPTED")
                    .containsEntry("version", 1L);
            assertThat(duplicate.exit()).as(duplicate.errors()).isZero();
            assertThat(Json.parseObject(duplicate.output()))
                    .containsEntry("outcome", "DUPLICATE")
                    .containsEntry("original", "ACCEPTED");
            assertThat(reused.exit()).as(reused.errors()).isEqualTo(4);
            assertThat(rejected.exit()).as(rejected.errors()).isEqualTo(4);
            assertThat(rejected.errors()).contains("found 8 free, expected 20");
            assertThat(conflict.exit()).as(conflict.errors()).isEqualTo(4);
            assertThat(invalid.exit()).as(invalid.errors()).isEqualTo(2);
            assertThat(invalid.errors()).contains("quantity");
            assertThat(worse.errors()).contains("'/order'", "'/quantity'", "'/colour'");
            assertThat(twice.exit()).as(twice.errors()).isEqualTo(2);
            assertThat(digits.exit()).as(digits.errors()).isZero();
            assertThat(unknown.exit()).as(unknown.errors()).isEqualTo(3);
        }
    }

    private static Shell.Result reserve(Shell pipe, String... more) {
        var arguments = Stream.concat(Stream.of("command", "ReserveStock", "stock-s1"), Stream.of(more));
        return pipe.run(arguments.toArray(String[]::new));
    }
}
