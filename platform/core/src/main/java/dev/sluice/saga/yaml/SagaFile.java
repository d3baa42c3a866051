package dev.sluice.saga.yaml;

import dev.sluice.saga.definition.SagaDefinition;
import dev.sluice.yaml.YamlFile;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** One or more sagas in YAML 1.2 (JSON is a subset of it). */
public final class SagaFile {
    private SagaFile() {}

    /** A saga, its scenarios and the text it was written in. */
    public record Written(SagaDefinition definition, List<Script> scenarios, String text) {}

    /** Reads every document; DEFINITION_INVALID names file, line and key. */
    public static List<Written> read(String text, String file) {
        var names = new HashSet<String>();
        var written = new ArrayList<Written>();
        for (var document : YamlFile.read(text, file, "saga")) {
            var definition = new SagaReader(document).definition();
            if (!names.add(definition.name() + " " + definition.version())) {
                throw document.invalid(
                        null,
                        "saga",
                        "found '" + definition.name() + "' of version " + definition.version()
                                + " a second time, expected it once");
            }
            written.add(new Written(definition, Script.read(document), document.text()));
        }
        return written;
    }
}
