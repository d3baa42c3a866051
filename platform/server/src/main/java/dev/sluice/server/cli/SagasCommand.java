package dev.sluice.server.cli;

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

/** The commands about sagas as they are written: files are read here, and no server is asked. */
final class SagasCommand {
    private SagasCommand() {}

    /** Plays the scenarios of sagas. */
    @Command(
            description =
                    "Plays the scenarios of sagas in YAML, here and under a virtual clock, and says what differs.",
            mixinStandardHelpOptions = true,
            footer = {
                "",
                "Exit codes: 0 all hold, 1 one does not, else a file is wrong.",
                "",
                "Example:",
                "  sluice sagas test config/samples/sagas/order-fulfilment.yaml"
            })
    static final class Test implements Callable<Integer> {
        private final Cli cli;

        @Parameters(arity = "1..*", paramLabel = "FILE", description = "The files; - reads standard input.")
        private List<String> files = List.of();

        @Mixin
        private Output output = new Output();

        Test(Cli cli) {
            this.cli = cli;
        }

        @Override
        public Integer call() {
            var results = new ArrayList<Map<String, @Nullable Object>>();
            for (String file : files) {
                for (var saga : cli.host().sagas(Documents.text(cli, file, "sagas"), file)) {
                    saga.scenarios().forEach(scenario -> results.add(result(saga, scenario)));
                }
            }
            if (output.format(cli.terminal()) == Output.Format.TABLE) {
                results.forEach(this::show);
            } else {
                output.list(cli.terminal(), results, List.of());
            }
            return results.stream().allMatch(result -> Boolean.TRUE.equals(result.get("passed"))) ? 0 : 1;
        }

        private static Map<String, @Nullable Object> result(Host.Saga saga, Host.Scenario scenario) {
            var result = new LinkedHashMap<String, @Nullable Object>();
            result.put("saga", saga.name());
            result.put("version", saga.version());
            result.put("scenario", scenario.name());
            result.put("passed", scenario.problem() == null);
            result.put("problem", scenario.problem());
            return result;
        }

        private void show(Map<String, @Nullable Object> result) {
            var terminal = cli.terminal();
            boolean isPassed = Boolean.TRUE.equals(result.get("passed"));
            terminal.line((isPassed
                            ? terminal.styled(Terminal.Style.GREEN, "ok    ")
                            : terminal.styled(Terminal.Style.RED, "failed"))
                    + "  " + Json.text(result.get("saga")) + ": " + Json.text(result.get("scenario")));
            if (!isPassed) {
                terminal.line("        " + Json.text(result.get("problem")));
            }
        }
    }

    /** Draws sagas. */
    @Command(
            description = {
                "Draws sagas as flowcharts in Mermaid: those of a file, or one of a server, or the way of an instance.",
                "A name as sagas have (small letters, digits, -) is one of the server."
            },
            mixinStandardHelpOptions = true,
            footer = {
                "",
                "Example:",
                "  sluice sagas diagram config/samples/sagas/order-fulfilment.yaml",
                "  sluice sagas diagram order-fulfilment o1 > way.mmd"
            })
    static final class Diagram extends ServerCommand {
        @Parameters(
                index = "0",
                paramLabel = "FILE|TYPE",
                description = "The file (- reads standard input), or the saga.")
        private String source = "";

        @Parameters(index = "1", arity = "0..1", paramLabel = "KEY", description = "The key of an instance.")
        private @Nullable String key;

        @Option(names = "--name", paramLabel = "SAGA", description = "Only this one of the file.")
        private String name = "";

        Diagram(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            if (source.matches("[a-z][a-z0-9-]*")) {
                var parameters = new LinkedHashMap<String, @Nullable Object>();
                parameters.put("key", key);
                print(remote().get(SagasShowCommand.path(source, "diagram") + Remote.query(parameters))
                        .body());
                return 0;
            }
            for (var saga : cli.host().sagas(Documents.text(cli, source, "sagas"), source)) {
                if (name.isEmpty() || name.equals(saga.name())) {
                    print(saga.diagram());
                }
            }
            return 0;
        }

        private void print(String diagram) {
            diagram.lines().forEach(terminal()::line);
        }
    }
}
