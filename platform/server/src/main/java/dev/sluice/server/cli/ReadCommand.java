package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Reads a stream from one end or a version, or one event by its position. */
@Command(
        description = "Reads a stream, or one event by its position.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  sluice read order-8812",
            "  sluice read order-8812 --backwards -n 3",
            "  sluice read --at 0:184223 --json"
        })
final class ReadCommand extends ServerCommand {
    private static final int PAGE = 1_000;

    @Parameters(arity = "0..1", paramLabel = "STREAM", description = "The stream.")
    private @Nullable String stream;

    @Option(names = "--from", paramLabel = "VERSION", description = "The version to begin with.")
    private @Nullable Long from;

    @Option(names = "--backwards", description = "Newest first.")
    private boolean backwards;

    @Option(names = "-n", paramLabel = "N", description = "At most N events (default: all).")
    private long count = Long.MAX_VALUE;

    @Option(names = "--at", paramLabel = "POSITION", description = "One event, such as 0:184223.")
    private @Nullable String at;

    ReadCommand(Cli cli) {
        super(cli);
    }

    @Override
    public Integer call() {
        var remote = remote();
        if ((stream == null) == (at == null)) {
            throw Failure.of(Failure.Kind.INVALID_REQUEST, "expected either a stream or --at POSITION")
                    .with("code", "usage")
                    .with("next", "sluice read --help");
        }
        if (at != null) {
            show(remote.get(Remote.path("v1", "events") + "/" + at).json(), new EventLine(terminal(), zone()));
        } else if (stream != null) {
            readStream(remote, stream);
        }
        return 0;
    }

    private void readStream(Remote remote, String name) {
        var line = new EventLine(terminal(), zone());
        var parameters = new LinkedHashMap<String, @Nullable Object>();
        parameters.put("from", from);
        parameters.put("direction", backwards ? "backward" : null);
        long left = count;
        while (left > 0) {
            long limit = Math.min(PAGE, left);
            parameters.put("limit", limit);
            var answer = remote.get(Remote.path("v1", "streams", name) + Remote.query(parameters));
            var events = Json.objects(Json.parse(answer.body()));
            events.forEach(event -> show(event, line));
            left -= events.size();
            long last = events.isEmpty()
                    ? 1
                    : Json.number(events.get(events.size() - 1).get("streamversion"), 1);
            if (events.size() < limit || (backwards && last == 1)) {
                return;
            }
            parameters.put("from", backwards ? last - 1 : last + 1);
        }
    }

    private void show(Map<String, @Nullable Object> event, EventLine line) {
        switch (output.format(terminal())) {
            case TABLE -> terminal().line(line.of(event));
            case JSON -> terminal().line(terminal().isInteractive() ? Json.writeIndented(event) : Json.write(event));
            case NDJSON -> terminal().line(Json.write(event));
        }
    }

    private static ZoneId zone() {
        return ZoneId.systemDefault();
    }
}
