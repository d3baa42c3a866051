package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
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
    private final Map<String, List<String>> tests = new HashMap<>();
    private String last = "";

    private Documents(String file) {
        this.file = file;
    }

    /** @param file a path; - reads standard input */
    static Documents read(Cli cli, String file) {
        var documents = new Documents(file);
        documents.split(text(cli, file, "projection definitions"));
        return documents;
    }

    /**
     * What stands in a file; INVALID_REQUEST when it cannot be read.
     *
     * @param file a path; - reads standard input
     * @param what is expected in it
     */
    static String text(Cli cli, String file, String what) {
        try {
            return file.equals("-")
                    ? new String(cli.in().readAllBytes(), StandardCharsets.UTF_8)
                    : Files.readString(Path.of(file));
        } catch (NoSuchFileException missing) {
            throw unreadable("found no file " + file, what);
        } catch (CharacterCodingException malformed) {
            throw unreadable("found other bytes than UTF-8 in " + file, what);
        } catch (IOException e) {
            throw unreadable("cannot read " + file + ": " + e, what);
        }
    }

    private static Failure unreadable(String found, String what) {
        return Failure.of(Failure.Kind.INVALID_REQUEST, found + ", expected a file with " + what)
                .with("code", "usage")
                .with("next", "name a file with " + what);
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
            tests.computeIfAbsent(last, first -> new ArrayList<>()).add(document);
            return;
        }
        last = name.group(1);
        if (definitions.put(name.group(1), document) != null) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    file + ": found projection '" + name.group(1) + "' twice, expected each once");
        }
    }

    /** Definitions by their names; DEFINITION_INVALID when there is a document that is none. */
    Map<String, String> definitions() {
        if (!tests.isEmpty()) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    file + ": found a document without a name, expected 'projection: NAME'");
        }
        return definitions;
    }

    /** A definition and the documents behind it that are none. */
    record Tested(String projection, String definition, List<String> tests) {}

    /**
     * The definitions with their tests; DEFINITION_INVALID when there are none.
     *
     * @param name of the one that is meant, empty: all
     */
    List<Tested> tests(String name) {
        if (definitions.isEmpty() || !name.isEmpty() && !definitions.containsKey(name)) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    file + ": found "
                            + (definitions.isEmpty() ? "no definition" : String.join(", ", definitions.keySet()))
                            + ", expected " + (name.isEmpty() ? "one" : name)
                            + ", and behind it documents with given and expect");
        }
        if (tests.containsKey("")) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID, file + ": found a test first, expected it behind its definition");
        }
        var tested = definitions.entrySet().stream()
                .filter(each -> name.isEmpty() || each.getKey().equals(name))
                .map(each -> new Tested(each.getKey(), each.getValue(), tests.getOrDefault(each.getKey(), List.of())))
                .toList();
        if (tested.stream().allMatch(each -> each.tests().isEmpty())) {
            throw Failure.of(
                    Failure.Kind.DEFINITION_INVALID,
                    file + ": found no test" + (name.isEmpty() ? "" : " of " + name)
                            + ", expected documents with given and expect behind a definition");
        }
        return tested;
    }
}
