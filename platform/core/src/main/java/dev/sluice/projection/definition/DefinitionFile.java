package dev.sluice.projection.definition;

import dev.sluice.log.Failure;
import dev.sluice.yaml.YamlFile;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** One or more definitions in YAML 1.2 (JSON is a subset of it). */
public final class DefinitionFile {
    private DefinitionFile() {}

    /** A definition and the text it was written in. */
    public record Written(Definition definition, String text) {}

    /** Reads every document; DEFINITION_INVALID names file, line and key. */
    public static List<Written> read(String text, String file) {
        var documents = YamlFile.read(text, file, "projection");
        var names = new HashSet<String>();
        var written = new ArrayList<Written>();
        for (var document : documents) {
            var definition = DefinitionReader.read(document);
            if (!names.add(definition.name())) {
                throw document.invalid(
                        null, "projection", "found '" + definition.name() + "' a second time, expected it once");
            }
            written.add(new Written(definition, document.text()));
        }
        return written;
    }

    /** The only definition, which must be of a name. */
    public static Written only(List<Written> written, String name) {
        String found = written.get(0).definition().name();
        if (written.size() != 1 || !found.equals(name)) {
            throw Failure.of(
                            Failure.Kind.DEFINITION_INVALID,
                            written.size() != 1
                                    ? "found " + written.size() + " definitions, expected the one of '" + name + "'"
                                    : "found projection '" + found + "', expected '" + name + "'")
                    .with("line", 1)
                    .with("key", "projection");
        }
        return written.get(0);
    }
}
