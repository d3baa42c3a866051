package dev.sluice.server.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lists the shards of the log. */
@Command(
        description = "Lists the shards of the log.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  sluice shards ls"})
final class ShardsLsCommand implements Callable<Integer> {
    private final Cli cli;

    @Mixin
    private Output output = new Output();

    @Mixin
    private ServerOption server = new ServerOption();

    ShardsLsCommand(Cli cli) {
        this.cli = cli;
    }

    @Override
    public Integer call() {
        var shards = Json.objects(
                server.remote(cli).get("/v1/shards?limit=1000").json().get("shards"));
        output.list(cli.terminal(), shards, columns(shards));
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
