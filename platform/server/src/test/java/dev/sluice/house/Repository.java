package dev.sluice.house;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The checked-out repository that the running test belongs to. */
final class Repository {
    private static final List<String> PLACES = List.of("platform", "connectors");

    private Repository() {}

    /** The folder of the pom that lists the modules, found by walking up from the working directory. */
    static Path root() {
        var start = Path.of("").toAbsolutePath();
        for (var folder = start; folder != null; folder = folder.getParent()) {
            var pom = folder.resolve("pom.xml");
            if (Files.exists(pom) && text(pom).contains("<modules>")) {
                return folder;
            }
        }
        throw new IllegalStateException("no pom.xml with <modules> in or above " + start);
    }

    /** Every main source folder of a module. */
    static List<Path> mainFolders() {
        return PLACES.stream()
                .map(root()::resolve)
                .filter(Files::isDirectory)
                .flatMap(place -> list(place).stream())
                .map(module -> module.resolve("src/main/java"))
                .filter(Files::isDirectory)
                .sorted()
                .toList();
    }

    /** Every Java file of the main source folders. */
    static List<Path> mainSources() {
        return mainFolders().stream()
                .flatMap(folder -> javaFiles(folder).stream())
                .toList();
    }

    static List<Path> javaFiles(Path folder) {
        try (var files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The jars of a folder, none when it is not there. */
    static List<Path> jars(Path folder) {
        return !Files.isDirectory(folder)
                ? List.of()
                : list(folder).stream()
                        .filter(file -> file.toString().endsWith(".jar"))
                        .toList();
    }

    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> list(Path folder) {
        try (var entries = Files.list(folder)) {
            return entries.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
