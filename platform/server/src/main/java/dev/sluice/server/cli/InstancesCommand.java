package dev.sluice.server.cli;

import java.util.List;
import picocli.CommandLine.Command;

/** The command about instances. */
final class InstancesCommand {
    private static final List<Output.Column> COLUMNS = List.of(
            Output.Column.of("instance"),
            Output.Column.of("node"),
            Output.Column.of("state"),
            Output.Column.of("weight"),
            new Output.Column("in flight", instance -> Json.text(instance.get("inFlight"))),
            new Output.Column("latency in us", instance -> Json.text(instance.get("latencyMicros"))),
            Output.Column.of("picks"),
            Output.Column.of("failures"),
            Output.Column.of("ejections"));

    private InstancesCommand() {}

    /** Lists instances. */
    @Command(
            description =
                    "Lists those that answer on each address. Calls are counted where there is a choice or an outbound policy.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice instances ls"})
    static final class Ls extends ServerCommand {
        Ls(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            output.list(terminal(), remote().list("/v1/mesh/instances", "instances"), COLUMNS);
            return 0;
        }
    }
}
