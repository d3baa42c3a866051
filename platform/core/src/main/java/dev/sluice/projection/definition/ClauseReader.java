package dev.sluice.projection.definition;

import dev.sluice.expression.EventSlots;
import dev.sluice.expression.Expression;
import dev.sluice.expression.Variable;
import dev.sluice.log.Failure;
import dev.sluice.projection.definition.Definition.Aggregated;
import dev.sluice.projection.definition.Definition.Assignment;
import dev.sluice.projection.definition.Definition.Clause;
import dev.sluice.projection.definition.Definition.Column;
import dev.sluice.projection.definition.Definition.Deed;
import dev.sluice.projection.definition.Definition.Each;
import dev.sluice.projection.definition.Definition.Key;
import dev.sluice.yaml.Document;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads the keys and clauses of a definition, strictly, and gathers its columns. */
final class ClauseReader {
    private static final Pattern COLUMN = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,63}");
    private static final Set<String> RESERVED = Set.of("key", "each", "delete", "true", "false", "null", "in");
    static final int MAX_CLAUSES = 200;
    private static final int MAX_KEY_PARTS = 10;
    private static final Pattern CALL = Pattern.compile("\\s*([a-z]+)\\s*\\(");
    private static final Pattern EACH =
            Pattern.compile("(.+)\\sas\\s+([A-Za-z_][A-Za-z0-9_]{0,63})\\s*", Pattern.DOTALL);
    private static final Map<String, Aggregate> AGGREGATES = List.of(Aggregate.values()).stream()
            .collect(Collectors.toUnmodifiableMap(Aggregate::word, aggregate -> aggregate));

    private final Document document;
    private final EventSlots slots;
    private final List<String> carried;
    private final Set<String> carriedTypes;
    private final Definition.@Nullable Window window;
    private final List<Aggregated> columns = new ArrayList<>();

    ClauseReader(
            Document document, EventSlots slots, List<Definition.Carried> carried, Definition.@Nullable Window window) {
        this.document = document;
        this.slots = slots;
        this.carried = carried.stream().map(Definition.Carried::name).toList();
        this.carriedTypes =
                carried.stream().map(Definition.Carried::type).collect(Collectors.toCollection(TreeSet::new));
        this.window = window;
    }

    List<Column> columns() {
        return List.copyOf(columns);
    }

    List<Clause> fold(@Nullable Node node) {
        var types = document.fields(document.present(node, "fold", "a map of event types to columns"), "fold", null);
        if (types.isEmpty() || types.size() > MAX_CLAUSES) {
            throw document.invalid(
                    node, "fold", "found " + types.size() + " event types, expected 1 to " + MAX_CLAUSES);
        }
        if (types.containsKey("")) {
            throw document.invalid(node, "fold", "found an event type without a name, expected one with");
        }
        var clauses = new ArrayList<Clause>();
        types.forEach((type, columns) -> clauses.add(clause(type, columns)));
        if (columns.isEmpty()) {
            throw document.invalid(node, "fold", "found no column, expected at least one");
        }
        carriedTypes.stream()
                .filter(type -> !types.containsKey(type))
                .forEach(type -> clauses.add(new Clause(type, Deed.NONE, null, null, List.of())));
        return List.copyOf(clauses);
    }

    /** A key; of a definition with windows it must name where the window begins or ends. */
    Key key(Node node, String key, List<Variable> variables) {
        if (node instanceof SequenceNode list) {
            int parts = list.getValue().size();
            if (parts < 1 || parts > MAX_KEY_PARTS) {
                throw document.invalid(
                        node, key, "found a list of " + parts + ", expected 1 to " + MAX_KEY_PARTS + " expressions");
            }
            return checked(
                    node,
                    key,
                    new Key(
                            list.getValue().stream()
                                    .map(part -> scalar(part, key, variables))
                                    .toList(),
                            true));
        }
        return checked(node, key, new Key(List.of(scalar(node, key, variables)), false));
    }

    private Key checked(Node node, String path, Key key) {
        if (window != null && key.parts().stream().noneMatch(this::namesWindow)) {
            throw document.invalid(
                    node,
                    path,
                    "found a key without the window, expected it to name window.start: [ data.currency, window.start ]");
        }
        return key;
    }

    /** Whether it cannot be compiled where there is no window. */
    private boolean namesWindow(Expression expression) {
        var others = new ArrayList<>(Definition.variables(carried, false, null));
        try {
            slots.compileScalar(expression, others);
            return false;
        } catch (Failure unknown) {
            return true;
        }
    }

    private Expression scalar(Node node, String key, List<Variable> variables) {
        return document.checked(node, key, () -> {
            var expression = Expression.parse(document.text(node, key));
            slots.compileScalar(expression, variables);
            return expression;
        });
    }

    private Clause clause(String type, Node node) {
        String path = "fold." + type;
        var fields = document.fields(node, path, null);
        var eachNode = fields.get("each");
        var each = eachNode == null ? null : each(eachNode, path + ".each");
        var variables = variables(each);
        var keyNode = fields.get("key");
        Key key = keyNode == null ? null : key(keyNode, path + ".key", variables);
        var deleteNode = fields.get("delete");
        if (deleteNode != null) {
            checkDelete(deleteNode, path + ".delete", fields);
            return new Clause(type, Deed.DELETE, key, each, List.of());
        }
        var assignments = new ArrayList<Assignment>();
        fields.forEach((name, value) -> {
            if (!name.equals("each") && !name.equals("key")) {
                assignments.add(assignment(name, value, path + "." + name, variables));
            }
        });
        return new Clause(type, Deed.FOLD, key, each, List.copyOf(assignments));
    }

    private void checkDelete(Node node, String path, Map<String, Node> fields) {
        if (!document.text(node, path).equals("true")) {
            throw document.invalid(node, path, "found " + Document.shown(node) + ", expected true");
        }
        if (!Set.of("key", "each", "delete").containsAll(fields.keySet())) {
            throw document.invalid(node, path, "found columns beside delete, expected only key and each");
        }
    }

    private List<Variable> variables(@Nullable Each each) {
        return Definition.variables(carried, window != null, each);
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
            slots.compileList(list, variables(null));
            return new Each(list, written.group(2));
        });
    }

    private Assignment assignment(String name, Node node, String path, List<Variable> variables) {
        checkColumn(name, node, path);
        String text = document.text(node, path);
        var word = CALL.matcher(text);
        var aggregate = word.lookingAt() ? AGGREGATES.get(word.group(1)) : null;
        if (aggregate == null) {
            throw document.invalid(
                    node,
                    path,
                    "found " + Document.shown(node)
                            + ", expected count(), or sum, min, max, first, last, avg, set or list " + "of something: '"
                            + name + "' is not a key of a clause (key, each, delete) but a column");
        }
        var call = document.checked(node, path, () -> Expression.parseCall(text));
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
                        node,
                        path,
                        "found " + text + ", expected 1 to " + Aggregate.MAX_MEMBERS + " as the size of the list");
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
        var column = new Aggregated(name, aggregate, size);
        return new Assignment(index(column, node, path), column, argument);
    }

    void checkColumn(String name, Node node, String path) {
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

    private int index(Aggregated wanted, Node node, String path) {
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
        if (columns.size() == DefinitionReader.MAX_COLUMNS) {
            throw document.invalid(
                    node, path, "found more than " + DefinitionReader.MAX_COLUMNS + " columns, expected fewer");
        }
        columns.add(wanted);
        return columns.size() - 1;
    }

    private static String shown(Aggregated column) {
        return column.aggregate().word() + "()" + (column.size() == 0 ? "" : " of " + column.size());
    }
}
