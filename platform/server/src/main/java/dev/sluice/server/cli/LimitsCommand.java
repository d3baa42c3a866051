package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** The commands about rate and concurrency limits. */
final class LimitsCommand {
    private static final List<Output.Column> COLUMNS = List.of(
            Output.Column.of("scope"),
            Output.Column.of("name"),
            Output.Column.of("kind"),
            Output.Column.of("direction"),
            Output.Column.of("admitted"),
            Output.Column.of("denied"),
            Output.Column.of("keys"),
            Output.Column.of("limit"),
            new Output.Column("in flight", limit -> Json.text(limit.get("inFlight"))));

    private LimitsCommand() {}

    private static List<Map<String, @Nullable Object>> limits(Remote remote) {
        return remote.list("/v1/mesh/limits", "limits");
    }

    /** Lists limits. */
    @Command(
            description =
                    "Lists the rate limits of policies and the concurrency limits of addresses that a call has met.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice limits ls"})
    static final class Ls extends ServerCommand {
        Ls(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            output.list(terminal(), limits(remote()), COLUMNS);
            return 0;
        }
    }

    /** Shows the limits of one scope. */
    @Command(
            description = "Shows the rate limits of a policy, or the concurrency limits of an address.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice limits show append"})
    static final class Show extends ServerCommand {
        @Parameters(paramLabel = "SCOPE", description = "A policy's name, or an address.")
        private String scope = "";

        Show(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var found = limits(remote()).stream()
                    .filter(limit -> scope.equals(limit.get("scope")))
                    .toList();
            if (found.isEmpty()) {
                throw Failure.of(
                                Failure.Kind.NOT_FOUND,
                                "found no limit of " + scope + " that a call has met, expected a policy or an address")
                        .with("next", "sluice limits ls lists the limits there are");
            }
            output.list(terminal(), found, COLUMNS);
            return 0;
        }
    }
}
