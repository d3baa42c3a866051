package dev.sluice.server.cli;

import java.util.Map;
import picocli.CommandLine.Option;

/** {@code --expect}: what a write demands of its stream. */
final class ExpectOption {
    @Option(
            names = "--expect",
            paramLabel = "N|any|none|exists",
            description = "What the stream must be for anything to happen.")
    private String expected = "any";

    boolean isDemanding() {
        return !expected.equals("any");
    }

    /** The header that says so to the server; none for {@code any}. */
    Map<String, String> headers() {
        if (!expected.matches("any|none|exists|\\d{1,18}")) {
            throw GivenJson.usage("found --expect '" + expected + "', expected a version, any, none or exists");
        }
        return switch (expected) {
            case "any" -> Map.of();
            case "none" -> Map.of("If-None-Match", "*");
            case "exists" -> Map.of("If-Match", "*");
            default -> Map.of("If-Match", '"' + expected + '"');
        };
    }
}
