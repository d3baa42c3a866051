package dev.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code platform/sluice} as a program: what it builds and what it starts, with stand-ins for Maven and Java that tell. */
class LauncherTest {
    private static final long LIMIT_SECONDS = 60;

    @TempDir
    private Path folder;

    private Path launcher;

    @BeforeEach
    void copyIntoAnEmptyRepository() throws IOException {
        launcher = folder.resolve("re po/platform/sluice");
        Files.createDirectories(launcher.getParent());
        Files.copy(repositoryLauncher(), launcher, StandardCopyOption.COPY_ATTRIBUTES);
        program("java", "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
        program(
                "mvn",
                "#!/bin/sh\necho built >> '" + folder + "/builds'\nsleep 0.3\n"
                        + "mkdir -p platform/server/target/sluice/lib\necho 1 > platform/server/target/sluice/VERSION\n");
    }

    @Test
    void buildsOnFirstUseAndNeverAgain() throws Exception {
        var first = run(launcher, folder, Map.of(), "info");
        var second = run(launcher, folder, Map.of(), "info");

        assertThat(first.exit()).isZero();
        assertThat(first.errors()).contains("building Sluice, once").hasLineCount(1);
        assertThat(second.errors()).isEmpty();
        assertThat(Files.readAllLines(folder.resolve("builds"))).hasSize(1);
    }

    @Test
    void buildsOnceWhenTwoStartTogether() throws Exception {
        var one = start(launcher, folder, Map.of(), "info");
        var other = start(launcher, folder, Map.of(), "info");

        assertThat(end(one).exit()).isZero();
        assertThat(end(other).exit()).isZero();
        assertThat(Files.readAllLines(folder.resolve("builds"))).hasSize(1);
    }

    @Test
    void saysWhereToReadWhenTheBuildFails() throws Exception {
        program("mvn", "#!/bin/sh\necho 'no such module'\nexit 1\n");

        var result = run(launcher, folder, Map.of(), "info");

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.errors())
                .contains("no such module")
                .contains("error: the build failed")
                .contains("build.log");
    }

    @Test
    void startsFromAnotherFolderAndThroughLinks() throws Exception {
        var elsewhere = Files.createDirectories(folder.resolve("else/where"));
        var link = Files.createSymbolicLink(elsewhere.resolve("sluice"), Path.of("../hop"));
        Files.createSymbolicLink(folder.resolve("else/hop"), launcher);

        var result = run(link, elsewhere, Map.of(), "tail", "order 1", "--last", "5");

        assertThat(result.exit()).isZero();
        assertThat(result.output())
                .contains("-Dsluice.home=" + home())
                .endsWith("-cp\n" + home() + "/lib/*\ndev.sluice.server.Main\ntail\norder 1\n--last\n5\n");
    }

    @Test
    void startsADistributionThatWasMoved() throws Exception {
        var moved = folder.resolve("opt/sluice");
        Files.createDirectories(moved.resolve("lib"));
        Files.createDirectories(moved.resolve("bin"));
        Files.writeString(moved.resolve("VERSION"), "1");
        var installed = Files.copy(launcher, moved.resolve("bin/sluice"), StandardCopyOption.COPY_ATTRIBUTES);

        var result = run(installed, folder, Map.of(), "info");

        assertThat(result.exit()).isZero();
        assertThat(result.output()).contains("-Dsluice.home=" + moved.toRealPath());
        assertThat(folder.resolve("builds")).doesNotExist();
    }

    @Test
    void givesServersMemoryAndClientsAQuickStartAndLetsJavaOptsWin() throws Exception {
        var server = run(launcher, folder, Map.of("JAVA_OPTS", "-Xmx1g -Dmine=1"), "serve");
        var client = run(launcher, folder, Map.of(), "info");

        assertThat(server.output()).containsSubsequence("-Xmx512m", "-Xmx1g", "-Dmine=1", "-cp");
        assertThat(server.output()).doesNotContain("TieredStopAtLevel");
        assertThat(client.output()).contains("-XX:TieredStopAtLevel=1").contains("--enable-native-access=ALL-UNNAMED");
    }

    @Test
    void leavesStandardInputToTheCommandAlsoWhileItBuilds() throws Exception {
        program("mvn", Files.readString(folder.resolve("bin/mvn")) + "cat > /dev/null\n");
        program("java", "#!/bin/sh\ncat\n");

        var process = start(launcher, folder, Map.of(), "append", "-");
        process.getOutputStream().write("a line\n".getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().close();

        assertThat(end(process).output()).isEqualTo("a line\n");
    }

    private Path home() throws IOException {
        return launcher.getParent().toRealPath().resolve("server/target/sluice");
    }

    private void program(String name, String text) throws IOException {
        var file = Files.createDirectories(folder.resolve("bin")).resolve(name);
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Result run(Path program, Path from, Map<String, String> environment, String... arguments) throws Exception {
        return end(start(program, from, environment, arguments));
    }

    private Process start(Path program, Path from, Map<String, String> environment, String... arguments)
            throws IOException {
        var command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).directory(from.toFile());
        builder.environment().keySet().removeAll(List.of("JAVA_HOME", "JAVA_OPTS", "SLUICE_JAVA"));
        builder.environment()
                .put("PATH", folder.resolve("bin") + ":" + builder.environment().get("PATH"));
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static Result end(Process process) throws Exception {
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        var errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), output, errors);
    }

    private record Result(int exit, String output, String errors) {}

    private static Path repositoryLauncher() {
        for (var at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isExecutable(at.resolve("platform/sluice"))) {
                return at.resolve("platform/sluice");
            }
        }
        throw new AssertionError("no platform/sluice above " + Path.of("").toAbsolutePath());
    }
}
