package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Follows the log: what is chosen of it, from where it is chosen, as lines or NDJSON. */
@Command(
        description = "Follows the log. Reconnects and resumes by itself; Ctrl-C tells how to resume later.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  sluice tail --category order --where 'data.total > 100'",
            "  sluice tail order-8812 --last 5",
            "  sluice tail --since 10m --no-follow | jq .data"
        })
final class TailCommand extends ServerCommand {
    private static final int DEFAULT_LAST = 10;
    private static final int PAGE = 1_000;

    private final Terminal terminal;

    @Parameters(arity = "0..1", paramLabel = "STREAM", description = "A stream, or 'CATEGORY-*' (default: all).")
    private @Nullable String stream;

    @Option(names = "--category", paramLabel = "C", description = "Only streams of this category.")
    private @Nullable String category;

    @Option(names = "--type", paramLabel = "T", description = "Only events of this type; may be repeated.")
    private List<String> types = new ArrayList<>();

    @Option(names = "--where", paramLabel = "EXPR", description = "Only events for which this is true.")
    private @Nullable String where;

    @Option(names = "--since", paramLabel = "10m|TIME", description = "Start with events recorded since then.")
    private @Nullable String since;

    @Option(
            names = "--from",
            paramLabel = "CURSOR",
            description = "Start after this cursor; 'start' is the log's beginning.")
    private @Nullable String from;

    @Option(names = "--last", paramLabel = "N", description = "Start with the last N events (default 10).")
    private @Nullable Integer last;

    @Option(names = "-n", paramLabel = "N", description = "End after N events.")
    private long count = Long.MAX_VALUE;

    @Option(names = "--no-follow", description = "End when no more events are there.")
    private boolean noFollow;

    private long shown;

    TailCommand(Cli cli) {
        super(cli);
        this.terminal = terminal();
    }

    @Override
    public Integer call() throws Exception {
        check();
        var remote = remote();
        var line = new EventLine(terminal, ZoneId.systemDefault());
        boolean isTable = output.format(terminal) == Output.Format.TABLE;
        var show = new Show(line, isTable);
        if (count == 0) {
            return 0;
        }
        if (noFollow) {
            readOnce(remote, show);
        } else {
            follow(remote, show);
        }
        return 0;
    }

    private void check() {
        if (stream != null && category != null) {
            throw usage("found both a stream and --category, expected one of them");
        }
        int starts = (since == null ? 0 : 1) + (from == null ? 0 : 1) + (last == null ? 0 : 1);
        if (starts > 1) {
            throw usage("found several of --since, --from and --last, expected at most one");
        }
        if (count < 0 || (last != null && last < 0)) {
            throw usage("found a negative number of events, expected 0 or more");
        }
        if (stream != null && stream.endsWith("-*")) {
            category = stream.substring(0, stream.length() - 2);
            stream = null;
        }
        if (stream != null && stream.contains("*")) {
            throw usage("found stream pattern '" + stream + "', expected a stream's name or 'CATEGORY-*'");
        }
    }

    private void follow(Remote remote, Show show) throws Exception {
        var request = new LinkedHashMap<String, @Nullable Object>();
        request.put("to", "events:" + (stream != null ? stream : category != null ? "category:" + category : "$all"));
        String filter = filter();
        if (filter != null) {
            request.put("where", filter);
        }
        request.putAll(start());
        var read = new LiveRead(remote.live(), request, terminal::mention, terminal::say);
        var hint = new Thread(() -> sayHowToResume(read));
        Runtime.getRuntime().addShutdownHook(hint);
        try {
            read.run(frame -> {
                for (Object row : Json.list(frame.get("set"))) {
                    if (!show.event(Json.object(Json.list(row).get(1)))) {
                        return false;
                    }
                }
                terminal.flush();
                return true;
            });
        } finally {
            Runtime.getRuntime().removeShutdownHook(hint);
        }
    }

