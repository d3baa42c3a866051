package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.time.Instant;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows rows of a projection, or follows their changes. */
@Command(
        description = "Shows rows of a projection, or follows their changes.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  sluice projections rows customer-orders",
            "  sluice projections rows customer-orders cust-77",
            "  sluice projections rows customer-orders --order-by 'gross desc' -n 10",
            "  sluice projections rows customer-orders cust-77 --at 2026-01-31T12:00:00Z",
            "  sluice projections rows customer-orders --where 'gross > 1000' --watch"
        })
final class ProjectionsRowsCommand extends ServerCommand {
    private static final int PAGE = 1_000;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

    private final Terminal terminal;

    @Parameters(index = "0", paramLabel = "PROJECTION", description = "The projection.")
    private String projection = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "KEY", description = "One row's key.")
    private @Nullable String key;

    @Option(names = "--where", paramLabel = "EXPR", description = "Only rows for which this is true.")
    private @Nullable String where;

    @Option(
            names = "--order-by",
            paramLabel = "'COLUMN [desc]'",
            description = "In the order of an index that the definition declares.")
    private @Nullable String orderBy;

    @Option(
            names = "--scan",
            description = "With --order-by: without an index, by looking at all rows (at most 200,000).")
    private boolean scan;

    @Option(
            names = "--at",
            paramLabel = "CURSOR|TIME",
            description = "As the rows were at a cursor, a time or so long ago (2h); folds the log up to there.")
    private @Nullable String at;

    @Option(names = "--watch", description = "Show the rows, then every change, until Ctrl-C.")
    private boolean watch;

    @Option(
            names = "-n",
            paramLabel = "N",
            description = "At most N rows (default 100); with --watch: end after N lines.")
    private @Nullable Long count;

    private @Nullable Instant asked;
    private long shown;

    ProjectionsRowsCommand(Cli cli) {
        super(cli);
        this.terminal = terminal();
    }

    @Override
    public Integer call() throws Exception {
        var remote = remote();
        if (watch && (orderBy != null || at != null) || scan && orderBy == null) {
            throw Failure.of(
                            Failure.Kind.INVALID_REQUEST,
                            watch
                                    ? "found --watch with --order-by or --at, expected one of them"
                                    : "found --scan, expected --order-by with it")
                    .with("code", "usage")
                    .with("next", "sluice projections rows --help");
        }
        if (at != null && GivenTime.isMeant(at)) {
            asked = GivenTime.of("--at", at);
        }
        if (watch) {
            watch(remote);
        } else if (key != null) {
            var found = get(remote, Remote.path("v1", "projections", projection, "rows", key), new LinkedHashMap<>());
            output.one(terminal, found, () -> table(List.of(found)));
        } else {
            list(remote);
        }
        return 0;
    }

    private void list(Remote remote) {
        long wanted = count == null ? 100 : count;
        var rows = new ArrayList<Map<String, @Nullable Object>>();
        var parameters = new LinkedHashMap<String, @Nullable Object>();
        parameters.put("where", where);
        parameters.put("orderBy", orderBy);
        parameters.put("scan", scan ? true : null);
        while (rows.size() < wanted) {
            parameters.put("limit", Math.min(PAGE, wanted - rows.size()));
            var page = get(remote, Remote.path("v1", "projections", projection, "rows"), parameters);
            var found = Json.objects(page.get("rows"));
            rows.addAll(found);
            if (page.get("scanned") != null
                    && !Boolean.TRUE.equals(Json.object(page.get("scanned")).get("complete"))) {
                terminal.mention("looked at the first "
                        + Json.text(Json.object(page.get("scanned")).get("rows"))
                        + " rows only: declare an index for this order");
            }
            if (page.get("cursor") == null) {
                break;
            }
            parameters.put("cursor", page.get("cursor"));
        }
        if (output.format(terminal) == Output.Format.TABLE) {
            table(rows);
        } else {
            output.list(terminal, rows, List.of());
        }
    }

    /** Rows of another time are asked for until they are folded. */
    private Map<String, @Nullable Object> get(Remote remote, String path, Map<String, @Nullable Object> parameters) {
        parameters.put("at", at != null && GivenTime.isMeant(at) ? asked : at);
        while (true) {
            try {
                var answer = remote.get(path + Remote.query(parameters));
                if (answer.filterFailures() != null) {
                    terminal.say("--where: failed on " + answer.filterFailures() + " rows, taken as not matching");
                }
                return answer.json();
            } catch (Failure failure) {
                if (at == null || failure.kind() != Failure.Kind.NOT_YET) {
                    throw failure;
                }
                terminal.mention(String.valueOf(failure.getMessage()));
            }
        }
    }

    private void table(List<Map<String, @Nullable Object>> rows) {
        Set<String> names = new LinkedHashSet<>();
        rows.forEach(row -> names.addAll(Json.object(row.get("row")).keySet()));
        var columns = new ArrayList<Output.Column>();
        columns.add(Output.Column.of("key"));
        names.forEach(name -> columns.add(new Output.Column(
                name, row -> Json.text(Json.object(row.get("row")).get(name)))));
        Output.table(terminal, rows, columns);
    }

    private void watch(Remote remote) throws Exception {
        var request = new LinkedHashMap<String, @Nullable Object>();
        request.put("to", "projection:" + projection);
        request.put("mode", "latest");
        if (where != null) {
            request.put("where", where);
        }
        if (key != null) {
            request.put("prefix", key);
        }
        var read = new LiveRead(remote.live(), request, terminal::mention, terminal::say);
        read.run(this::show);
    }

    private boolean show(Map<String, @Nullable Object> frame) {
        var changed = new ArrayList<Object>(Json.list(frame.get("rows")));
        changed.addAll(Json.list(frame.get("set")));
        for (Object row : changed) {
            if (!show(Json.text(Json.list(row).get(0)), Json.list(row).get(1))) {
                return false;
            }
        }
        for (Object gone : Json.list(frame.get("del"))) {
            if (!show(Json.text(gone), null)) {
                return false;
            }
        }
        terminal.flush();
        return true;
    }

    /** False when that was the last line wanted. */
    private boolean show(String rowKey, @Nullable Object row) {
        if (key != null && !key.equals(rowKey)) {
            return true;
        }
        if (output.format(terminal) == Output.Format.TABLE) {
            String members = row == null ? "gone" : EventLine.members(Json.object(row));
            terminal.line(terminal.styled(Terminal.Style.DIM, LocalTime.now().format(TIME)) + "  "
                    + terminal.styled(Terminal.Style.CYAN, rowKey) + "  " + members);
        } else {
            var line = new LinkedHashMap<String, @Nullable Object>();
            line.put("key", rowKey);
            line.put("row", row);
            terminal.line(Json.write(line));
        }
        return count == null || ++shown < count;
    }
}
