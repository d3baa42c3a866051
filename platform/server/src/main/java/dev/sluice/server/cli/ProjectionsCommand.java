package dev.sluice.server.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about projections, but for their rows. */
final class ProjectionsCommand {
    static final List<Output.Column> COLUMNS = List.of(
            Output.Column.of("name"),
            Output.Column.of("generation"),
            Output.Column.of("state"),
            Output.Column.of("rows"),
            new Output.Column(
                    "lag",
                    projection -> Json.text(Json.object(projection.get("lag")).get("events"))),
            new Output.Column("dead letters", projection -> Json.text(projection.get("deadLetters"))),
            new Output.Column("building", projection -> building(Json.object(projection.get("building")))));

    private ProjectionsCommand() {}

    /** A generation that is being built with how far it is, empty when there is none. */
    static String building(Map<String, @Nullable Object> building) {
        if (building.isEmpty()) {
            return "";
        }
        long events = Json.number(building.get("events"), 0);
        long total = Math.max(1, Json.number(building.get("total"), 0));
        long millisLeft = Json.number(building.get("millisLeft"), -1);
        String problem = building.get("problem") == null ? "" : ": " + Json.text(building.get("problem"));
        String generation = "generation " + Json.text(building.get("generation"));
        if (Json.text(building.get("state")).equals("failed")) {
            return generation + " failed" + problem;
        }
        return generation + " at " + 100 * events / total + " %"
                + (Boolean.TRUE.equals(building.get("held")) ? ", held" : "")
                + (events < total ? ", " + Json.text(building.get("eventsPerSecond")) + " events/s" : "")
                + (events < total && millisLeft >= 0 ? ", " + (millisLeft + 999) / 1_000 + " s left" : "")
                + problem;
    }

    /** Lists projections. */
    @Command(
            description = "Lists projections with their state, rows and lag in events.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice projections ls"})
    static final class Ls extends ServerCommand {
        Ls(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var answer = remote().get("/v1/projections?limit=1000").json();
            output.list(terminal(), Json.objects(answer.get("projections")), COLUMNS);
            return 0;
        }
    }

    /** Shows one projection with its definition. */
    @Command(
            description = "Shows a projection and its definition.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice projections show customer-orders"})
    static final class Show extends ServerCommand {
        @Parameters(paramLabel = "PROJECTION", description = "The projection.")
        private String projection = "";

        Show(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var found =
                    remote().get(Remote.path("v1", "projections", projection)).json();
            output.one(terminal(), found, () -> {
                Output.table(terminal(), List.of(found), COLUMNS);
                terminal().line("");
                terminal().line(Json.text(found.get("definition")).stripTrailing());
            });
            return 0;
        }
    }

    /** Applies the definitions of a file. */
    @Command(
            description = "Applies projection definitions: YAML documents, one projection each.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice projections apply config/samples/projections/customer-orders.yaml"})
    static final class Apply extends ServerCommand {
        @Parameters(paramLabel = "FILE", description = "The file; - reads standard input.")
        private String file = "";

        @Option(names = "--hold", description = "A changed definition goes live only with 'projections switch'.")
        private boolean hold;

        Apply(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var remote = remote();
            var applied = new ArrayList<Map<String, @Nullable Object>>();
            for (var document : Documents.read(cli, file).definitions().entrySet()) {
                var answer = remote.send(
                        "PUT",
                        Remote.path("v1", "projections", document.getKey()) + (hold ? "?hold=true" : ""),
                        Map.of(),
                        Remote.Body.of("application/yaml", document.getValue()));
                var line = new LinkedHashMap<>(answer.json());
                line.put("created", answer.status() == 201);
                applied.add(line);
            }
            output.list(
                    terminal(),
                    applied,
                    List.of(
                            Output.Column.of("projection"),
                            Output.Column.of("generation"),
                            Output.Column.of("created")));
            return 0;
        }
    }
}
