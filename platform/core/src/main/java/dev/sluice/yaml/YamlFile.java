package dev.sluice.yaml;

import dev.sluice.log.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** A text of one or more documents in YAML. */
public final class YamlFile {
    private static final int MAX_CHARACTERS = 1 << 20;
    private static final int MAX_LEVELS = 32;

    private YamlFile() {}

    /**
     * The documents, at least one, each with the text it was written in; DEFINITION_INVALID names file and line.
     *
     * @param key that every document has, for messages
     */
    public static List<Document> read(String text, String file, String key) {
        if (text.length() > MAX_CHARACTERS) {
            throw invalid(file, 1, "found " + text.length() + " characters, expected at most " + MAX_CHARACTERS);
        }
        var nodes = new ArrayList<Node>();
        try {
            var settings = LoadSettings.builder()
                    .setLabel(file)
                    .setUseMarks(true)
                    .setCodePointLimit(MAX_CHARACTERS)
                    .build();
            check(new Parse(settings).parseString(text), file);
            new Compose(settings).composeAllFromString(text).forEach(nodes::add);
        } catch (MarkedYamlEngineException malformed) {
            int line =
                    malformed.getProblemMark().map(mark -> mark.getLine() + 1).orElse(1);
            throw invalid(file, line, "found no YAML: " + malformed.getProblem());
        } catch (YamlEngineException malformed) {
            throw invalid(file, 1, "found no YAML: " + malformed.getMessage());
        }
        nodes.removeIf(YamlFile::isEmpty);
        if (nodes.isEmpty()) {
            throw invalid(file, 1, "found nothing, expected a map with the key " + key);
        }
        var documents = new ArrayList<Document>();
        for (var node : nodes) {
            if (!(node instanceof MappingNode root)) {
                int line = node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
                throw invalid(file, line, "found " + Document.shown(node) + ", expected a map with the key " + key);
            }
            documents.add(new Document(file, root, nodes.size() == 1 ? text : part(text, root)));
        }
        return documents;
    }

    /**
     * Refuses what cannot be told from the nodes: deep nesting, as composing them takes a stack as deep (parsing does not), and tags,
     * as they have some that nobody wrote.
     */
    private static void check(Iterable<Event> events, String file) {
        int level = 0;
        for (var event : events) {
            refuseTag(event, file);
            if (event instanceof CollectionStartEvent && ++level > MAX_LEVELS) {
                int line = event.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
                throw invalid(file, line, "found more than " + MAX_LEVELS + " levels, expected fewer");
            }
            if (event instanceof CollectionEndEvent) {
                level--;
            }
        }
    }

    private static void refuseTag(Event event, String file) {
        var tag = event instanceof ScalarEvent scalar
                ? scalar.getTag()
                : event instanceof CollectionStartEvent start ? start.getTag() : Optional.<String>empty();
        if (tag.isPresent()) {
            var at = event.getStartMark().orElseThrow();
            int line = at.getLine() + 1;
            int column = at.getColumn() + 1;
            throw Failure.of(
                            Failure.Kind.DEFINITION_INVALID,
                            file + ":" + line + ":" + column + ": found the tag "
                                    + tag.get().replace(Tag.PREFIX, "!!") + ", expected none")
                    .with("line", line)
                    .with("col", column)
                    .with("key", "");
        }
    }

    private static boolean isEmpty(Node node) {
        return node instanceof ScalarNode scalar && scalar.getTag().getValue().endsWith(":null");
    }

    private static String part(String text, Node node) {
        return text.substring(
                                at(
                                        text,
                                        node.getStartMark()
                                                .map(org.snakeyaml.engine.v2.exceptions.Mark::getIndex)
                                                .orElse(0)),
                                at(
                                        text,
                                        node.getEndMark()
                                                .map(org.snakeyaml.engine.v2.exceptions.Mark::getIndex)
                                                .orElse(0)))
                        .strip()
                + "\n";
    }

    private static int at(String text, int codePoints) {
        return text.offsetByCodePoints(0, codePoints);
    }

    private static Failure invalid(String file, int line, @Nullable String problem) {
        return Failure.of(Failure.Kind.DEFINITION_INVALID, file + ":" + line + ": " + problem)
                .with("line", line)
                .with("key", "");
    }
}
