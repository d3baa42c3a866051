package dev.sluice.projection;

import dev.sluice.expression.EventSlots;
import dev.sluice.expression.Expression;
import dev.sluice.expression.RowFormula;
import dev.sluice.log.Failure;
import dev.sluice.projection.Definition.Assignment;
import dev.sluice.projection.Definition.Clause;
import dev.sluice.projection.Definition.Column;
import dev.sluice.projection.Definition.Derived;
import dev.sluice.projection.Definition.Each;
import dev.sluice.projection.Definition.From;
import dev.sluice.projection.Definition.Key;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads one definition from the tree of its document, strictly. */
final class DefinitionReader {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");
    private static final Pattern COLUMN = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,63}");
    private static final Set<String> RESERVED = Set.of("key", "each", "delete", "true", "false", "null", "in");
    private static final Set<String> KEYS = Set.of("projection", "from", "key", "where", "fold", "derive");
    private static final int MAX_COLUMNS = 100;
    private static final int MAX_CLAUSES = 200;
    private static final int MAX_KEY_PARTS = 10;
    private static final Pattern EACH =
            Pattern.compile("(.+)\\sas\\s+([A-Za-z_][A-Za-z0-9_]{0,63})\\s*", Pattern.DOTALL);
    private static final Map<String, Aggregate> AGGREGATES = List.of(Aggregate.values()).stream()
            .collect(Collectors.toUnmodifiableMap(Aggregate::word, aggregate -> aggregate));

    private final Document document;
    private final EventSlots slots = new EventSlots();
    private final List<Column> columns = new ArrayList<>();

    private DefinitionReader(Document document) {
        this.document = document;
    }

    static Definition read(Document document) {
        return new DefinitionReader(document).definition();
    }

    private Definition definition() {
        var fields = document.fields(document.root(), "", KEYS);
        String name = name(fields.get("projection"));
        var from = from(fields.get("from"));
        var keyNode = fields.get("key");
        var key = keyNode == null ? Key.OF_STREAM : key(keyNode, "key", List.of());
        var whereNode = fields.get("where");
        var where = whereNode == null ? null : where(whereNode);
        var clauses = fold(fields.get("fold"));
        var deriveNode = fields.get("derive");
        var derived = deriveNode == null ? List.<Derived>of() : derived(deriveNode);
        return new Definition(name, from, key, where, List.copyOf(columns), derived, clauses);
    }

    private String name(@Nullable Node node) {
        String name = document.text(document.present(node, "projection", "the projection's name"), "projection");
        if (!NAME.matcher(name).matches()) {
            throw document.invalid(
                    node,
                    "projection",
                    "found '" + name + "', expected 1 to 64 letters, digits, _ and -, first a letter or a digit");
        }
        return name;
    }

    private From from(@Nullable Node node) {
        String expected = "one of category, categories, stream, types, all";
        var present = document.present(node, "from", expected);
        if (present instanceof ScalarNode scalar && scalar.getValue().equals("all")) {
            return new From(From.Kind.ALL, List.of());
        }
        var fields = document.fields(present, "from", Set.of("category", "categories", "stream", "types", "all"));
        if (fields.size() != 1) {
            throw document.invalid(present, "from", "found " + fields.size() + " keys, expected " + expected);
        }
        var only = fields.entrySet().iterator().next();
        String key = "from." + only.getKey();
        return switch (only.getKey()) {
            case "category" -> new From(From.Kind.CATEGORIES, List.of(plain(only.getValue(), key)));
            case "categories" -> new From(From.Kind.CATEGORIES, names(only.getValue(), key));
            case "stream" -> new From(From.Kind.STREAM, List.of(plain(only.getValue(), key)));
            case "types" -> new From(From.Kind.TYPES, names(only.getValue(), key));
            default -> {
                if (!document.text(only.getValue(), key).equals("true")) {
                    throw document.invalid(only.getValue(), key, "found something else, expected true");
                }
                yield new From(From.Kind.ALL, List.of());
            }
        };
    }

    private List<String> names(Node node, String key) {
        if (!(node instanceof SequenceNode list) || list.getValue().isEmpty()) {
            throw document.invalid(node, key, "found " + Document.shown(node) + ", expected a list of names");
        }
        return list.getValue().stream().map(each -> plain(each, key)).toList();
    }

    private String plain(Node node, String key) {
        String name = document.text(node, key);
        if (name.isEmpty() || name.startsWith("$")) {
            throw document.invalid(node, key, "found '" + name + "', expected a name that is not the platform's own");
        }
        return name;
    }

    private Key key(Node node, String key, List<String> variables) {
        if (node instanceof SequenceNode list) {
            int parts = list.getValue().size();
            if (parts < 1 || parts > MAX_KEY_PARTS) {
                throw document.invalid(
                        node, key, "found a list of " + parts + ", expected 1 to " + MAX_KEY_PARTS + " expressions");
            }
            return new Key(
                    list.getValue().stream()
                            .map(part -> scalar(part, key, variables))
                            .toList(),
                    true);
        }
        return new Key(List.of(scalar(node, key, variables)), false);
    }

    private Expression scalar(Node node, String key, List<String> variables) {
        return document.checked(node, key, () -> {
            var expression = Expression.parse(document.text(node, key));
            slots.compileScalar(expression, variables);
            return expression;
        });
    }

    private Expression where(Node node) {
        return document.checked(node, "where", () -> {
            var expression = Expression.parse(document.text(node, "where"));
            slots.compileCondition(expression);
            return expression;
        });
    }

    private List<Clause> fold(@Nullable Node node) {
        var types = document.fields(document.present(node, "fold", "a map of event types to columns"), "fold", null);
        if (types.isEmpty() || types.size() > MAX_CLAUSES) {
            throw document.invalid(
                    node, "fold", "found " + types.size() + " event types, expected 1 to " + MAX_CLAUSES);
        }
        var clauses = new ArrayList<Clause>();
        types.forEach((type, columns) -> clauses.add(clause(type, columns)));
        if (columns.isEmpty()) {
            throw document.invalid(node, "fold", "found no column, expected at least one");
        }
        return List.copyOf(clauses);
    }

    private List<Derived> derived(Node node) {
        var known = new TreeSet<String>();
        columns.forEach(column -> known.add(column.name()));
        var derived = new ArrayList<Derived>();
        document.fields(node, "derive", null).forEach((name, value) -> {
            String path = "derive." + name;
            checkColumn(name, value, path);
            if (known.contains(name)) {
                throw document.invalid(value, path, "found a column that fold has already, expected another name");
            }
            var expression = document.checked(value, path, () -> {
                var parsed = Expression.parse(document.text(value, path));
                RowFormula.compile(parsed, known);
                return parsed;
            });
            derived.add(new Derived(name, expression));
            known.add(name);
        });
        if (known.size() > MAX_COLUMNS) {
            throw document.invalid(node, "derive", "found more than " + MAX_COLUMNS + " columns, expected fewer");
        }
        return List.copyOf(derived);
    }

    private Clause clause(String type, Node node) {
        String path = "fold." + type;
        var fields = document.fields(node, path, null);
        var eachNode = fields.get("each");
        var each = eachNode == null ? null : each(eachNode, path + ".each");
        List<String> variables = each == null ? List.of() : List.of(each.variable());
        var keyNode = fields.get("key");
        Key key = keyNode == null ? null : key(keyNode, path + ".key", variables);
        var assignments = new ArrayList<Assignment>();
        fields.forEach((name, value) -> {
            if (!name.equals("each") && !name.equals("key")) {
                assignments.add(assignment(name, value, path + "." + name, variables));
            }
        });
        return new Clause(type, key, each, List.copyOf(assignments));
    }

    private Each each(Node node, String path) {
        var written = EACH.matcher(document.text(node, path));
        if (!written.matches() || RESERVED.contains(written.group(2))) {
            throw document.invalid(
                    node,
                    path,
                    "found '" + document.text(node, path) + "', expected a list and a name: data.items as i");
        }
        return document.checked(node, path, () -> {
            var list = Expression.parse(written.group(1));
            slots.compileList(list);
            return new Each(list, written.group(2));
        });
    }

    private Assignment assignment(String name, Node node, String path, List<String> variables) {
        checkColumn(name, node, path);
        var call = document.checked(node, path, () -> Expression.parseCall(document.text(node, path)));
        var aggregate = AGGREGATES.get(call.name());
        if (aggregate == null) {
            throw document.invalid(
                    node,
                    path,
                    "found " + call.name() + "(), expected count, sum, min, max, first, last, avg, set or list");
        }
        int expected = aggregate == Aggregate.COUNT ? 0 : aggregate == Aggregate.LIST ? 2 : 1;
        if (call.arguments().size() != expected) {
            throw document.invalid(
                    node,
                    path,
                    "found " + call.arguments().size() + " expressions in " + call.name() + "(), expected "
                            + (expected == 0
                                    ? "none"
                                    : expected == 1 ? "one" : "a value and how many: list(data.id, 10)"));
        }
        int size = 0;
        if (aggregate == Aggregate.LIST) {
            size = call.arguments().get(1).literalIndex();
            if (size < 1 || size > Aggregate.MAX_MEMBERS) {
                throw document.invalid(
                        node, path, "found another size of the list, expected 1 to " + Aggregate.MAX_MEMBERS);
            }
        }
        var argument = expected == 0 ? null : call.arguments().get(0);
        if (argument != null) {
            document.checked(
                    node,
                    path,
                    () -> aggregate.takesNumbers()
                            ? slots.compileNumber(argument, variables)
                            : slots.compileScalar(argument, variables));
        }
        return new Assignment(column(new Column(name, aggregate, size), node, path), argument);
    }

    private void checkColumn(String name, Node node, String path) {
        if (RESERVED.contains(name) || !COLUMN.matcher(name).matches()) {
            throw document.invalid(
                    node,
                    path,
                    RESERVED.contains(name)
                            ? "found the word '" + name
                                    + "', which is not supported here, expected the name of a column"
                            : "found column '" + name + "', expected 1 to 64 letters, digits and _, first no digit");
        }
    }

    private int column(Column wanted, Node node, String path) {
        for (int i = 0; i < columns.size(); i++) {
            var known = columns.get(i);
            if (known.name().equals(wanted.name())) {
                if (!known.equals(wanted)) {
                    throw document.invalid(
                            node,
                            path,
                            "found " + shown(wanted) + ", expected " + shown(known) + " as in the clause before");
                }
                return i;
            }
        }
        if (columns.size() == MAX_COLUMNS) {
            throw document.invalid(node, path, "found more than " + MAX_COLUMNS + " columns, expected fewer");
        }
        columns.add(wanted);
        return columns.size() - 1;
    }

    private static String shown(Column column) {
        return column.aggregate().word() + "()" + (column.size() == 0 ? "" : " of " + column.size());
    }

    /** One YAML document of a file: a tree with lines, and the failures that name them. */
    record Document(String file, MappingNode root, String text) {
        private static final Set<String> UNSUPPORTED = Set.of("carry", "index", "alert", "window", "retain", "tags");

        /** The values of a map by key, in order; {@code allowed} null: any key. */
        Map<String, Node> fields(Node node, String path, @Nullable Set<String> allowed) {
            if (!(node instanceof MappingNode map)) {
                throw invalid(node, path, "found " + shown(node) + ", expected a map");
            }
            var fields = new java.util.LinkedHashMap<String, Node>();
            for (var entry : map.getValue()) {
                String key = text(entry.getKeyNode(), path);
                String keyPath = path.isEmpty() ? key : path + "." + key;
                if (allowed != null && !allowed.contains(key)) {
                    throw invalid(
                            entry.getKeyNode(),
                            keyPath,
                            (UNSUPPORTED.contains(key) ? "found a key that is not supported" : "found an unknown key")
                                    + ", expected "
                                    + allowed.stream().sorted().collect(Collectors.joining(", ")));
                }
                if (fields.put(key, entry.getValueNode()) != null) {
                    throw invalid(entry.getKeyNode(), keyPath, "found the key a second time, expected it once");
                }
            }
            return fields;
        }

        /** The text of a scalar. */
        String text(Node node, String path) {
            if (node instanceof ScalarNode scalar && !scalar.getTag().getValue().endsWith(":null")) {
                return scalar.getValue();
            }
            throw invalid(node, path, "found " + shown(node) + ", expected text");
        }

        Node present(@Nullable Node node, String path, String expected) {
            if (node == null) {
                throw invalid(root, path, "found nothing, expected " + expected);
            }
            return node;
        }

        /** Runs a check of an expression; its failure gets this document's line and key. */
        <T> T checked(Node node, String path, java.util.function.Supplier<T> check) {
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
        Failure invalid(@Nullable Node node, String path, String problem) {
            int line = (node == null ? root : node)
                    .getStartMark()
                    .map(mark -> mark.getLine() + 1)
                    .orElse(1);
            return Failure.of(Failure.Kind.DEFINITION_INVALID, file + ":" + line + ": " + path + ": " + problem)
                    .with("line", line)
                    .with("key", path);
        }

        static String shown(Node node) {
            return node instanceof MappingNode ? "a map" : node instanceof SequenceNode ? "a list" : "nothing or text";
        }
    }
}
