package dev.sluice.server;

import dev.sluice.saga.scenario.Diagram;
import dev.sluice.saga.yaml.SagaFile;
import dev.sluice.server.cli.Host;
import java.nio.file.Path;
import java.util.List;

/** The files with sagas. */
final class SagaFiles {
    private SagaFiles() {}

    /** Reads all files of a folder and registers none; the number of sagas. DEFINITION_INVALID, CONFIG_INVALID. */
    static int check(Path folder) {
        try (var watched = new WatchedFolders("saga", List.of(folder))) {
            return watched.files().stream()
                    .mapToInt(file -> SagaFile.read(WatchedFolders.text(file), file.toString())
                            .size())
                    .sum();
        }
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
