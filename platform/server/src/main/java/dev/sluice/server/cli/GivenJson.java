package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Data as arguments give them: members {@code k=v}, JSON, {@code @FILE}, or {@code -} for standard input. */
final class GivenJson {
    @Option(
            names = "--data",
            paramLabel = "JSON|@FILE|-",
            description = "The data as JSON, a file of it, or standard input.")
    private @Nullable String data;

    boolean hasOption() {
        return data != null;
    }

    /**
     * Null when nothing is given.
     *
     * @param members {@code k=v}, or a single {@code @FILE} or {@code -}
     */
    @Nullable
    Object read(Cli cli, List<String> members) throws IOException {
        return read(cli, members, name -> false);
    }

    /** The same; a member that has to be text is not read as JSON, unless that is a text. */
    @Nullable
    Object read(Cli cli, List<String> members, Predicate<String> isText) throws IOException {
        if (data != null && !members.isEmpty()) {
            throw usage("found both --data and '" + members.get(0) + "', expected one of them");
        }
        String source = data;
        if (source == null
                && members.size() == 1
                && (members.get(0).equals("-") || members.get(0).startsWith("@"))) {
            source = members.get(0);
        }
        if (source == null) {
            return members.isEmpty() ? null : object(members, isText);
        }
        String text = source.equals("-")
                ? new String(cli.in().readAllBytes(), StandardCharsets.UTF_8)
                : source.startsWith("@") ? file(source.substring(1)) : source;
        try {
            return Json.parse(text);
        } catch (IllegalArgumentException malformed) {
            throw usage("the data is not JSON: " + malformed.getMessage());
        }
    }

    private static String file(String name) {
        try {
            return Files.readString(Path.of(name));
        } catch (IOException unreadable) {
            throw usage("cannot read " + name + ": " + unreadable);
        }
    }

    private static Map<String, @Nullable Object> object(List<String> members, Predicate<String> isText) {
        var object = new LinkedHashMap<String, @Nullable Object>();
        for (String member : members) {
            int equals = member.indexOf('=');
            if (equals < 1) {
                throw usage("found data '" + member + "', expected name=value");
            }
            String name = member.substring(0, equals);
            String text = member.substring(equals + 1);
            Object value = value(text);
            if (object.containsKey(name)) {
                throw usage("found data '" + name + "' twice, expected it once");
            }
            object.put(name, value instanceof String || !isText.test(name) ? value : text);
        }
        return object;
    }

    private static @Nullable Object value(String text) {
        try {
            return Json.parse(text);
        } catch (IllegalArgumentException plainText) {
            return text;
        }
    }

    static Failure usage(String message) {
        return Failure.of(Failure.Kind.INVALID_REQUEST, message)
                .with("code", "usage")
                .with("next", "sluice append --help and sluice command --help show what they take");
    }
}
