package dev.sluice.server.cli;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** Shows what the server is and how it is. */
@Command(
        description = "Shows the server's version, sources and projections.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  sluice info --json | jq .kafka"})
final class InfoCommand extends ServerCommand {
    InfoCommand(Cli cli) {
        super(cli);
    }

    @Override
    public Integer call() {
        var remote = remote();
        var info = remote.get("/v1/info").json();
        output.one(terminal(), info, () -> table(remote, info));
        return 0;
    }

    private void table(Remote remote, Map<String, @Nullable Object> info) {
        line(
                "server",
                remote.base() + "  version " + Json.text(info.get("version")) + "  node "
                        + Json.text(info.get("node")));
        line("up", uptime(Json.number(info.get("uptimeMs"), 0)));
        line("shards", Json.text(info.get("shards")));
        var kafka = Json.object(info.get("kafka"));
        line(
                "kafka",
                kafka.isEmpty()
                        ? "none"
                        : Json.text(kafka.get("bootstrapServers"))
                                + (Boolean.TRUE.equals(kafka.get("connected")) ? "  connected" : "  not connected"));
        for (var source : Json.objects(kafka.get("sources"))) {
            line(
                    "  source",
                    named(source) + "  topics " + topics(source) + "  lag " + Json.text(source.get("lag"))
                            + problem(source));
        }
        for (var projection : Json.objects(info.get("projections"))) {
            line(
                    "projection",
                    named(projection) + "  " + Json.text(projection.get("rows")) + " rows  "
                            + Json.text(projection.get("state")) + "  lag "
                            + Json.text(Json.object(projection.get("lag")).get("events")) + problem(projection));
        }
    }

    private static String problem(Map<String, @Nullable Object> thing) {
        String problem = Json.text(thing.get("problem"));
        return problem.isEmpty() ? "" : "  " + problem;
    }

    private void line(String name, String value) {
        terminal().line(terminal().styled(Terminal.Style.DIM, String.format("%-12s", name)) + value);
    }

    private static String named(Map<String, @Nullable Object> thing) {
        return Json.text(thing.get("name"));
    }

    private static String topics(Map<String, @Nullable Object> source) {
        List<String> names =
                Json.list(source.get("topics")).stream().map(Json::text).toList();
        return String.join(", ", names);
    }

    private static String uptime(long millis) {
        var up = Duration.ofMillis(millis);
        return up.toDays() > 0
                ? up.toDays() + "d " + up.toHoursPart() + "h"
                : up.toHours() > 0
                        ? up.toHours() + "h " + up.toMinutesPart() + "m"
                        : up.toMinutes() + "m " + up.toSecondsPart() + "s";
    }
}
