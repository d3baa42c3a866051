package dev.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What commands say without any server: help, mistakes, nobody there. */
class UsageTest {
    private final Shell shell = Shell.at("http://127.0.0.1:1");

    static java.util.Set<String> commands() {
        return Catalogue.sentences().keySet();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void helpOfEveryCommandHasAnExample(String command) {
        var help = shell.run((command + " --help").split(" "));

        assertThat(help.exit()).isZero();
        assertThat(help.output()).contains("Usage: sluice " + command).contains("Example:");
        assertThat(help.errors()).isEmpty();
    }

    @Test
    void helpListsEveryCommand() {
        var help = shell.run("--help");

        assertThat(help.exit()).isZero();
        assertThat(help.output()).contains(commands()).contains("Example:");
        assertThat(shell.run("help").output()).isEqualTo(help.output());
        assertThat(shell.run("help", "tail").output()).startsWith("Usage: sluice tail");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tial                         | unknown command 'tial' (did you mean 'tail'?)",
                "streams                      | found no command after 'streams', expected one of: ls, show",
                "streams drop                 | unknown command 'streams drop', expected one of: ls, show",
                "tail --tag a:b               | Unknown option: '--tag'",
                "tail a-1 --category b        | found both a stream and --category",
                "tail --last 3 --since 10m    | found several of --since, --from and --last",
                "tail --since yesterday       | found --since 'yesterday', expected a duration such as 10m",
                "tail a*b                     | found stream pattern 'a*b', expected a stream's name or 'CATEGORY-*'",
                "tail -n x                    | Invalid value for option '-n': 'x' is not a long",
                "read                         | expected either a stream or --at POSITION",
                "append a-1                   | found no event type, expected 'append STREAM TYPE",
                "append a-1 T total           | found data 'total', expected name=value",
                "append a-1 T --data {        | the data is not JSON",
                "append a-1 T --expect soon   | found --expect 'soon', expected a version, any, none or exists",
                "append a-1 T --count 0       | found --count 0",
                "info -o csv                  | expected one of [TABLE, JSON, NDJSON] (case-insensitive) but was 'csv'",
                "info --url localhost         | found server URL 'localhost', expected http://HOST:PORT",
                "dead-letters retry           | found nothing to say which letters, expected ids",
                "dead-letters discard 0:1 --all | found several ways to say which letters",
                "dead-letters discard 0:1     | found no --yes, expected it where nobody can be asked",
                "serve                        | Missing required option: '--config=FILE'",
                "dev --no-kafka --kafka a:1   | found several of --kafka, --kafka-port and --no-kafka",
            })
    void refusesWhatItDoesNotUnderstandWithWhatItExpects(String line, String message) {
        var result = shell.run(line.trim().split(" +"));

        assertThat(result.exit()).as(result.errors()).isEqualTo(2);
        assertThat(result.errors()).startsWith("error: ").contains(message).contains("\n  next: sluice");
        assertThat(result.output()).isEmpty();
    }

    @Test
    void takesAFileForDataAndNotForMoreArguments(@TempDir Path folder) throws IOException {
        var file = Files.writeString(folder.resolve("reserve.json"), "{\n  \"order\": \"o1\" }");

        for (String[] data : new String[][] {{"@" + file}, {"--data", "@" + file}}) {
            for (String command : new String[] {"append", "command"}) {
                var line = Stream.concat(Stream.of(command, "a", "B"), Stream.of(data));

                var result = shell.run(line.toArray(String[]::new));

                // It is read, and then nobody is there to take it.
                assertThat(result.errors()).contains("no server answers");
                assertThat(result.exit()).isEqualTo(6);
            }
        }
        assertThat(shell.run("sagas", "show", "delivery", "@" + folder).exit()).isEqualTo(6);
    }

    @ParameterizedTest
    @CsvSource({"info", "tail", "tail --no-follow", "read a-1", "append a-1 T", "projections rows p --watch"})
    void nobodyThereIsExitCodeSixWithTheAddressAndWhatToDo(String line) throws IOException {
        String url;
        try (var closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            url = "127.0.0.1:" + closed.getLocalPort();
        }

        var result = Shell.at("http://" + url).run(line.split(" "));

        assertThat(result.exit()).isEqualTo(6);
        assertThat(result.errors())
                .startsWith("error: unavailable: no server answers at ")
                .contains(url)
                .contains("sluice dev");
    }
}
