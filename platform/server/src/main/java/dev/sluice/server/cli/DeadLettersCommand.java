package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands that look at dead letters. */
final class DeadLettersCommand {
    static final String PATH = "/v1/dead-letters";
    static final List<Output.Column> COLUMNS = List.of(
            Output.Column.of("id"),
            Output.Column.of("consumer"),
            Output.Column.of("reason"),
            new Output.Column("attempts", letter -> Json.text(letter.get("attempts"))),
            Output.Column.of("state"),
            new Output.Column("from", DeadLettersCommand::origin),
            new Output.Column("detail", letter -> shortened(Json.text(letter.get("detail")))));

    private static final int PAGE = 1_000;
    private static final int DETAIL_CHARS = 80;

    private DeadLettersCommand() {}

    /** Which letters are meant. */
    static final class Filter {
        @Option(
                names = "--consumer",
                paramLabel = "C",
                description = "Only letters of this consumer: source:NAME, projection:NAME or saga:NAME.")
        private @Nullable String consumer;

        @Option(names = "--reason", paramLabel = "R", description = "Only letters with this reason, such as bad-json.")
        private @Nullable String reason;

        boolean isEmpty() {
            return consumer == null && reason == null;
        }

        Map<String, @Nullable Object> parameters() {
            var parameters = new LinkedHashMap<String, @Nullable Object>();
            parameters.put("consumer", consumer);
            parameters.put("reason", reason);
            return parameters;
        }
    }

    /** At most so many letters. */
    static List<Map<String, @Nullable Object>> letters(
            Remote remote, Map<String, @Nullable Object> filter, long count) {
        var parameters = new LinkedHashMap<>(filter);
        var letters = new ArrayList<Map<String, @Nullable Object>>();
        do {
            parameters.put("limit", Math.min(PAGE, count - letters.size()));
            var page = remote.get(PATH + Remote.query(parameters)).json();
            letters.addAll(Json.objects(page.get("deadLetters")));
            parameters.put("cursor", page.get("cursor"));
        } while (letters.size() < count && parameters.get("cursor") != null);
        return letters;
    }

    /** The record or event that was refused. */
    private static String origin(Map<String, @Nullable Object> letter) {
        var data = Json.object(letter.get("data"));
        return data.containsKey("topic")
                ? Json.text(data.get("topic")) + "/" + Json.text(data.get("partition")) + "/"
                        + Json.text(data.get("offset"))
                : Json.text(data.get("position"));
    }

    private static String shortened(String text) {
        return text.length() <= DETAIL_CHARS ? text : text.substring(0, DETAIL_CHARS) + "…";
    }

    /** Lists dead letters. */
    @Command(
            description = "Lists dead letters: records and events that a consumer refused.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice dead-letters ls --consumer source:orders --reason bad-json"})
    static final class Ls extends ServerCommand {
        @Mixin
        private Filter filter = new Filter();

        @Option(
                names = "--state",
                paramLabel = "S",
                description = "open (default), resolved or all.",
                defaultValue = "open")
        private String state = "open";

        @Option(names = "-n", paramLabel = "N", description = "At most N letters (default 100).")
        private int count = 100;

        Ls(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var parameters = filter.parameters();
            parameters.put("state", state.toLowerCase(Locale.ROOT));
            output.list(terminal(), letters(remote(), parameters, count), COLUMNS);
            return 0;
        }
    }

    /** Shows one dead letter. */
    @Command(
            description = "Shows one dead letter whole.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice dead-letters show 0:17"})
    static final class Show extends ServerCommand {
        @Parameters(paramLabel = "ID", description = "The letter's id.")
        private String id = "";

        Show(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var letter = remote().get(PATH + Remote.path(id)).json();
            output.one(terminal(), letter, () -> {
                var members = new LinkedHashMap<>(letter);
                members.putAll(Json.object(members.remove("data")));
                members.forEach((name, value) -> terminal().line(String.format("%-14s%s", name, Json.text(value))));
            });
            return 0;
        }
    }

    /** A mistake of whoever typed the command. */
    static Failure usage(String message, String verb) {
        return Failure.of(Failure.Kind.INVALID_REQUEST, message)
                .with("code", "usage")
                .with("next", "sluice dead-letters " + verb + " --help");
    }
}
