package dev.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.server.Config;
import dev.sluice.server.Wiring;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands against a real server on a real socket. Each test has a category of its own. */
class CliTest {
    private static final long LIMIT_SECONDS = 60;

    @TempDir
    private static Path folder;

    private static Wiring server;
    private static Shell pipe;

    @BeforeAll
    static void start() {
        server = start(folder.resolve("data"), 0);
        pipe = Shell.at("http://127.0.0.1:" + server.port());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void appendsAndReadsInAPipeAsCloudEvents() {
        var appended = pipe.run("append", "pipe-1", "Placed", "total=12.50", "paid=true", "name=a b", "--id", "e-1");
        var read = pipe.run("read", "pipe-1");

        assertThat(appended.exit()).isZero();
        assertThat(Json.parseObject(appended.output()))
                .containsEntry("stream", "pipe-1")
                .containsEntry("lastVersion", 1L);
        assertThat(Json.parseObject(read.output()))
                .containsEntry("id", "e-1")
                .containsEntry("type", "Placed")
                .containsEntry("streamversion", 1L)
                .hasEntrySatisfying("data", data -> assertThat(Json.write(data))
                        .isEqualTo("{\"total\":12.50,\"paid\":true,\"name\":\"a b\"}"));
    }

    @Test
    void aTerminalGetsAlignedLines() {
        pipe.run("append", "screen-1", "Placed", "total=129.90", "items=[1,2]", "note=a b");

        var read = Shell.at("http://127.0.0.1:" + server.port()).asTerminal().run("read", "screen-1");

        assertThat(read.output())
                .matches(
                        "\\d\\d:\\d\\d:\\d\\d\\.\\d{3}  0:\\d+ +screen-1/1 +Placed +total=129.90 items=\\[2] note=\"a b\"\n");
    }

    @Test
    void theSameIdIsAppendedOnce() {
        pipe.run("append", "same-1", "Placed", "n=1", "--id", "once");

        var again = pipe.run("append", "same-1", "Placed", "n=1", "--id", "once");

        assertThat(again.exit()).isZero();
        assertThat(pipe.run("read", "same-1").output().lines()).hasSize(1);
    }

    @Test
    void expectationsThatAreNotMetAreExitCodeFour() {
        pipe.run("append", "expect-1", "Placed", "--expect", "none");

        var none = pipe.run("append", "expect-1", "Placed", "--expect", "none");
        var wrong = pipe.run("append", "expect-1", "Placed", "--expect", "7");
        var right = pipe.run("append", "expect-1", "Placed", "--expect", "1");
        var exists = pipe.run("append", "expect-2", "Placed", "--expect", "exists");

        assertThat(List.of(none.exit(), wrong.exit(), right.exit(), exists.exit()))
                .containsExactly(4, 4, 0, 4);
        assertThat(wrong.errors()).contains("wrong_expected_version").contains("at version 1, expected 7");
    }

    @Test
    void deadLettersAreListedShownAndResolved() throws IOException {
        Path file = folder.resolve("refusing.yaml");
        Files.writeString(
                file, "projection: refusing\nfrom: { category: refused }\nfold: { T: { n: sum(data.a + 1) } }");
        pipe.run("projections", "apply", file.toString());
        pipe.run("append", "refused-1", "T", "a=x");
        pipe.run("append", "refused-2", "T", "a=y");
        String consumer = "--consumer=projection:refusing";
        await().atMost(Duration.ofSeconds(LIMIT_SECONDS))
                .until(() -> pipe.run("dead-letters", "ls", consumer)
                                .output()
                                .lines()
                                .count()
                        == 2);
        String id = Json.text(Json.parseObject(
                        pipe.run("dead-letters", "ls", consumer, "-n", "1").output())
                .get("id"));
        var screen = Shell.at("http://127.0.0.1:" + server.port()).asTerminal();

        assertThat(screen.run("dead-letters", "ls", consumer).output())
                .startsWith("id ")
                .contains("evaluation-failed");
        assertThat(screen.run("dead-letters", "show", id).output()).contains("refused-1", "projection:refusing");
        assertThat(pipe.run("dead-letters", "discard", id, "--dry-run").output().lines())
                .hasSize(1);
        assertThat(screen.withInput("n\n").run("dead-letters", "discard", id).exit())
                .isEqualTo(1);
        assertThat(screen.withInput("y\n").run("dead-letters", "discard", id).output())
                .isEqualTo("1 discarded\n");
        assertThat(Json.parseObject(
                        pipe.run("dead-letters", "discard", id, "--yes").output()))
                .containsEntry("discarded", 0L)
                .containsEntry("already", 1L);
        assertThat(Json.parseObject(
                        pipe.run("dead-letters", "discard", consumer, "--yes").output()))
                .containsEntry("discarded", 1L);
        assertThat(pipe.run("dead-letters", "ls", consumer).output()).isEmpty();
        assertThat(pipe.run("dead-letters", "ls", consumer, "--state", "resolved")
                        .output()
                        .lines())
                .hasSize(2);
        assertThat(pipe.run("dead-letters", "show", "0:999999").exit()).isEqualTo(3);
    }

    @Test
    void whatIsNotThereIsExitCodeThree() {
        assertThat(pipe.run("read", "nothing-1").exit()).isEqualTo(3);
        assertThat(pipe.run("read", "--at", "0:999999").exit()).isEqualTo(3);
        assertThat(pipe.run("streams", "show", "nothing-1").exit()).isEqualTo(3);
        assertThat(pipe.run("projections", "show", "nothing").exit()).isEqualTo(3);
        assertThat(pipe.run("projections", "rows", "nothing", "--watch").exit()).isEqualTo(3);
    }

    @Test
    void readsBackwardsFromAVersionAndAtAPosition() {
        pipe.run("append", "back-1", "Placed", "n={n}", "--count", "5");

        var backwards = pipe.run("read", "back-1", "--backwards", "-n", "2");
        var from = pipe.run("read", "back-1", "--from", "4");
        String position = Json.text(
                Json.parseObject(from.output().lines().toList().get(0)).get("position"));
        var at = pipe.run("read", "--at", position);

        assertThat(numbers(backwards.output())).containsExactly(5L, 4L);
        assertThat(numbers(from.output())).containsExactly(4L, 5L);
        assertThat(numbers(at.output())).containsExactly(4L);
    }

    @Test
    void tailsWhatIsThereByCategoryTypeExpressionAndCount() {
        pipe.run("append", "cut-{n}", "Placed", "n={n}", "--count", "20");
        pipe.run("append", "cut-1", "Cancelled", "n=99");

        assertThat(numbers(pipe.run("tail", "cut-*", "--no-follow").output())).hasSize(21);
        assertThat(numbers(pipe.run("tail", "--category", "cut", "--type", "Cancelled", "--no-follow")
                        .output()))
                .containsExactly(99L);
        assertThat(numbers(pipe.run("tail", "cut-*", "--where", "data.n > 18 && data.n < 90", "--no-follow")
                        .output()))
                .containsExactlyInAnyOrder(19L, 20L);
        assertThat(numbers(
                        pipe.run("tail", "cut-*", "--no-follow", "--last", "1").output()))
                .containsExactly(99L);
        assertThat(numbers(pipe.run("tail", "cut-*", "--since", "1h", "-n", "3").output()))
                .hasSize(3);
        assertThat(numbers(pipe.run("tail", "cut-7", "-n", "1").output())).containsExactly(7L);
        assertThat(pipe.run("tail", "--where", "data.n >", "-n", "1").exit()).isEqualTo(2);
        assertThat(pipe.run("tail", "--from", "nonsense", "-n", "1").exit()).isEqualTo(2);
    }

    @Test
    void feedsOneLogWithTheTailOfAnother() {
        pipe.run("append", "feed-{n}", "Placed", "n={n}", "--count", "30");
        var lines = pipe.run("tail", "feed-*", "--no-follow").output().replace("\"feed-", "\"copy-");

        var copied =
                Shell.at("http://127.0.0.1:" + server.port()).withInput(lines).run("append", "-");

        assertThat(copied.exit()).as(copied.errors()).isZero();
        assertThat(Json.parseObject(copied.output())).containsEntry("appended", 30L);
        assertThat(numbers(pipe.run("tail", "copy-*", "--no-follow").output())).hasSize(30);
    }

    @Test
    void saysWhichLineOfStandardInputIsWrong() {
        var shell = Shell.at("http://127.0.0.1:" + server.port());

        var broken = shell.withInput("{\"stream\":\"line-1\"\n").run("append", "-");
        var streamless = shell.withInput("\n{\"type\":\"T\"}\n").run("append", "-");

        assertThat(broken.exit()).isEqualTo(2);
        assertThat(broken.errors()).contains("standard input, line 1");
        assertThat(streamless.errors()).contains("standard input, line 2: found no attribute 'stream'");
    }

    @Test
    void listsAndShowsStreams() {
        pipe.run("append", "list-{n}", "Placed", "--count", "5");

        var all = pipe.run("streams", "ls", "--category", "list");
        var array = pipe.run("streams", "ls", "--prefix", "list-3", "--json");
        var one = pipe.run("streams", "show", "list-2");

        assertThat(all.output().lines()).hasSize(5);
        assertThat(Json.objects(Json.parse(array.output()))).singleElement().satisfies(stream -> assertThat(stream)
                .containsEntry("stream", "list-3"));
        assertThat(Json.parseObject(one.output())).containsEntry("version", 1L);
    }

    @Test
    void appliesProjectionsAndShowsAndWatchesTheirRows() throws Exception {
        var file = folder.resolve("sums.yaml");
        Files.writeString(file, """
                projection: sums
                from: { category: sum }
                key: data.of
                fold:
                  Added: { count: count(), total: sum(data.n) }
                """);
        var applied = pipe.run("projections", "apply", file.toString());
        pipe.run("append", "sum-1", "Added", "of=a", "n=2");
        var watch = CompletableFuture.supplyAsync(() -> pipe.run("projections", "rows", "sums", "--watch", "-n", "2"));
        await().atMost(Duration.ofSeconds(LIMIT_SECONDS))
                .until(() ->
                        pipe.run("projections", "rows", "sums").output().lines().count() == 1);

        // Each append changes the row; the watcher needs two lines, wherever between them it began.
        var result = await().atMost(Duration.ofSeconds(LIMIT_SECONDS))
                .until(
                        () -> {
                            pipe.run("append", "sum-1", "Added", "of=a", "n=0.5");
                            return watch.getNow(new Shell.Result(-1, "", ""));
                        },
                        done -> done.exit() >= 0);

        assertThat(applied.output()).contains("\"created\":true");
        assertThat(result.exit()).as(result.errors()).isZero();
        assertThat(result.output().lines()).hasSize(2).allMatch(line -> line.startsWith("{\"key\":\"a\",\"row\":{"));
        assertThat(pipe.run("projections", "rows", "sums", "a").output()).contains("\"key\":\"a\"");
        assertThat(pipe.run("projections", "rows", "sums", "b").exit()).isEqualTo(3);
        assertThat(pipe.run("projections", "ls").output()).contains("\"name\":\"sums\"");
        assertThat(pipe.run("projections", "show", "sums").output()).contains("sum(data.n)");
    }

    @Test
    void refusesABrokenDefinitionWithItsLine() throws IOException {
        var file = folder.resolve("broken.yaml");
        Files.writeString(
                file,
                "projection: fine\nfrom: { category: x }\n---\nprojection: broken\nfrom: { category: x }\nfolt: {}\n");

        var applied = pipe.run("projections", "apply", file.toString());

        assertThat(applied.exit()).isEqualTo(2);
        assertThat(applied.errors()).contains("definition_invalid");
    }

    @Test
    void tellsOfTheServerAndItsShards() {
        assertThat(Json.parseObject(pipe.run("info").output())).containsKeys("version", "uptimeMs", "projections");
        assertThat(Json.parseObject(pipe.run("shards", "ls").output())).containsEntry("shard", 0L);
    }

    @Test
    void aTailOutlivesTheServerAndMissesNothing() throws Exception {
        int port = freePort();
        var threads = Executors.newCachedThreadPool();
        var shell = Shell.at("http://127.0.0.1:" + port);
        var first = start(folder.resolve("restarted"), port);
        shell.run("append", "up-1", "Placed", "n=1");
        var tail =
                CompletableFuture.supplyAsync(() -> shell.run("tail", "--from", "start", "up-1", "-n", "3"), threads);
        var early =
                CompletableFuture.supplyAsync(() -> shell.run("tail", "--from", "start", "up-1", "-n", "1"), threads);
        early.get(LIMIT_SECONDS, TimeUnit.SECONDS);

        shell.run("append", "up-1", "Placed", "n=2");
        first.close();
        var second = start(folder.resolve("restarted"), port);
        shell.run("append", "up-1", "Placed", "n=3");

        try {
            var result = tail.get(LIMIT_SECONDS, TimeUnit.SECONDS);
            assertThat(result.exit()).as(result.errors()).isZero();
            assertThat(numbers(result.output())).containsExactly(1L, 2L, 3L);
        } finally {
            second.close();
            threads.shutdownNow();
        }
    }

    private static List<Long> numbers(String ndjson) {
        return ndjson.lines()
                .map(line -> Json.number(
                        Json.object(Json.parseObject(line).get("data")).get("n"), -1))
                .toList();
    }

    private static Wiring start(Path data, int port) {
        return Wiring.start(Config.load(
                null, null, Map.of(), Map.of("http.port", Integer.toString(port), "data.dir", data.toString())));
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