    private Map<String, Object> start() {
        if (since != null) {
            return Map.of("since", GivenTime.of("--since", since).toString());
        }
        if (from != null) {
            return from.equals("start") ? Map.of("since", Instant.EPOCH.toString()) : Map.of("resume", from);
        }
        return Map.of("last", last == null ? Math.min(DEFAULT_LAST, count) : last);
    }

    private void sayHowToResume(LiveRead read) {
        String cursor = read.cursor();
        if (cursor == null) {
            return;
        }
        terminal.out().flush();
        var again = new StringBuilder("sluice tail");
        append(again, "", stream);
        append(again, " --category", category);
        types.forEach(type -> append(again, " --type", type));
        append(again, " --where", where);
        append(again, " --from", cursor);
        terminal.say((terminal.talksToTerminal() ? "\n" : "") + "resume with: " + again);
    }

    private static void append(StringBuilder command, String option, @Nullable String value) {
        if (value != null) {
            command.append(option).append(' ');
            command.append(value.matches("[A-Za-z0-9_.:/@+-]+") ? value : "'" + value.replace("'", "'\\''") + "'");
        }
    }

    private void readOnce(Remote remote, Show show) {
        var parameters = new LinkedHashMap<String, @Nullable Object>();
        parameters.put("stream", stream);
        parameters.put("category", category);
        parameters.put("where", filter());
        if (since == null && from == null && last != null) {
            readLast(remote, parameters, show);
            return;
        }
        parameters.put(
                "since", since == null ? null : GivenTime.of("--since", since).toString());
        parameters.put("after", from == null || from.equals("start") ? null : from);
        parameters.put("limit", PAGE);
        while (true) {
            var answer = page(remote, parameters);
            var events = Json.objects(Json.parse(answer.body()));
            for (var event : events) {
                if (!show.event(event)) {
                    return;
                }
            }
            if (events.isEmpty() || answer.cursor() == null) {
                return;
            }
            parameters.remove("since");
            parameters.put("after", answer.cursor());
        }
    }

    private Remote.Answer page(Remote remote, Map<String, @Nullable Object> parameters) {
        var answer = remote.get("/v1/events" + Remote.query(parameters));
        String failures = answer.filterFailures();
        if (failures != null) {
            terminal.say("--where: failed on " + failures + " events, taken as not matching");
        }
        return answer;
    }

    private void readLast(Remote remote, Map<String, @Nullable Object> parameters, Show show) {
        int wanted = last == null ? DEFAULT_LAST : last;
        parameters.put("direction", "backward");
        var newestFirst = new ArrayList<Map<String, @Nullable Object>>();
        while (newestFirst.size() < wanted) {
            parameters.put("limit", Math.min(PAGE, wanted - newestFirst.size()));
            var answer = page(remote, parameters);
            var events = Json.objects(Json.parse(answer.body()));
            newestFirst.addAll(events);
            if (events.isEmpty() || answer.cursor() == null) {
                break;
            }
            parameters.put("after", answer.cursor());
        }
        for (int i = newestFirst.size() - 1; i >= 0 && show.event(newestFirst.get(i)); i--) {
            // shown by the condition
        }
    }

    /** {@code --where} and {@code --type} as one expression. */
    private @Nullable String filter() {
        if (types.isEmpty()) {
            return where;
        }
        var anyType = new ArrayList<String>();
        types.forEach(type -> anyType.add("type == " + Json.write(type)));
        String chosen = String.join(" || ", anyType);
        return where == null ? chosen : "(" + chosen + ") && (" + where + ")";
    }

    private static Failure usage(String message) {
        return Failure.of(Failure.Kind.INVALID_REQUEST, message)
                .with("code", "usage")
                .with("next", "sluice tail --help");
    }

    /** Prints events and counts them. */
    private final class Show {
        private final EventLine line;
        private final boolean isTable;

        Show(EventLine line, boolean isTable) {
            this.line = line;
            this.isTable = isTable;
        }

        /** False when that was the last one wanted. */
        boolean event(Map<String, @Nullable Object> event) {
            terminal.line(isTable ? line.of(event) : Json.write(event));
            return ++shown < count;
        }
    }
}
