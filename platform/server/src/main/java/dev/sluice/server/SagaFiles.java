package dev.sluice.server;

import dev.sluice.log.Failure;
import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.saga.scenario.Diagram;
import dev.sluice.saga.yaml.SagaFile;
import dev.sluice.server.cli.Host;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The files with sagas: registered at start, and again when one has changed. One that is refused, as is other content under a version that was
 * registered before, leaves what is registered as it was; so does one that is removed, until the process ends.
 */
final class SagaFiles implements AutoCloseable {
    private final WatchedFolders folders;
    private final Consumer<SagaDefinition> register;
    private final Map<Path, WatchedFolders.Version> seen = new HashMap<>();

    /** @param register takes a saga on, on the thread that looks at the files; it may block, and a Failure is a problem of the file */
    SagaFiles(List<Path> folders, Consumer<SagaDefinition> register) {
        this.folders = new WatchedFolders("saga", folders);
        this.register = register;
    }

    /** Registers all that can be, then looks for changes until it is closed. CONFIG_INVALID for a folder that cannot be read. */
    void start() {
        folders.start(this::look);
    }

    /** Reads all files of the folders and registers none; the number of sagas. DEFINITION_INVALID, CONFIG_INVALID. */
    static int check(List<Path> folders) {
        try (var watched = new WatchedFolders("saga", folders)) {
            return watched.files().stream()
                    .mapToInt(file -> SagaFile.read(WatchedFolders.text(file), file.toString())
                            .size())
                    .sum();
        }
    }

    /** What is wrong with which file now. */
    Map<Path, String> problems() {
        return folders.problems();
    }

    private void look() {
        var files = folders.files();
        seen.keySet().retainAll(files);
        folders.problems().keySet().retainAll(files);
        files.forEach(this::registerIfChanged);
    }

    private void registerIfChanged(Path file) {
        try {
            var version = WatchedFolders.version(file);
            if (folders.problems().containsKey(file) || !version.equals(seen.get(file))) {
                SagaFile.read(WatchedFolders.text(file), file.toString())
                        .forEach(written -> register.accept(written.definition()));
                seen.put(file, version);
                folders.problems().remove(file);
            }
        } catch (Failure invalid) {
            folders.refuse(file, invalid);
        }
    }

    @Override
    public void close() {
        folders.close();
    }

    /** The sagas of a text, their scenarios played. DEFINITION_INVALID names file, line and key. */
    static List<Host.Saga> read(String text, String file) {
        return SagaFile.read(text, file).stream().map(SagaFiles::played).toList();
    }

    private static Host.Saga played(SagaFile.Written written) {
        var definition = written.definition();
        var scenarios = written.scenarios().stream()
                .map(scenario -> new Host.Scenario(scenario.name(), scenario.problem(definition)))
                .toList();
        return new Host.Saga(definition.name(), definition.version(), Diagram.of(definition.structure()), scenarios);
    }
}
