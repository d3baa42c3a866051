package dev.sluice.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that the comparing commands share. */
final class BenchOptions {
    @Option(
            names = "--rounds",
            defaultValue = "3",
            paramLabel = "N",
            description = "Rounds over all targets; the median counts (${DEFAULT-VALUE})")
    int rounds = 3;

    @Option(names = "--targets", split = ",", paramLabel = "NAME,…", description = "Only these targets")
    @Nullable
    List<String> targets;

    @Option(
            names = "--bytes",
            defaultValue = "256",
            paramLabel = "N",
            description = "Size of an event's data (${DEFAULT-VALUE})")
    int bytes = 256;

    @Option(
            names = "--streams",
            defaultValue = "100000",
            paramLabel = "N",
            description = "Streams, or record keys (${DEFAULT-VALUE})")
    int streams = 100_000;

    @Option(
            names = "--folder",
            paramLabel = "DIR",
            description = "Where the stores go while they run (a temporary folder)")
    @Nullable
    Path folder;

    @Option(
            names = "--quiet-within",
            defaultValue = "0s",
            converter = DurationConverter.class,
            paramLabel = "TIME",
            description = "Before each run wait so long at most until the machine is quiet (${DEFAULT-VALUE})")
    Duration quietWithin = Duration.ZERO;

    @Option(names = "--json", description = "Print every round as one JSON object")
    boolean json;

    @Option(names = "--check", description = "Exit with 1 when something demanded is missed")
    boolean check;

    /** A fresh folder below the one given. */
    Path newFolder() throws IOException {
        if (folder != null) {
            Files.createDirectories(folder);
            return Files.createTempDirectory(folder, "sluice-bench");
        }
        return Files.createTempDirectory("sluice-bench");
    }

    boolean wants(String target) {
        return targets == null || targets.contains(target);
    }

    /** Reads {@code 30s}, {@code 500ms}, {@code 2m}. */
    static final class DurationConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            try {
                return Duration.parse("PT" + (text.endsWith("ms") ? seconds(text) : text));
            } catch (java.time.format.DateTimeParseException | NumberFormatException malformed) {
                throw new TypeConversionException("found '" + text + "', expected a duration such as 30s, 500ms or 2m");
            }
        }

        private static String seconds(String millis) {
            return Long.parseLong(millis.substring(0, millis.length() - 2)) / 1e3 + "s";
        }
    }
}
