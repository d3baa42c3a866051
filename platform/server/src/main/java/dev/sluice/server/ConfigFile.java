package dev.sluice.server;

import dev.sluice.log.Failure;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** One configuration file as it stands, YAML 1.2, every value with its line; knows nothing of which keys exist. */
final class ConfigFile {
    private final Path path;
    private final @Nullable MappingNode root;

    private ConfigFile(Path path, @Nullable MappingNode root) {
        this.path = path;
        this.root = root;
    }

    /** Reads a file; CONFIG_INVALID with file and line when it is missing, is not YAML, or repeats a key. */
    static ConfigFile read(Path path) {
        try (Reader reader = Files.newBufferedReader(path)) {
            Optional<Node> node =
                    new Compose(LoadSettings.builder().setLabel(path.toString()).build()).composeReader(reader);
            if (node.isEmpty()) {
                return new ConfigFile(path, null);
            }
            if (node.get() instanceof MappingNode mapping) {
                return new ConfigFile(path, mapping);
            }
            throw refused(path + ":1: found " + kind(node.get()) + ", expected keys and values");
        } catch (NoSuchFileException missing) {
            throw refused("found no file " + path + ", expected a configuration file there");
        } catch (MalformedInputException malformed) {
            throw refused(path + ": found bytes that are not UTF-8, expected a YAML file in UTF-8");
        } catch (MarkedYamlEngineException malformed) {
            String line = malformed
                    .getProblemMark()
                    .map(mark -> ":" + (mark.getLine() + 1))
                    .orElse("");
            throw refused(path + line + ": found text that is not YAML: " + malformed.getProblem());
        } catch (YamlEngineException | IOException unreadable) {
            throw refused(path + " cannot be read: " + unreadable.getMessage());
        }
    }

    /** A value with the place it stands at, {@code file:line}. */
    record Value(Node node, String where) {
        boolean isMapping() {
            return node instanceof MappingNode;
        }

        /** The text of a scalar. */
        String text(String key) {
            if (node instanceof ScalarNode scalar) {
                return scalar.getValue();
            }
            throw refused(where + ": " + key + ": found " + kind(node) + ", expected a single value");
        }

        /** The texts of a list. */
        List<String> texts(String key) {
            return items(key).stream().map(item -> item.text(key)).toList();
        }

        List<Value> items(String key) {
            if (node instanceof SequenceNode sequence) {
                return sequence.getValue().stream()
                        .map(item -> new Value(item, file() + ":" + line(item)))
                        .toList();
            }
            throw refused(where + ": " + key + ": found " + kind(node) + ", expected a list");
        }

        /** The members of a mapping in order; a repeated key is refused. */
        Map<String, Value> members(String key) {
            if (node instanceof MappingNode mapping) {
                return ConfigFile.members(file(), key, mapping);
            }
            throw refused(where + ": " + key + ": found " + kind(node) + ", expected keys and values");
        }

        private String file() {
            return where.substring(0, where.lastIndexOf(':'));
        }
    }

    /** The top level. */
    Map<String, Value> members() {
        return root == null ? Map.of() : members(path.toString(), "", root);
    }

    Path folder() {
        Path parent = path.toAbsolutePath().getParent();
        return parent == null ? path.toAbsolutePath() : parent;
    }

    private static Map<String, Value> members(String file, String prefix, MappingNode mapping) {
        var members = new LinkedHashMap<String, Value>();
        for (var tuple : mapping.getValue()) {
            String where = file + ":" + line(tuple.getKeyNode());
            if (!(tuple.getKeyNode() instanceof ScalarNode name)) {
                throw refused(where + ": found " + kind(tuple.getKeyNode()) + " as a key, expected a name");
            }
            String key = prefix.isEmpty() ? name.getValue() : prefix + "." + name.getValue();
            if (members.put(name.getValue(), new Value(tuple.getValueNode(), where)) != null) {
                throw refused(where + ": " + key + ": found the key twice, expected it once");
            }
        }
        return members;
    }

    private static int line(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
    }

    private static String kind(Node node) {
        return node instanceof MappingNode
                ? "keys and values"
                : node instanceof SequenceNode ? "a list" : "'" + ((ScalarNode) node).getValue() + "'";
    }

    private static Failure refused(String message) {
        return Failure.of(Failure.Kind.CONFIG_INVALID, message);
    }
}
