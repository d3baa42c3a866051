package dev.sluice.server.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about circuit breakers. */
final class BreakersCommand {
    private static final String PATH = "/v1/mesh/breakers";
    private static final int CHANGES_SHOWN = 10;
    private static final List<Output.Column> COLUMNS = List.of(
            Output.Column.of("address"),
            Output.Column.of("policy"),
            Output.Column.of("state"),
            Output.Column.of("mode"),
            count("successes"),
            count("failures"),
            Output.Column.of("rejected"),
            count("stale"),
            new Output.Column(
                    "trial in ms",
                    breaker -> breaker.get("millisUntilTrial") == null
                            ? "by an operator"
                            : Json.text(breaker.get("millisUntilTrial"))));
    private static final List<Output.Column> CHANGES = List.of(
            Output.Column.of("time"),
            Output.Column.of("from"),
            Output.Column.of("to"),
            Output.Column.of("cause"),
            count("successes"),
            count("failures"),
            Output.Column.of("policy"),
            Output.Column.of("policyVersion"));

    private BreakersCommand() {}

    /** One of the counts of a phase. */
    private static Output.Column count(String name) {
        return new Output.Column(
                name, each -> Json.text(Json.object(each.get("counts")).get(name)));
    }

    /** Lists circuit breakers. */
    @Command(
            description =
                    "Lists circuit breakers: an address has one from the first call to it on, when its policy has one.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice breakers ls"})
    static final class Ls extends ServerCommand {
        Ls(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            output.list(terminal(), remote().list(PATH, "breakers"), COLUMNS);
            return 0;
        }
    }

    /** A command about one breaker. */
    abstract static class OfOne extends ServerCommand {
        @Parameters(paramLabel = "ADDRESS", description = "The address that the breaker guards.")
        String address = "";

        OfOne(Cli cli) {
            super(cli);
        }
    }

    /** Shows one breaker with its last changes. */
    @Command(
            description = "Shows a circuit breaker and its last changes of state, with why and under which policies.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice breakers show shard.0.append"})
    static final class Show extends OfOne {
        Show(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var remote = remote();
            var found =
                    new LinkedHashMap<>(remote.get(PATH + Remote.path(address)).json());
            var changes = changes(remote);
            found.put("changes", changes);
            output.one(terminal(), found, () -> {
                Output.table(terminal(), List.of(found), COLUMNS);
                terminal().line("");
                Output.table(terminal(), changes, CHANGES);
            });
            return 0;
        }

        /** The newest first. */
        private List<Map<String, @Nullable Object>> changes(Remote remote) {
            var parameters = new LinkedHashMap<String, @Nullable Object>();
            parameters.put("stream", "$mesh");
            parameters.put("type", "BreakerStateChanged");
            parameters.put("where", "data.breaker == '" + address + "'");
            parameters.put("direction", "backward");
            parameters.put("limit", CHANGES_SHOWN);
            var events = Json.parse(
                    remote.get("/v1/events" + Remote.query(parameters)).body());
            return Json.objects(events).stream().map(Show::change).toList();
        }

        private static Map<String, @Nullable Object> change(Map<String, @Nullable Object> event) {
            var change = new LinkedHashMap<String, @Nullable Object>();
            change.put("time", event.get("time"));
            change.putAll(Json.object(event.get("data")));
            return change;
        }
    }

    /** An order to one breaker; prints how it is then. */
    abstract static class Order extends OfOne {
        @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for those who look at it later.")
        private @Nullable String reason;

        Order(Cli cli) {
            super(cli);
        }

        int give(String order) {
            var parameters = new LinkedHashMap<String, @Nullable Object>();
            parameters.put("reason", reason);
            var found = remote().send(
                            "POST",
                            PATH + Remote.path(address, order) + Remote.query(parameters),
                            Map.of(),
                            Remote.Body.of("application/json", ""))
                    .json();
            output.one(terminal(), found, () -> Output.table(terminal(), List.of(found), COLUMNS));
            return 0;
        }
    }

    /** Opens a breaker. */
    @Command(
            description = "Rejects every call to an address until 'breakers reset', or the end of the process.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice breakers open query.orders.byKey --reason 'it is being mended'"})
    static final class Open extends Order {
        Open(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            return give("open");
        }
    }

    /** Resets a breaker. */
    @Command(
            description = "Closes a circuit breaker and starts afresh; what was ordered before is lifted.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice breakers reset shard.0.append"})
    static final class Reset extends Order {
        Reset(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            return give("reset");
        }
    }
}
