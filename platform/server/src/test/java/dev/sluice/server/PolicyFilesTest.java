package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.log.Failure;
import dev.sluice.resilience.PolicySet;
import dev.sluice.watch.ExpectsErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files of a folder are one set of policies, and the last good one survives what is bad. */
class PolicyFilesTest {
    @TempDir
    private Path folder;

    private final List<PolicySet> applied = new CopyOnWriteArrayList<>();

    private static String policy(String name, String address) {
        return "policies: [ { name: " + name + ", match: { address: '" + address + "' } } ]\n";
    }

    private PolicySet last() {
        return applied.get(applied.size() - 1);
    }

    private void awaitApplied(int count) {
        await().atMost(Duration.ofSeconds(30)).until(() -> applied.size() == count);
    }

    private static void awaitProblem(PolicyFiles files, Path file, String message) {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> files.problems().getOrDefault(file, "").contains(message));
    }

    @Test
    void appliesAllFilesAsOneSetWhenOneChangesComesOrGoes() throws IOException {
        try (var files = new PolicyFiles(folder, (set, texts) -> applied.add(set))) {
            files.start();
            assertThat(last().policies()).isEmpty();

            Files.writeString(folder.resolve("a.yaml"), policy("p", "a"));
            awaitApplied(2);
            Path second = Files.writeString(folder.resolve("b.yaml"), policy("q", "b"));
            awaitApplied(3);
            assertThat(last().policies()).hasSize(2);
            Files.writeString(second, policy("q", "longer"));
            awaitApplied(4);
            assertThat(last().of("b")).isNull();
            assertThat(last().of("longer")).isNotNull();
            Files.delete(second);
            awaitApplied(5);
            assertThat(last().of("longer")).isNull();
        }
    }

    @Test
    @ExpectsErrors("policy_file_refused")
    void theLastGoodSetSurvivesABadFileAndABadSet() throws IOException {
        Path first = Files.writeString(folder.resolve("a.yaml"), policy("p", "a") + "colour: red\n");
        try (var files = new PolicyFiles(folder, (set, texts) -> applied.add(set))) {
            files.start();
            assertThat(files.problems().get(first)).startsWith(first + ":2:1: colour: found an unknown key");

            Files.writeString(first, policy("p", "a"));
            awaitApplied(1);
            assertThat(files.problems()).isEmpty();
            Path second = Files.writeString(folder.resolve("b.yaml"), policy("p", "a"));
            awaitProblem(
                    files, folder, second + ":1: p: match.address: found 'a', as specific as that of p at " + first);
            Files.write(second, new byte[] {'p', ':', (byte) 0xff});
            awaitProblem(files, second, "expected UTF-8");
            assertThat(files.problems()).containsOnlyKeys(second);
            assertThat(applied).hasSize(1);

            Files.delete(second);
            await().atMost(Duration.ofSeconds(30)).until(() -> files.problems().isEmpty());
            assertThat(last().of("a")).isNotNull();
        }
    }

    @Test
    @ExpectsErrors("policy_file_refused")
    void whatCannotBeAppliedIsTriedAgain() throws IOException {
        Path file = Files.writeString(folder.resolve("a.yaml"), policy("p", "a"));
        var problem = new AtomicReference<String>("found no log, expected one");
        var given = new AtomicReference<Map<String, String>>(Map.of());
        try (var files = new PolicyFiles(folder, (set, texts) -> {
            if (!problem.get().isEmpty()) {
                throw Failure.of(Failure.Kind.UNAVAILABLE, problem.get());
            }
            given.set(texts);
            applied.add(set);
        })) {
            files.start();
            assertThat(files.problems()).containsEntry(folder, "found no log, expected one");

            problem.set("");
            awaitApplied(1);
            await().atMost(Duration.ofSeconds(30)).until(() -> files.problems().isEmpty());
            assertThat(given.get()).isEqualTo(Map.of(file.toString(), policy("p", "a")));
        }
    }

    @Test
    void validatingTellsWhatIsWrongAcrossFiles() throws IOException {
        Files.writeString(folder.resolve("a.yaml"), policy("p", "a"));
        int good = PolicyFiles.check(folder);
        Path bad = Files.writeString(folder.resolve("b.yaml"), policy("p", "b"));

        assertThat(good).isOne();
        assertThat(PolicyFiles.check(folder.resolve("nowhere"))).isZero();
        assertThatThrownBy(() -> PolicyFiles.check(folder))
                .isInstanceOf(Failure.class)
                .hasMessageContaining(bad + ":1: p: name: found 'p'");
    }
}
