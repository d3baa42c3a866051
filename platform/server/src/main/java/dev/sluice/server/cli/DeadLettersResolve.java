package dev.sluice.server.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What retry and discard have in common: which letters, asking first, part after part, the sum. */
abstract class DeadLettersResolve extends ServerCommand {
    private static final List<String> COUNTS =
            List.of("retried", "discarded", "failed", "released", "already", "skipped");
    private static final Remote.Body NOTHING = Remote.Body.of("application/json", "");

    private final String verb;
    private final Map<String, Long> counts = new LinkedHashMap<>();
    private final List<@Nullable Object> failedAs = new ArrayList<>();
    private final List<Map<String, @Nullable Object>> became = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();

    @Parameters(paramLabel = "ID", arity = "0..*", description = "Ids of letters.")
    private List<String> ids = List.of();

    @Mixin
    private DeadLettersCommand.Filter filter = new DeadLettersCommand.Filter();

    @Option(names = "--all", description = "Every open letter of every consumer.")
    private boolean isAll;

    @Option(names = "--dry-run", description = "Only list the letters that are meant.")
    private boolean isDryRun;

    DeadLettersResolve(Cli cli, String verb) {
        super(cli);
        this.verb = verb;
    }

    /** Retries dead letters. */
    @Command(
            description =
                    "Retries dead letters: a record is mapped again as its source is configured now, an event goes to its projection or"
                            + " saga again.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice dead-letters retry --consumer source:orders --reason no-stream"})
    static final class Retry extends DeadLettersResolve {
        Retry(Cli cli) {
            super(cli, "retry");
        }

        @Override
        boolean mustAsk() {
            return false;
        }
    }

    /** Discards dead letters. */
    @Command(
            description = "Discards dead letters: they are kept, and count as resolved.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice dead-letters discard 0:17 --yes"})
    static final class Discard extends DeadLettersResolve {
        @Option(names = "--yes", description = "Do not ask.")
        private boolean isSure;

        Discard(Cli cli) {
            super(cli, "discard");
        }

        @Override
        boolean mustAsk() {
            return !isSure;
        }
    }

    abstract boolean mustAsk();

    @Override
    public Integer call() throws IOException {
        int ways = (ids.isEmpty() ? 0 : 1) + (filter.isEmpty() ? 0 : 1) + (isAll ? 1 : 0);
        if (ways != 1) {
            throw DeadLettersCommand.usage(
                    "found " + (ways == 0 ? "nothing" : "several ways") + " to say which letters, expected ids, or"
                            + " --consumer and --reason, or --all",
                    verb);
        }
        Remote remote = remote();
        if (isDryRun) {
            output.list(terminal(), meant(remote), DeadLettersCommand.COLUMNS);
            return 0;
        }
        if (mustAsk() && !isConfirmed(remote)) {
            terminal().say("nothing was discarded");
            return 1;
        }
        COUNTS.forEach(name -> counts.put(name, 0L));
        if (ids.isEmpty()) {
            resolveAll(remote);
        } else {
            ids.forEach(
                    id -> add(remote.send("POST", DeadLettersCommand.PATH + Remote.path(id, verb), Map.of(), NOTHING)
                            .json()));
        }
        print();
        return counts.getOrDefault("failed", 0L) + counts.getOrDefault("skipped", 0L) == 0 ? 0 : 1;
    }

    private List<Map<String, @Nullable Object>> meant(Remote remote) {
        if (ids.isEmpty()) {
            return DeadLettersCommand.letters(remote, filter.parameters(), Integer.MAX_VALUE);
        }
        return ids.stream()
                .map(id -> remote.get(DeadLettersCommand.PATH + Remote.path(id)).json())
                .toList();
    }

    private boolean isConfirmed(Remote remote) throws IOException {
        if (!terminal().isInteractive()) {
            throw DeadLettersCommand.usage("found no --yes, expected it where nobody can be asked", verb);
        }
        int count = meant(remote).size();
        terminal().say("Discard " + count + (count == 1 ? " dead letter" : " dead letters") + "? [y/N]");
        var in = new BufferedReader(new InputStreamReader(cli.in(), StandardCharsets.UTF_8));
        String answer = in.readLine();
        return answer != null && answer.strip().matches("(?i)y|yes");
    }

    private void resolveAll(Remote remote) {
        var parameters = filter.parameters();
        parameters.put("all", isAll ? "true" : null);
        do {
            var part = remote.send(
                            "POST", DeadLettersCommand.PATH + "/" + verb + Remote.query(parameters), Map.of(), NOTHING)
                    .json();
            add(part);
            parameters.put("cursor", part.get("next"));
            terminal().mention(summary());
        } while (parameters.get("cursor") != null);
    }

    private void add(Map<String, @Nullable Object> part) {
        for (String name : COUNTS) {
            Object value = part.get(name);
            long count = value instanceof Boolean is ? (is ? 1 : 0) : Json.number(value, 0);
            counts.merge(name, count, Long::sum);
        }
        failedAs.addAll(Json.list(part.get("failedAs")));
        became.addAll(Json.objects(part.get("became")));
        for (Object problem : Json.list(part.get("problems"))) {
            if (!problems.contains(Json.text(problem))) {
                problems.add(Json.text(problem));
            }
        }
    }

    private String summary() {
        var parts = new ArrayList<String>();
        counts.forEach((name, count) -> {
            if (count > 0) {
                parts.add(count + " " + name);
            }
        });
        return parts.isEmpty() ? "no open dead letters" : String.join(", ", parts);
    }

    private void print() {
        var sum = new LinkedHashMap<String, @Nullable Object>(counts);
        sum.put("failedAs", failedAs);
        sum.put("became", became);
        sum.put("problems", problems);
        output.one(terminal(), sum, () -> {
            terminal().line(summary());
            if (!failedAs.isEmpty()) {
                terminal()
                        .line("failed again as "
                                + String.join(
                                        ", ", failedAs.stream().map(Json::text).toList()));
            }
            became.forEach(each -> terminal().line(line(each)));
            problems.forEach(problem -> terminal().line(problem));
        });
    }

    /** What a saga did with the event of a letter. */
    private static String line(Map<String, @Nullable Object> became) {
        var words = new ArrayList<String>();
        for (String name : List.of("id", "outcome", "key", "detail")) {
            if (became.get(name) != null) {
                words.add(Json.text(became.get(name)));
            }
        }
        return String.join("  ", words);
    }
}
