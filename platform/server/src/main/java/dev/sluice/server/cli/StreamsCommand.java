package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about streams. */
final class StreamsCommand {
    private static final int PAGE = 1_000;
    private static final List<Output.Column> COLUMNS = List.of(
            Output.Column.of("stream"),
            Output.Column.of("version"),
            new Output.Column("last position", stream -> Json.text(stream.get("lastPosition"))),
            Output.Column.of("state"));

    private StreamsCommand() {}

    /** Lists streams by name. */
    @Command(
            description = "Lists streams by name.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice streams ls --category order -n 20"})
    static final class Ls extends ServerCommand {
        @Option(names = "--category", paramLabel = "C", description = "Only streams of this category.")
        private @Nullable String category;

        @Option(names = "--prefix", paramLabel = "P", description = "Only streams whose names begin so.")
        private @Nullable String prefix;

        @Option(names = "-n", paramLabel = "N", description = "At most N streams (default 100).")
        private int count = 100;

        Ls(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var remote = remote();
            var streams = new ArrayList<Map<String, @Nullable Object>>();
            var parameters = new LinkedHashMap<String, @Nullable Object>();
            parameters.put("category", category);
            parameters.put("prefix", prefix);
            while (streams.size() < count) {
                parameters.put("limit", Math.min(PAGE, count - streams.size()));
                var page = remote.get("/v1/streams" + Remote.query(parameters)).json();
                var found = Json.objects(page.get("streams"));
                streams.addAll(found);
                if (found.isEmpty() || page.get("cursor") == null) {
                    break;
                }
                parameters.put("cursor", page.get("cursor"));
            }
            output.list(terminal(), streams, COLUMNS);
            return 0;
        }
    }

    /** Shows one stream. */
    @Command(
            description = "Shows one stream.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice streams show order-8812"})
    static final class Show extends ServerCommand {
        @Parameters(paramLabel = "STREAM", description = "The stream.")
        private String stream = "";

        Show(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var query = Remote.query(Map.of("prefix", stream, "limit", 1));
            var page = remote().get("/v1/streams" + query).json();
            for (var found : Json.objects(page.get("streams"))) {
                if (stream.equals(found.get("stream"))) {
                    output.one(
                            terminal(),
                            found,
                            () -> found.forEach((name, value) ->
                                    terminal().line(String.format("%-14s%s", name, Json.text(value)))));
                    return 0;
                }
            }
            throw Failure.of(Failure.Kind.STREAM_NOT_FOUND, "there is no stream " + stream);
        }
    }
}
