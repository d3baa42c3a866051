package dev.sluice.yaml;

import dev.sluice.log.Failure;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** One YAML document of a file: a tree with lines, and the failures that name them. */
public record Document(String file, MappingNode root, String text) {
    private static final int MAX_SHOWN = 64;

    /** The values of a map by key, in order; {@code allowed} null: any key. */
    public Map<String, Node> fields(Node node, String path, @Nullable Set<String> allowed) {
        if (!(node instanceof MappingNode map)) {
            throw invalid(node, path, "found " + shown(node) + ", expected a map");
        }
        var fields = new LinkedHashMap<String, Node>();
        for (var entry : map.getValue()) {
            String key = text(entry.getKeyNode(), path);
            String keyPath = path.isEmpty() ? key : path + "." + key;
            if (allowed != null && !allowed.contains(key)) {
                throw invalid(
                        entry.getKeyNode(),
                        keyPath,
                        "found an unknown key, expected "
                                + allowed.stream().sorted().collect(Collectors.joining(", ")));
            }
            if (fields.put(key, entry.getValueNode()) != null) {
                throw invalid(entry.getKeyNode(), keyPath, "found the key a second time, expected it once");
            }
        }
        return fields;
    }

    /** The text of a scalar. */
    public String text(Node node, String path) {
        if (node instanceof ScalarNode scalar && !isNull(scalar)) {
            return scalar.getValue();
        }
        throw invalid(node, path, "found " + shown(node) + ", expected text");
    }

    /** The node, unless a key of the top level is missing. */
    public Node present(@Nullable Node node, String path, String expected) {
        return present(node, root, path, expected);
    }

    /** @param parent the map in which it is missing */
    public Node present(@Nullable Node node, Node parent, String path, String expected) {
        if (node == null) {
            throw invalid(parent, path, "found nothing, expected " + expected);
        }
        return node;
    }

    /** Runs a check of an expression; its failure gets this document's line and key. */
    public <T> T checked(Node node, String path, Supplier<T> check) {
        try {
            return check.get();
        } catch (Failure failure) {
            if (failure.kind() != Failure.Kind.FILTER_INVALID) {
                throw failure;
            }
            throw invalid(node, path, "at " + failure.getMessage());
        }
    }

    /** DEFINITION_INVALID with the line of {@code node}; null: of the document. */
    public Failure invalid(@Nullable Node node, String path, String problem) {
        var mark = (node == null ? root : node).getStartMark();
        int line = mark.map(start -> start.getLine() + 1).orElse(1);
        int column = mark.map(start -> start.getColumn() + 1).orElse(1);
        return Failure.of(
                        Failure.Kind.DEFINITION_INVALID,
                        file + ":" + line + ":" + column + ": " + path + ": " + problem)
                .with("line", line)
                .with("col", column)
                .with("key", path);
    }

    /** A value as messages show it. */
    public static String shown(Node node) {
        if (node instanceof ScalarNode scalar) {
            String text = scalar.getValue();
            return isNull(scalar)
                    ? "nothing"
                    : "'" + (text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "…") + "'";
        }
        return node instanceof MappingNode ? "a map" : "a list";
    }

    private static boolean isNull(ScalarNode scalar) {
        return scalar.getTag().getValue().endsWith(":null");
    }
}
