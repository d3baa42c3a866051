package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what each consumer did with an event. */
@Command(
        description = "Shows what each consumer did with an event.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  sluice why 0:184223"})
final class WhyCommand extends ServerCommand {
    private static final List<Output.Column> COLUMNS = List.of(
            Output.Column.of("consumer"),
            Output.Column.of("outcome"),
            new Output.Column("rows", WhyCommand::keys),
            new Output.Column("seen", WhyCommand::seen),
            new Output.Column("detail", WhyCommand::detail));

    private static final Duration EXACT = Duration.ofSeconds(1);

    @Parameters(paramLabel = "POSITION|ID", description = "The event's position, such as 0:184223, or its id.")
    private String event = "";

    @Option(names = "--all", description = "Also those that it is not meant for.")
    private boolean all;

    WhyCommand(Cli cli) {
        super(cli);
    }

    @Override
    public Integer call() {
        var remote = remote();
        String position = event.matches("[0-9]+:[0-9]+") ? event : position(remote, event);
        var why = remote.get(Remote.path("v1", "events") + "/" + position + "/why" + (all ? "?all=true" : ""))
                .json();
        output.one(terminal(), why, () -> {
            var source = Json.object(why.get("source"));
            terminal()
                    .line(Json.text(why.get("position")) + "  " + Json.text(why.get("stream")) + "/"
                            + Json.text(why.get("streamversion")) + "  " + Json.text(why.get("type"))
                            + (source.isEmpty()
                                    ? ""
                                    : "  from topic " + Json.text(source.get("topic")) + ", partition "
                                            + Json.text(source.get("partition")) + ", offset "
                                            + Json.text(source.get("offset"))));
            Output.table(terminal(), Json.objects(why.get("consumers")), COLUMNS);
        });
        return 0;
    }

    private static String position(Remote remote, String id) {
        var parameters = new LinkedHashMap<String, @Nullable Object>();
        parameters.put("where", "id == " + Json.write(id));
        parameters.put("direction", "backward");
        parameters.put("limit", 1);
        var found = Json.objects(
                Json.parse(remote.get("/v1/events" + Remote.query(parameters)).body()));
        if (found.isEmpty()) {
            throw Failure.of(
                    Failure.Kind.EVENT_NOT_FOUND, "found no event with id '" + id + "', expected a position or an id");
        }
        return Json.text(found.get(0).get("position"));
    }

    private static String keys(Map<String, @Nullable Object> consumer) {
        return Json.list(consumer.get("keys")).stream().map(Json::text).collect(Collectors.joining(", "));
    }

    private static String detail(Map<String, @Nullable Object> consumer) {
        return switch (Json.text(consumer.get("outcome"))) {
            case "filtered" -> "where " + Json.text(consumer.get("where"));
            case "parked" -> "behind " + Json.text(consumer.get("behind"));
            case "untold", "received", "held", "ignored" -> Json.text(consumer.get("detail"));
            case "dead_lettered" ->
                (consumer.containsKey("reason") ? Json.text(consumer.get("reason")) + ": " : "")
                        + Json.text(consumer.get("detail"))
                        + (consumer.containsKey("deadLetter")
                                ? ", letter " + Json.text(consumer.get("deadLetter"))
                                : "");
            case "discarded" -> "letter " + Json.text(consumer.get("deadLetter"));
            case "applied" ->
                consumer.containsKey("deadLetter") ? "retried, letter " + Json.text(consumer.get("deadLetter")) : "";
            case "not_reached" -> estimate(Json.object(consumer.get("estimate")));
            default -> "";
        };
    }

    private static String estimate(Map<String, @Nullable Object> estimate) {
        if (estimate.isEmpty()) {
            return "";
        }
        return Json.text(estimate.get("events")) + " events up to it, "
                + (estimate.get("ms") == null
                        ? Json.text(estimate.get("reason"))
                        : "about " + Json.text(estimate.get("ms")) + " ms");
    }

    /** When the consumer came to the event; a span where that is known only roughly. */
    private static String seen(Map<String, @Nullable Object> consumer) {
        var seen = Json.object(consumer.get("seen"));
        if (seen.isEmpty()) {
            return "";
        }
        var after = Instant.parse(Json.text(seen.get("after"))).truncatedTo(ChronoUnit.MILLIS);
        var by = Instant.parse(Json.text(seen.get("by"))).truncatedTo(ChronoUnit.MILLIS);
        return Duration.between(after, by).compareTo(EXACT) <= 0 ? by.toString() : after + " to " + by;
    }

    /** Shows what one projection makes of an event. */
    @Command(
            description = "Shows what a projection makes of an event, folded as if it came now. Nothing is changed.",
            mixinStandardHelpOptions = true,
            footer = {"", "Example:", "  sluice projections explain customer-orders 0:184223"})
    static final class Explain extends ServerCommand {
        @Parameters(index = "0", paramLabel = "PROJECTION", description = "The projection.")
        private String projection = "";

        @Parameters(index = "1", paramLabel = "POSITION", description = "The event's position, such as 0:184223.")
        private String position = "";

        Explain(Cli cli) {
            super(cli);
        }

        @Override
        public Integer call() {
            var told = remote().get(Remote.path("v1", "projections", projection, "explain")
                            + Remote.query(Map.of("position", position)))
                    .json();
            output.one(terminal(), told, () -> {
                Output.table(terminal(), List.of(told), COLUMNS);
                for (var row : Json.objects(told.get("rows"))) {
                    terminal().line("");
                    terminal().line(Json.text(row.get("key")));
                    terminal().line("  before  " + Json.write(row.get("before")));
                    terminal().line("  after   " + Json.write(row.get("after")));
                }
            });
            return 0;
        }
    }
}
