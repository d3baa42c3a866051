package dev.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.Config;
import dev.sluice.server.Wiring;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of those who operate projections, against a real server. */
class ProjectionsCliTest {
    @TempDir
    private static Path folder;

    private static Wiring server;
    private static Shell pipe;

    @BeforeAll
    static void start() {
        var flags = Map.of("http.port", "0", "data.dir", folder.resolve("data").toString());
        server = Wiring.start(Config.load(null, null, Map.of(), flags));
        pipe = Shell.at("http://127.0.0.1:" + server.port());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String definition(String name, String column) {
        return "projection: " + name + "\nfrom: { category: " + name + " }\nkey: data.k\nfold:\n  T: { " + column
                + ": count() }\n";
    }

    private static String file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    @Test
    void rebuildsWatchesAndRollsBack() throws IOException {
        pipe.run("projections", "apply", file("verbs.yaml", definition("verbs", "a")));
        pipe.run("append", "verbs-1", "T", "k=x");

        var rebuilt = pipe.run("projections", "rebuild", "verbs", "--watch");
        var rolledBack = pipe.run("projections", "rollback", "verbs");
        var paused = pipe.run("projections", "pause", "verbs", "--reason", "a look");
        var refused = pipe.run("projections", "delete", "verbs");
        var deleted = pipe.run("projections", "delete", "verbs", "--yes");

        assertThat(Json.parseObject(rebuilt.output())).containsEntry("generation", 2L);
        assertThat(rolledBack.exit()).isZero();
        assertThat(Json.parseObject(paused.output())).containsEntry("reason", "a look");
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(deleted.exit()).isZero();
        assertThat(pipe.run("projections", "show", "verbs").exit()).isEqualTo(3);
    }

    @Test
    void diffTellsWhatApplyWouldChange() throws IOException {
        String file = file("diff.yaml", definition("diff", "a"));
        var before = pipe.run("projections", "diff", file);
        pipe.run("projections", "apply", file);
        var same = pipe.run("projections", "diff", file);
        var changed = pipe.run("projections", "diff", file("diff2.yaml", definition("diff", "b")));

        assertThat(before.exit()).isEqualTo(1);
        assertThat(before.output()).contains("\"new\"");
        assertThat(same.exit()).isZero();
        assertThat(changed.exit()).isEqualTo(1);
        assertThat(changed.output()).contains("-  T: { a: count() }").contains("+  T: { b: count() }");
    }

    @Test
    void testsADefinitionAndShowsDifferences() throws IOException {
        String given = definition("tried", "a") + "---\ntest: two\ngiven:\n"
                + "  - { stream: tried-1, type: T, data: { k: x } }\n  - { stream: tried-2, type: T, data: { k: x } }\n";

        var passed = pipe.run("projections", "test", file("ok.yaml", given + "expect: { x: { a: 2 } }\n"));
        var failed = pipe.run("projections", "test", file("bad.yaml", given + "expect: { x: { a: 3 }, y: {} }\n"));

        assertThat(passed.exit()).as(passed.errors()).isZero();
        assertThat(failed.exit()).isEqualTo(1);
        assertThat(failed.output()).contains("\"column\":\"a\"").contains("\"key\":\"y\"");
    }

    @Test
    void numbersOfATestStayExactAndItsKeysAreText() throws IOException {
        String test = "projection: exact\nfrom: { category: exact }\nkey: data.k\nfold: { T: { s: sum(data.n) } }\n"
                + "---\ntest: exact\ngiven:\n"
                + "  - { stream: exact-1, type: T, data: { k: 77, n: 1.50 } }\n"
                + "  - { stream: exact-1, type: T, data: { k: 77, n: 12345678901234567890.123 } }\n";

        var passed = pipe.run(
                "projections", "test", file("ok.yaml", test + "expect: { 77: { s: 12345678901234567891.623 } }\n"));
        var failed = pipe.run(
                "projections", "test", file("bad.yaml", test + "expect: { 77: { s: 12345678901234567891.624 } }\n"));
        var mistyped = pipe.run("projections", "test", file("key.yaml", test + "expected: { 77: { s: 1 } }\n"));

        assertThat(passed.exit()).as(passed.output() + passed.errors()).isZero();
        assertThat(failed.exit()).isEqualTo(1);
        assertThat(mistyped.exit()).isEqualTo(2);
        assertThat(mistyped.errors()).contains("expected test, given (a list of events), expect");
    }

    @Test
    void aTestFailsOnADeadLetterThatItDoesNotName() throws IOException {
        String given =
                definition("lettered", "a") + "---\ngiven:\n  - { stream: lettered-1, type: T, data: { k: x } }\n"
                        + "  - { stream: lettered-1, type: T, data: {} }\nexpect: { x: { a: 1 } }\n";

        var unexpected = pipe.run("projections", "test", file("letter.yaml", given));
        var named = pipe.run("projections", "test", file("named.yaml", given + "deadLetters: [ 1 ]\n"));
        var missing = pipe.run("projections", "test", file("missing.yaml", given + "deadLetters: [ 0, 1 ]\n"));

        assertThat(unexpected.exit()).as(unexpected.errors()).isEqualTo(1);
        assertThat(unexpected.output())
                .contains("\"passed\":false", "event 1: found a dead letter, expected none: key: found null");
        assertThat(named.exit()).as(named.output()).isZero();
        assertThat(missing.exit()).isEqualTo(1);
        assertThat(missing.output()).contains("event 0: found no dead letter, expected one");
    }

    @Test
    void aFileWithoutTestsIsRefused() throws IOException {
        var untested = pipe.run("projections", "test", file("untested.yaml", definition("untested", "a")));

        assertThat(untested.exit()).isEqualTo(2);
        assertThat(untested.errors()).contains("found no test, expected documents with given and expect");
    }

    @Test
    void testsEachDefinitionOfAFileOrTheOneThatIsNamed() throws IOException {
        String given =
                "---\ntest: one\ngiven:\n  - { stream: NAME-1, type: T, data: { k: x } }\nexpect: { x: { a: N } }\n";
        String both = definition("first", "a") + given.replace("NAME", "first").replace("N", "1") + "---\n"
                + definition("second", "a") + given.replace("NAME", "second").replace("N", "7");
        String file = file("both.yaml", both);

        var all = pipe.run("projections", "test", file);
        var first = pipe.run("projections", "test", file, "--name", "first");
        var nobody = pipe.run("projections", "test", file, "--name", "third");

        assertThat(all.exit()).as(all.errors()).isEqualTo(1);
        assertThat(all.output()).contains("\"projection\":\"first\"", "\"projection\":\"second\"");
        assertThat(first.exit()).as(first.output()).isZero();
        assertThat(first.output()).doesNotContain("second");
        assertThat(nobody.exit()).isEqualTo(2);
        assertThat(nobody.errors()).contains("first, second");
    }

    @Test
    void whyFindsAnEventByItsId() throws IOException {
        pipe.run("projections", "apply", file("why.yaml", definition("why", "a")));
        pipe.run("append", "why-1", "T", "k=x", "--id", "why-event");

        var why = pipe.run("why", "why-event");
        String position = Json.text(Json.parseObject(why.output()).get("position"));
        var explained = pipe.run("projections", "explain", "why", position);

        assertThat(why.exit()).as(why.errors()).isZero();
        assertThat(why.output()).contains("\"consumer\":\"projection:why\"");
        assertThat(explained.output()).contains("\"outcome\":\"applied\"").contains("\"key\":\"x\"");
    }
}
