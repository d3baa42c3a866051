package dev.sluice.projection.definition;

import dev.sluice.expression.EventSlots;
import dev.sluice.expression.Expression;
import dev.sluice.expression.RowFormula;
import dev.sluice.projection.definition.Definition.Alert;
import dev.sluice.projection.definition.Definition.Carried;
import dev.sluice.projection.definition.Definition.Clause;
import dev.sluice.projection.definition.Definition.Column;
import dev.sluice.projection.definition.Definition.Deed;
import dev.sluice.projection.definition.Definition.Derived;
import dev.sluice.projection.definition.Definition.From;
import dev.sluice.projection.definition.Definition.Index;
import dev.sluice.projection.definition.Definition.Key;
import dev.sluice.projection.definition.Definition.Window;
import dev.sluice.shard.Tags;
import dev.sluice.yaml.Document;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads one definition from the tree of its document, strictly. */
final class DefinitionReader {
    static final int MAX_COLUMNS = 100;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");
    private static final Pattern FIELD = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,63}");
    private static final Pattern CARRIED = Pattern.compile("([^.\\s]+)\\.(\\S+)");
    private static final Pattern DURATION = Pattern.compile("([1-9][0-9]{0,5})([smhdw])");
    private static final Pattern INDEX = Pattern.compile("(\\S+)(?:\\s+(asc|desc))?");
    private static final Map<String, Long> SECONDS =
            Map.of("s", 1L, "m", 60L, "h", 3_600L, "d", 86_400L, "w", 604_800L);
    private static final Set<String> KEYS = Set.of(
            "projection", "from", "carry", "window", "key", "where", "retain", "fold", "derive", "index", "alert");
    private static final Set<String> KEYS_OF_JAVA = Set.of("projection", "java", "from", "fold", "columns", "index");
    /** The one stream of the platform that projections read: its events are facts, and no projection causes one. */
    private static final String OF_THE_MESH = "$mesh";

    private static final int MAX_CARRIED = 50;
    private static final int MAX_INDEXES = 10;

    private final Document document;
    private final EventSlots slots = new EventSlots();
    private final Map<String, Node> fields;
    private final @Nullable Node java;

    private DefinitionReader(Document document) {
        this.document = document;
        java = document.fields(document.root(), "", null).get("java");
        fields = document.fields(document.root(), "", java == null ? KEYS : KEYS_OF_JAVA);
    }

    static Definition read(Document document) {
        return new DefinitionReader(document).definition();
    }

    private Definition definition() {
        String name = name(fields.get("projection"));
        var from = from(fields.get("from"));
        var carryNode = fields.get("carry");
        var carried = carryNode == null ? List.<Carried>of() : carried(carryNode);
        var windowNode = fields.get("window");
        var windowFields = windowNode == null
                ? Map.<String, Node>of()
                : document.fields(windowNode, "window", Set.of("tumbling", "zone", "grace", "retain"));
        var window = windowNode == null ? null : window(windowNode, windowFields);
        var reader = new ClauseReader(document, slots, carried, window);
        var keyNode = fields.get("key");
        var key = keyNode == null
                ? Key.OF_STREAM
                : reader.key(keyNode, "key", Definition.variables(names(carried), window != null, null));
        var whereNode = fields.get("where");
        var where = whereNode == null ? null : where(whereNode, carried, window);
        var ofJava = new JavaReader(document);
        var clauses = java == null ? reader.fold(fields.get("fold")) : ofJava.fold(fields.get("fold"));
        checkWindowed(window, keyNode, clauses);
        var columns = java == null ? reader.columns() : ofJava.columns(fields.get("columns"), reader);
        var deriveNode = fields.get("derive");
        var derived = deriveNode == null ? List.<Derived>of() : derived(deriveNode, reader, columns);
        var indexNode = fields.get("index");
        var alertNode = fields.get("alert");
        return new Definition(
                name,
                java == null ? 0 : ofJava.version(java),
                from,
                carried,
                window,
                key,
                where,
                retainMicros(windowNode, windowFields),
                columns,
                derived,
                indexNode == null ? List.of() : indexes(indexNode, columns, derived),
                alertNode == null ? null : alert(alertNode, columns, derived, clauses),
                clauses);
    }

    private static List<String> names(List<Carried> carried) {
        return carried.stream().map(Carried::name).toList();
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
        String expected = "one of category, categories, stream, types, tags, all";
        var present = document.present(node, "from", expected);
        if (present instanceof ScalarNode scalar && scalar.getValue().equals("all")) {
            return new From(From.Kind.ALL, List.of());
        }
        var fields =
                document.fields(present, "from", Set.of("category", "categories", "stream", "types", "tags", "all"));
        if (fields.size() != 1) {
            throw document.invalid(present, "from", "found " + fields.size() + " keys, expected " + expected);
        }
        var only = fields.entrySet().iterator().next();
        String key = "from." + only.getKey();
        return switch (only.getKey()) {
            case "category" -> new From(From.Kind.CATEGORIES, List.of(plain(only.getValue(), key)));
            case "categories" -> new From(From.Kind.CATEGORIES, names(only.getValue(), key));
            case "stream" -> new From(From.Kind.STREAM, List.of(stream(only.getValue(), key)));
            case "types" -> new From(From.Kind.TYPES, names(only.getValue(), key));
            case "tags" -> new From(From.Kind.TAGS, tags(only.getValue(), key));
            default -> {
                if (!document.text(only.getValue(), key).equals("true")) {
                    throw document.invalid(
                            only.getValue(), key, "found " + Document.shown(only.getValue()) + ", expected true");
                }
                yield new From(From.Kind.ALL, List.of());
            }
        };
    }

    private List<String> names(Node node, String key) {
        if (!(node instanceof SequenceNode list) || list.getValue().isEmpty()) {
            String found = node instanceof SequenceNode ? "an empty list" : Document.shown(node);
            throw document.invalid(node, key, "found " + found + ", expected a list of names");
        }
        return list.getValue().stream().map(each -> plain(each, key)).toList();
    }

    private List<String> tags(Node node, String key) {
        var tags = names(node, key);
        for (String tag : tags) {
            if (!Tags.isTag(tag)) {
                throw document.invalid(node, key, "found '" + tag + "', expected tags such as customer:77");
            }
        }
        return tags;
    }

    private String stream(Node node, String key) {
        return document.text(node, key).equals(OF_THE_MESH) ? OF_THE_MESH : plain(node, key);
    }

    private String plain(Node node, String key) {
        String name = document.text(node, key);
        if (name.isEmpty() || name.startsWith("$")) {
            throw document.invalid(node, key, "found '" + name + "', expected a name that is not the platform's own");
        }
        if (name.chars().anyMatch(Character::isISOControl)) {
            throw document.invalid(node, key, "found a control character, expected none");
        }
        return name;
    }

    private List<Carried> carried(Node node) {
        var carried = new ArrayList<Carried>();
        document.fields(node, "carry", null).forEach((name, value) -> {
            String path = "carry." + name;
            if (!FIELD.matcher(name).matches()) {
                throw document.invalid(
                        value, path, "found '" + name + "', expected 1 to 64 letters, digits and _, first no digit");
            }
            carried.add(carried(name, value, path));
        });
        if (carried.isEmpty() || carried.size() > MAX_CARRIED) {
            throw document.invalid(node, "carry", "found " + carried.size() + " values, expected 1 to " + MAX_CARRIED);
        }
        return List.copyOf(carried);
    }

    /** Either TYPE.field or, for types with points in their names, a map of type and value. */
    private Carried carried(String name, Node node, String path) {
        String type;
        String value;
        if (node instanceof ScalarNode) {
            var written = CARRIED.matcher(document.text(node, path));
            if (!written.matches()) {
                throw document.invalid(
                        node,
                        path,
                        "found '" + document.text(node, path)
                                + "', expected an event type and a field of its data, OrderPlaced.customerId,"
                                + " or { type: com.example.Placed, value: data.customerId }");
            }
            type = written.group(1);
            value = "data." + written.group(2);
        } else {
            var parts = document.fields(node, path, Set.of("type", "value"));
            type = document.text(document.present(parts.get("type"), node, path + ".type", "an event type"), path);
            value = document.text(document.present(parts.get("value"), node, path + ".value", "an expression"), path);
        }
        var expression = document.checked(node, path, () -> {
            var parsed = Expression.parse(value);
            slots.compileScalar(parsed, List.of());
            return parsed;
        });
        return new Carried(name, type, expression);
    }

    private Window window(Node node, Map<String, Node> parts) {
        var tumblingNode =
                document.present(parts.get("tumbling"), node, "window.tumbling", "the length of a window: 1h");
        long seconds = seconds(tumblingNode, "window.tumbling");
        if (!Tumbling.isPossible(seconds)) {
            throw document.invalid(
                    tumblingNode,
                    "window.tumbling",
                    "found " + document.text(tumblingNode, "window.tumbling")
                            + ", expected whole days or a length that divides a day");
        }
        var graceNode = parts.get("grace");
        return new Window(
                new Tumbling(seconds, zone(parts.get("zone"))),
                graceNode == null ? -1 : TimeUnit.SECONDS.toMicros(seconds(graceNode, "window.grace")));
    }

    private ZoneId zone(@Nullable Node node) {
        if (node == null) {
            return ZoneOffset.UTC;
        }
        String name = document.text(node, "window.zone");
        try {
            return ZoneId.of(name);
        } catch (DateTimeException unknown) {
            throw document.invalid(
                    node, "window.zone", "found '" + name + "', expected a time zone such as Europe/Berlin");
        }
    }

    private long retainMicros(@Nullable Node windowNode, Map<String, Node> windowFields) {
        var node = fields.get("retain");
        if (node != null && windowNode != null) {
            throw document.invalid(node, "retain", "found it beside a window, expected it as window.retain");
        }
        var retain = node == null ? windowFields.get("retain") : node;
        return retain == null
                ? 0
                : TimeUnit.SECONDS.toMicros(seconds(retain, node == null ? "window.retain" : "retain"));
    }

    private long seconds(Node node, String path) {
        String text = document.text(node, path);
        var written = DURATION.matcher(text);
        if (!written.matches()) {
            throw document.invalid(
                    node, path, "found '" + text + "', expected a whole number with s, m, h, d or w behind it: 2d");
        }
        return Long.parseLong(written.group(1)) * SECONDS.getOrDefault(written.group(2), 0L);
    }

    private void checkWindowed(@Nullable Window window, @Nullable Node keyNode, List<Clause> clauses) {
        boolean needsKey = clauses.stream().anyMatch(clause -> clause.key() == null && clause.deed() != Deed.NONE);
        if (window != null && keyNode == null && needsKey) {
            throw document.invalid(
                    null,
                    "key",
                    "found no key beside a window, expected one that names window.start:"
                            + " [ data.currency, window.start ]");
        }
    }

    private Expression where(Node node, List<Carried> carried, @Nullable Window window) {
        return document.checked(node, "where", () -> {
            var expression = Expression.parse(document.text(node, "where"));
            slots.compileCondition(expression, Definition.variables(names(carried), window != null, null));
            return expression;
        });
    }

    private List<Derived> derived(Node node, ClauseReader reader, List<Column> columns) {
        var known = known(columns, List.of());
        var derived = new ArrayList<Derived>();
        document.fields(node, "derive", null).forEach((name, value) -> {
            String path = "derive." + name;
            reader.checkColumn(name, value, path);
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

    private static Set<String> known(List<Column> columns, List<Derived> derived) {
        var known = new TreeSet<String>();
        columns.forEach(column -> known.add(column.name()));
        derived.forEach(column -> known.add(column.name()));
        return known;
    }

    private List<Index> indexes(Node node, List<Column> columns, List<Derived> derived) {
        if (!(node instanceof SequenceNode list)
                || list.getValue().isEmpty()
                || list.getValue().size() > MAX_INDEXES) {
            throw document.invalid(
                    node,
                    "index",
                    "found "
                            + (node instanceof SequenceNode given
                                    ? "a list of " + given.getValue().size()
                                    : Document.shown(node))
                            + ", expected a list of 1 to " + MAX_INDEXES
                            + " columns, each with desc or not");
        }
        var known = known(columns, derived);
        var indexes = new ArrayList<Index>();
        for (var each : list.getValue()) {
            var written = INDEX.matcher(document.text(each, "index"));
            if (!written.matches() || !known.contains(written.group(1))) {
                throw document.invalid(
                        each,
                        "index",
                        "found '" + document.text(each, "index") + "', expected a column, with desc or not: "
                                + String.join(", ", known));
            }
            String column = written.group(1);
            if (columns.stream().anyMatch(folded -> folded.name().equals(column) && folded.isList())) {
                throw document.invalid(each, "index", "found a column of lists, expected one of single values");
            }
            var index = new Index(column, "desc".equals(written.group(2)));
            if (indexes.contains(index)) {
                throw document.invalid(each, "index", "found " + index + " a second time, expected it once");
            }
            indexes.add(index);
        }
        return List.copyOf(indexes);
    }

    private Alert alert(Node node, List<Column> columns, List<Derived> derived, List<Clause> clauses) {
        var parts = document.fields(node, "alert", Set.of("when", "emit", "stream"));
        var known = known(columns, derived);
        var whenNode = document.present(parts.get("when"), node, "alert.when", "a condition over the row");
        var when = document.checked(whenNode, "alert.when", () -> {
            var parsed = Expression.parse(document.text(whenNode, "alert.when"));
            RowFormula.compileCondition(parsed, known);
            return parsed;
        });
        var emitNode = document.present(parts.get("emit"), node, "alert.emit", "the type of the event");
        String emit = plain(emitNode, "alert.emit");
        if (clauses.stream().anyMatch(clause -> clause.type().equals(emit))) {
            throw document.invalid(
                    emitNode, "alert.emit", "found a type that fold is about, expected another: it would feed itself");
        }
        var streamNode = document.present(parts.get("stream"), node, "alert.stream", "a stream, such as stock-${key}");
        var stream = document.checked(streamNode, "alert.stream", () -> {
            try {
                var parsed = RowText.parse(plain(streamNode, "alert.stream"));
                parsed.compile(known);
                return parsed;
            } catch (IllegalArgumentException malformed) {
                throw document.invalid(streamNode, "alert.stream", String.valueOf(malformed.getMessage()));
            }
        });
        return new Alert(when, emit, stream);
    }
}
