package dev.sluice.server.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about the policies of the mesh. */
final class PoliciesCommand {
    private static final String PATH = "/v1/mesh/policies";
    private static final List<Output.Column> COLUMNS = List.of(
            Output.Column.of("name"),
            new Output.Column(
                    "address",
                    policy -> Json.text(Json.object(policy.get("match")).get("address"))),
            new Output.Column("outbound", policy -> guards(policy.get("outbound"))),
            new Output.Column("inbound", policy -> guards(policy.get("inbound"))),
            Output.Column.of("place"));
    private static final List<Output.Column> DIFFERENCES = List.of(
            Output.Column.of("address"),
            fared("denied"),
            fared("rejected"),
            fared("trips"),
            fared("retries"),
            Output.Column.of("policyBefore"),
            Output.Column.of("policyAfter"));

    private PoliciesCommand() {}

    /** The names of what a side has. */
    private static String guards(@Nullable Object side) {
        return Json.object(side).entrySet().stream()
                .filter(guard -> guard.getValue() instanceof Map
                        || !Json.list(guard.getValue()).isEmpty())
                .map(Map.Entry::getKey)
                .collect(Collectors.joining(", "));
    }

    /** A number before and after. */
    private static Output.Column fared(String name) {
        return new Output.Column(name, each -> {
            String before = Json.text(Json.object(each.get("before")).get(name));
            String after = Json.text(Json.object(each.get("after")).get(name));
            return before.equals(after) ? before : before + " → " + after;
        });
    }

    /** Lists policies. */
    @Command(
            description = "Lists the policies that apply, with where each is written.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice policies ls"})
    static final class Ls extends ServerCommand {
        Ls(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            output.list(terminal(), remote().list(PATH, "policies"), COLUMNS);
            return 0;
        }
    }

    /** A file of policies that is sent. */
    abstract static class OfFile extends ServerCommand {
        @Parameters(paramLabel = "FILE", description = "The file; - reads standard input.")
        private String file = "";

        @Option(
                names = "--source",
                paramLabel = "NAME",
                description = "Which policies they take the place of (default: those given without a source).")
        private @Nullable String source;

        OfFile(Cli cli) {
            super(cli);
        }

        Map<String, @Nullable Object> send(String method, String path, Map<String, String> headers) {
            var parameters = new LinkedHashMap<String, @Nullable Object>();
            parameters.put("source", source);
            return remote().send(
                            method,
                            path + Remote.query(parameters),
                            headers,
                            Remote.Body.of("application/yaml", Documents.text(cli, file, "policies")))
                    .json();
        }
    }

    /** Applies policies. */
    @Command(
            description = {
                "Applies policies in the place of those of the same source: all of them, or none.",
                "An empty list (policies: []) takes those of the source away."
            },
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice policies apply policies.yaml"})
    static final class Apply extends OfFile {
        @Option(
                names = "--expect",
                paramLabel = "VERSION",
                description = "The version that the policies must have now, else exit code 4.")
        private @Nullable Long expect;

        Apply(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var applied = send("PUT", PATH, expect == null ? Map.of() : Map.of("If-Match", "\"" + expect + "\""));
            output.one(
                    terminal(),
                    applied,
                    () -> Output.table(
                            terminal(),
                            List.of(applied),
                            List.of(Output.Column.of("version"), Output.Column.of("hash"))));
            return 0;
        }
    }

    /** Tries policies. */
    @Command(
            name = "dry-run",
            description = {
                "Shows what applying policies would change, and what the calls of the last minutes would have met.",
                "Nothing is applied."
            },
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice policies dry-run policies.yaml"})
    static final class DryRun extends OfFile {
        DryRun(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var tried = send("POST", PATH + "/dry-run", Map.of());
            output.one(terminal(), tried, () -> {
                for (String change : List.of("added", "changed", "removed")) {
                    Json.list(tried.get(change)).forEach(name -> terminal().line(change + " " + Json.text(name)));
                }
                terminal().line(Json.text(tried.get("attempts")) + " attempts replayed");
                Output.table(terminal(), Json.objects(tried.get("differences")), DIFFERENCES);
            });
            return 0;
        }
    }

    /** Explains which policy an address has. */
    @Command(
            description = "Shows which policy an address has, and what it has before the others that match.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice policies explain shard.0.append"})
    static final class Explain extends ServerCommand {
        @Parameters(paramLabel = "ADDRESS", description = "An address of the event bus.")
        private String address = "";

        Explain(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var found = remote().get(PATH + "/explain" + Remote.query(Map.of("address", address)))
                    .json();
            output.one(terminal(), found, () -> {
                var policy = Json.object(found.get("policy"));
                if (policy.isEmpty()) {
                    terminal().line("no policy matches " + address);
                    return;
                }
                Output.table(terminal(), List.of(policy), COLUMNS);
                Json.objects(found.get("lost")).forEach(lost -> terminal()
                        .line("not " + Json.text(lost.get("policy")) + " (" + Json.text(lost.get("place")) + "): "
                                + Json.text(lost.get("reason"))));
            });
            return 0;
        }
    }
}
