package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The YAML documents of a file, told apart by the name of the projection that each defines. */
final class Documents {
    private static final Pattern NAME = Pattern.compile("(?m)^projection:\\s*[\"']?([^\\s\"'#]+)");
    private static final Pattern BETWEEN_DOCUMENTS = Pattern.compile("(?m)^---.*$");

    private final String file;
    private final Map<String, String> definitions = new LinkedHashMap<>();
    private final List<String> others = new ArrayList<>();

    private Documents(String file) {
        this.file = file;
    }

    /** @param file a path; - reads standard input */
    static Documents read(Cli cli, String file) {
        var documents = new Documents(file);
        try {
            documents.split(
                    file.equals("-")
                            ? new String(cli.in().readAllBytes(), StandardCharsets.UTF_8)
                            : Files.readString(Path.of(file)));
        } catch (IOException unreadable) {
            throw Failure.of(Failure.Kind.INVALID_REQUEST, "cannot read " + file + ": " + unreadable)
                    .with("code", "usage")
                    .with("next", "name a file with projection definitions");
        }
        return documents;
    }

    /** Lines before a document are kept as empty ones, so that line numbers stay true. */
    private void split(String text) {
        var between = BETWEEN_DOCUMENTS.matcher(text);
        int start = 0;
        while (start <= text.length()) {
            int end = between.find() ? between.start() : text.length();
            String document = text.substring(start, end);
            if (!document.isBlank()) {
                long linesBefore =
                        text.substring(0, start).chars().filter(c -> c == '\n').count();
                add("\n".repeat((int) linesBefore) + document);
            }
            start = end == text.length() ? end + 1 : between.end();
        }
    }

    private void add(String document) {
        var name = NAME.matcher(document);
        if (!name.find()) {
            others.add(document);
        } else if (definitions.put(name.group(1), document) != null) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    file + ": found projection '" + name.group(1) + "' twice, expected each once");
        }
    }

    /** Definitions by their names; DEFINITION_INVALID when there is a document that is none. */
    Map<String, String> definitions() {
        if (!others.isEmpty()) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    file + ": found a document without a name, expected 'projection: NAME'");
        }
        return definitions;
    }

    /** The only definition and the documents that are none. */
    Map.Entry<String, List<String>> test() {
        if (definitions.size() != 1) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    file + ": found " + definitions.size() + " definitions, expected one, and documents with given"
                            + " and expect");
        }
        return Map.entry(definitions.values().iterator().next(), others);
    }
}
