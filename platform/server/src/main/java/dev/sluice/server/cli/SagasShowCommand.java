package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands that show sagas and their instances. */
final class SagasShowCommand {
    static final List<Output.Column> INSTANCES = List.of(
            Output.Column.of("key"),
            Output.Column.of("run"),
            Output.Column.of("status"),
            new Output.Column("at", instance -> texts(instance.get("at"))),
            new Output.Column("why", SagasShowCommand::why),
            Output.Column.of("progress"));

    private static final List<Output.Column> SAGAS = List.of(
            Output.Column.of("name"),
            new Output.Column("version", SagasShowCommand::version),
            Output.Column.of("live"),
            new Output.Column("instances", saga -> Json.object(saga.get("counts")).entrySet().stream()
                    .filter(each -> Json.number(each.getValue(), 0) > 0)
                    .map(each -> each.getKey() + " " + Json.text(each.getValue()))
                    .collect(Collectors.joining(", "))));
    private static final List<Output.Column> STEPS = List.of(
            Output.Column.of("name"),
            Output.Column.of("kind"),
            Output.Column.of("status"),
            Output.Column.of("attempts"),
            Output.Column.of("error"));
    private static final List<Output.Column> EVENTS = List.of(
            Output.Column.of("version"),
            Output.Column.of("time"),
            Output.Column.of("type"),
            new Output.Column("data", event -> EventLine.members(Json.object(event.get("data")))));

    private SagasShowCommand() {}

    private static String texts(@Nullable Object list) {
        return Json.list(list).stream().map(Json::text).collect(Collectors.joining(", "));
    }

    /** With a note when the process has no code of it, and so of none. */
    private static String version(Map<String, @Nullable Object> saga) {
        boolean hasCode =
                Json.objects(saga.get("versions")).stream().anyMatch(each -> Boolean.TRUE.equals(each.get("code")));
        return Json.text(saga.get("version")) + (hasCode ? "" : " (no code)");
    }

    private static String why(Map<String, @Nullable Object> instance) {
        var parked = Json.object(instance.get("parked"));
        return !parked.isEmpty()
                ? Json.text(parked.get("reason"))
                : Boolean.TRUE.equals(instance.get("stuck"))
                        ? "stuck"
                        : Boolean.TRUE.equals(instance.get("retrying")) ? "retrying" : "";
    }

    /** The path of a saga, or of what belongs to it. */
    static String path(String saga, String... below) {
        return Remote.path("v1", "sagas", saga) + Remote.path(below);
    }

    /** Which instances are meant. */
    static final class Filter {
        @Option(
                names = "--status",
                paramLabel = "STATUS",
                description =
                        "PENDING, RUNNING, COMPENSATING, PARKED, COMPLETED, COMPENSATED, FAILED, RETRYING or STUCK.")
        private @Nullable String status;

        @Option(names = "--older-than", paramLabel = "10m", description = "Nothing has happened to it for so long.")
        private @Nullable String olderThan;

        @Option(
                names = "--where",
                paramLabel = "EXPR",
                description = "An expression over the fields of its state and key, such as 'cents > 1000'.")
        private @Nullable String where;

        boolean isEmpty() {
            return status == null && olderThan == null && where == null;
        }

        Map<String, @Nullable Object> parameters(@Nullable String step) {
            var parameters = new LinkedHashMap<String, @Nullable Object>();
            parameters.put("status", status);
            parameters.put("step", step);
            parameters.put("olderThan", olderThan);
            parameters.put("where", where);
            return parameters;
        }
    }

    /** Lists sagas, or instances of one. */
    @Command(
            description = "Lists sagas; with TYPE its instances. All filters must hold.",
            mixinStandardHelpOptions = true,
            footer = {
                "",
                "Example:",
                "  sluice sagas ls",
                "  sluice sagas ls order-fulfilment --status PARKED --older-than 10m"
            })
    static final class Ls extends ServerCommand {
        @Parameters(paramLabel = "TYPE", arity = "0..1", description = "The saga.")
        private @Nullable String type;

        @Mixin
        private Filter filter = new Filter();

        @Option(names = "--step", paramLabel = "STEP", description = "The step that it is at, or is parked with.")
        private @Nullable String step;

        @Option(names = "-n", paramLabel = "COUNT", description = "At most so many instances (default: all).")
        private long count = Long.MAX_VALUE;

