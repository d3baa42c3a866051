package dev.sluice.projection.definition;

import dev.sluice.projection.definition.Definition.Clause;
import dev.sluice.projection.definition.Definition.Column;
import dev.sluice.projection.definition.Definition.Deed;
import dev.sluice.projection.definition.Definition.Typed;
import dev.sluice.projection.definition.Definition.Typed.Kind;
import dev.sluice.yaml.Document;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads what a definition tells of its Java code, strictly: version, event types, columns. */
final class JavaReader {
    private static final int MAX_VERSION = 1_000_000_000;
    private static final Map<String, Kind> KINDS =
            Stream.of(Kind.values()).collect(Collectors.toUnmodifiableMap(Kind::word, kind -> kind));

    private final Document document;

    JavaReader(Document document) {
        this.document = document;
    }

    int version(Node node) {
        var parts = document.fields(node, "java", Set.of("version"));
        var versionNode = document.present(parts.get("version"), node, "java.version", "a whole number from 1 on");
        String text = document.text(versionNode, "java.version");
        if (!text.matches("[1-9][0-9]{0,9}") || Long.parseLong(text) > MAX_VERSION) {
            throw document.invalid(
                    versionNode,
                    "java.version",
                    "found " + text + ", expected a whole number from 1 to " + MAX_VERSION);
        }
        return Integer.parseInt(text);
    }

    List<Clause> fold(@Nullable Node node) {
        if (!(document.present(node, "fold", "a list of event types") instanceof SequenceNode list)
                || list.getValue().isEmpty()
                || list.getValue().size() > ClauseReader.MAX_CLAUSES) {
            throw document.invalid(
                    node, "fold", "found no list of 1 to " + ClauseReader.MAX_CLAUSES + " event types, expected one");
        }
        var types = new TreeSet<String>();
        list.getValue().forEach(each -> types.add(document.text(each, "fold")));
        return types.stream()
                .map(type -> new Clause(type, Deed.FOLD, null, null, List.of()))
                .toList();
    }

    /** @param names knows which names a column may have */
    List<Column> columns(@Nullable Node node, ClauseReader names) {
        var fields =
                document.fields(document.present(node, "columns", "a map of columns to their kinds"), "columns", null);
        if (fields.isEmpty() || fields.size() > DefinitionReader.MAX_COLUMNS) {
            throw document.invalid(
                    node,
                    "columns",
                    "found " + fields.size() + " columns, expected 1 to " + DefinitionReader.MAX_COLUMNS);
        }
        var columns = new ArrayList<Column>();
        fields.forEach((name, kind) -> {
            names.checkColumn(name, kind, "columns." + name);
            columns.add(column(name, kind));
        });
        return List.copyOf(columns);
    }

    private Typed column(String name, Node node) {
        boolean isList = node instanceof SequenceNode list && list.getValue().size() == 1;
        var kindNode = isList ? ((SequenceNode) node).getValue().get(0) : node;
        String word = document.text(kindNode, "columns." + name);
        var kind = KINDS.get(word);
        if (kind == null) {
            throw document.invalid(
                    node,
                    "columns." + name,
                    "found '" + word + "', expected boolean, integer, number, text or time, in [ ] for a list of them");
        }
        return new Typed(name, kind, isList);
    }
}
