package dev.sluice.server.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about configuration; they read it here and ask no server. */
final class ConfigCommand {
    private ConfigCommand() {}

    /** Prints every key with its value. */
    @Command(
            description = "Shows every key with its value, as 'serve' would take it; secrets are masked.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  SLUICE_HTTP_PORT=9000 sluice config show --origin"})
    static final class Show implements Callable<Integer> {
        private final Cli cli;

        @Option(names = "--config", paramLabel = "FILE", description = "The file (default: the distribution's).")
        private @Nullable Path file;

        @Option(names = "--origin", description = "Say where each value comes from.")
        private boolean origin;

        @Mixin
        private Output output = new Output();

        Show(Cli cli) {
            this.cli = cli;
        }

        @Override
        public Integer call() {
            var settings = new ArrayList<Map<String, @Nullable Object>>();
            for (var setting : cli.host()
                    .configuration(new Host.Source(file, false, Map.of()))
                    .settings()) {
                var line = new LinkedHashMap<String, @Nullable Object>();
                line.put("key", setting.key());
                line.put("value", setting.value());
                if (origin) {
                    line.put("origin", setting.origin());
                }
                settings.add(line);
            }
            var columns = new ArrayList<>(List.of(Output.Column.of("key"), Output.Column.of("value")));
            if (origin) {
                columns.add(Output.Column.of("origin"));
            }
            output.list(cli.terminal(), settings, columns);
            return 0;
        }
    }

    /** Checks a file. */
    @Command(
            description =
                    "Checks a configuration file together with the environment, the definitions in its projections.dir, the sagas in its sagas.dir and the policies in its policies.dir.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice config validate /etc/sluice/sluice.yaml"})
    static final class Validate implements Callable<Integer> {
        private final Cli cli;

        @Parameters(arity = "0..1", paramLabel = "FILE", description = "The file (default: the distribution's).")
        private @Nullable Path file;

        @Mixin
        private Output output = new Output();

        Validate(Cli cli) {
            this.cli = cli;
        }

        @Override
        public Integer call() {
            var configuration = cli.host().configuration(new Host.Source(file, false, Map.of()));
            int count = configuration.settings().size();
            int projections = configuration.checkDefinitions();
            int sagas = configuration.checkSagas();
            int policies = configuration.checkPolicies();
            String name = file == null ? "the distribution's configuration" : file.toString();
            Map<String, @Nullable Object> result = new LinkedHashMap<>();
            result.put("valid", true);
            result.put("file", name);
            result.put("keys", count);
            result.put("projections", projections);
            result.put("sagas", sagas);
            result.put("policies", policies);
            output.one(cli.terminal(), result, () -> cli.terminal()
                    .line(name + " is valid, " + count + " keys, " + projections + " projections, " + sagas + " sagas, "
                            + policies + " policies"));
            return 0;
        }
    }
}