        Ls(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            if (type == null) {
                if (!filter.isEmpty() || step != null) {
                    throw usage("found a filter without TYPE, expected the saga whose instances are meant", "ls");
                }
                output.list(terminal(), remote().list("/v1/sagas", "sagas"), SAGAS);
            } else {
                output.list(terminal(), instances(type), INSTANCES);
            }
            return 0;
        }

        private List<Map<String, @Nullable Object>> instances(String saga) {
            var parameters = filter.parameters(step);
            var found = new ArrayList<Map<String, @Nullable Object>>();
            do {
                parameters.put("limit", Math.min(1_000, count - found.size()));
                var answer = remote().get(path(saga, "instances") + Remote.query(parameters));
                if (answer.filterFailures() != null) {
                    terminal()
                            .say("--where: failed on " + answer.filterFailures() + " instances, taken as not matching");
                }
                found.addAll(Json.objects(answer.json().get("instances")));
                parameters.put("cursor", answer.json().get("cursor"));
            } while (parameters.get("cursor") != null && found.size() < count);
            return found;
        }
    }

    /** A command about one instance. */
    abstract static class OfOne extends ServerCommand {
        @Parameters(index = "0", paramLabel = "TYPE", description = "The saga.")
        String type = "";

        @Parameters(index = "1", paramLabel = "KEY", description = "The key of the instance.")
        String key = "";

        @Option(
                names = "--run",
                paramLabel = "N",
                description = "Of its runs the one of this number (default: the newest).")
        @Nullable
        Integer run;

        OfOne(Cli cli) {
            super(cli);
        }

        final Map<String, @Nullable Object> instance(Remote remote) {
            var parameters = new LinkedHashMap<String, @Nullable Object>();
            parameters.put("run", run);
            return remote.get(path(type, "instances", key) + Remote.query(parameters))
                    .json();
        }

        final List<Map<String, @Nullable Object>> history(Remote remote) {
            var all = new ArrayList<Map<String, @Nullable Object>>();
            var parameters = new LinkedHashMap<String, @Nullable Object>();
            parameters.put("run", run);
            parameters.put("limit", 1_000);
            do {
                var page = remote.get(path(type, "instances", key, "history") + Remote.query(parameters))
                        .json();
                all.addAll(Json.objects(page.get("events")));
                parameters.put("from", page.get("from"));
            } while (parameters.get("from") != null);
            return all;
        }
    }

    /** Shows one instance with what happened to it. */
    @Command(
            description = "Shows an instance of a saga: its steps, its next timer, its state and what happened to it.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice sagas show order-fulfilment o1"})
    static final class Show extends OfOne {
        Show(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var remote = remote();
            var found = new LinkedHashMap<>(instance(remote));
            var history = history(remote);
            found.put("history", history);
            output.one(terminal(), found, () -> {
                show(terminal(), found);
                terminal().line("");
                Output.table(terminal(), history, EVENTS);
            });
            return 0;
        }
    }

    /** An instance as a person reads it, without its history. */
    static void show(Terminal terminal, Map<String, @Nullable Object> instance) {
        Output.table(terminal, List.of(instance), INSTANCES);
        var parked = Json.object(instance.get("parked"));
        if (!parked.isEmpty()) {
            var step = parked.get("step");
            terminal.line("parked since " + Json.text(parked.get("since"))
                    + (step == null ? "" : " with step " + Json.text(step)) + ": " + Json.text(parked.get("error")));
        }
        for (var timer : Json.objects(instance.get("timers"))) {
            terminal.line("timer " + Json.text(timer.get("id")) + " due " + Json.text(timer.get("due")));
        }
        for (var held : Json.objects(instance.get("held"))) {
            terminal.line("holds " + Json.text(held.get("type")) + " at " + Json.text(held.get("position")) + " for "
                    + Json.text(held.get("trigger")));
        }
        terminal.line("state " + Json.write(instance.get("state")));
        terminal.line("");
        Output.table(terminal, Json.objects(instance.get("steps")), STEPS);
    }

    static Failure usage(String what, String command) {
        return Failure.of(Failure.Kind.INVALID_REQUEST, what)
                .with("code", "usage")
                .with("next", "sluice sagas " + command + " --help");
    }
}
