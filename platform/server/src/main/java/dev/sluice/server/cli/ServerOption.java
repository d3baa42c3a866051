package dev.sluice.server.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which server a command talks to. */
final class ServerOption {
    private static final String DEFAULT_URL = "http://127.0.0.1:8080";

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "The server (default: SLUICE_URL, else " + DEFAULT_URL + ").")
    private @Nullable String url;

    Remote remote(Cli cli) {
        if (url != null) {
            return Remote.at(url);
        }
        String fromEnvironment = cli.variable("SLUICE_URL");
        return Remote.at(fromEnvironment == null ? DEFAULT_URL : fromEnvironment);
    }
}
