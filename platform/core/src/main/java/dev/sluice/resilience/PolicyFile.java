package dev.sluice.resilience;

import dev.sluice.yaml.YamlFile;
import java.util.ArrayList;
import java.util.List;

/** Policies in YAML, as {@code docs/mesh.md} describes them. */
public final class PolicyFile {
    private PolicyFile() {}

    /** Reads a text with the key {@code policies}; DEFINITION_INVALID names file, line, column and key. */
    public static List<Policy> read(String text, String file) {
        var policies = new ArrayList<Policy>();
        YamlFile.read(text, file, "policies").forEach(document -> policies.addAll(PolicyReader.read(document)));
        return List.copyOf(policies);
    }
}
