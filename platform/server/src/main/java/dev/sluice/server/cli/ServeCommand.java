package dev.sluice.server.cli;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the server as configured, until it is told to stop. */
@Command(
        description = "Runs the server in production: no broker of its own, no samples.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  sluice serve --config /etc/sluice/sluice.yaml"})
final class ServeCommand implements Callable<Integer> {
    private final Cli cli;

    @Option(names = "--config", required = true, paramLabel = "FILE", description = "The configuration file.")
    private @Nullable Path file;

    @Option(names = "--port", paramLabel = "N", description = "http.port; 0 for any.")
    private @Nullable Integer port;

    @Option(names = "--data", paramLabel = "DIR", description = "data.dir.")
    private @Nullable Path data;

    @Option(names = "--insecure", description = "Allow an address that other machines reach.")
    private boolean insecure;

    ServeCommand(Cli cli) {
        this.cli = cli;
    }

    @Override
    public Integer call() throws Exception {
        var flags = new HashMap<String, String>();
        if (port != null) {
            flags.put("http.port", port.toString());
        }
        if (data != null) {
            flags.put("data.dir", data.toString());
        }
        if (insecure) {
            flags.put("insecure", "true");
        }
        var running = cli.host().start(new Host.Source(file, false, Map.copyOf(flags)));
        UntilStopped.run(cli.terminal(), running.url(), running::close);
        return 0;
    }
}
