package dev.sluice.server.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** Lists the shards of the log. */
@Command(
        description = "Lists the shards of the log.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  sluice shards ls"})
final class ShardsLsCommand extends ServerCommand {
    ShardsLsCommand(Cli cli) {
        super(cli);
    }

    @Override
    public Integer call() {
        var shards = Json.objects(remote().get("/v1/shards?limit=1000").json().get("shards"));
        output.list(terminal(), shards, columns(shards));
        return 0;
    }

    private static List<Output.Column> columns(List<Map<String, @Nullable Object>> shards) {
        var columns = new ArrayList<Output.Column>();
        if (!shards.isEmpty()) {
            shards.get(0).keySet().forEach(name -> columns.add(Output.Column.of(name)));
        }
        return columns;
    }
}
