package dev.sluice.projection.definition;

import dev.sluice.log.Failure;
import java.util.ArrayList;
import java.util.HashSet;
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

/** One or more definitions in YAML 1.2 (JSON is a subset of it). */
public final class DefinitionFile {
    private static final int MAX_CHARACTERS = 1 << 20;
    private static final int MAX_LEVELS = 32;

    private DefinitionFile() {}

    /** A definition and the text it was written in. */
    public record Written(Definition definition, String text) {}

    /** Reads every document; DEFINITION_INVALID names file, line and key. */
    public static List<Written> read(String text, String file) {
        if (text.length() > MAX_CHARACTERS) {
            throw invalid(file, 1, "found " + text.length() + " characters, expected at most " + MAX_CHARACTERS);
        }
        var documents = documents(text, file);
        if (documents.isEmpty()) {
            throw invalid(file, 1, "found no definition, expected at least one");
        }
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

    private static List<Document> documents(String text, String file) {
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
        nodes.removeIf(DefinitionFile::isEmpty);
        var documents = new ArrayList<Document>();
        for (var node : nodes) {
            if (!(node instanceof MappingNode root)) {
                int line = node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
                throw invalid(file, line, "found " + Document.shown(node) + ", expected a map with the key projection");
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
