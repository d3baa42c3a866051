package dev.sluice.yaml;

import dev.sluice.log.Failure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** The values of one map, asked for by key: what is missing has a default, what is there a type and limits. */
public final class Fields {
    private static final Pattern WHOLE = Pattern.compile("\\d{1,18}");
    private static final Pattern DECIMAL = Pattern.compile("\\d{1,9}(\\.\\d{1,9})?");

    private final Document document;
    private final Node node;
    private final String path;
    private final Map<String, Node> values;

    private Fields(Document document, Node node, String path, Map<String, Node> values) {
        this.document = document;
        this.node = node;
        this.path = path;
        this.values = values;
    }

    /** The top level of a document; DEFINITION_INVALID for a key that is none of {@code keys}, as for maps below. */
    public static Fields of(Document document, String... keys) {
        return of(document, document.root(), "", keys);
    }

    private static Fields of(Document document, Node node, String path, String... keys) {
        return new Fields(document, node, path, document.fields(node, path, Set.of(keys)));
    }

    public boolean has(String key) {
        return values.containsKey(key);
    }

    /** A map below; one that is missing is as one that is empty. */
    public Fields map(String key, String... keys) {
        var value = values.get(key);
        return value == null ? new Fields(document, node, path(key), Map.of()) : of(document, value, path(key), keys);
    }

    /** A list of maps; none when it is missing. */
    public List<Fields> maps(String key, int most, String... keys) {
        var found = new ArrayList<Fields>();
        for (var each : items(key, most)) {
            found.add(of(document, each, path(key) + "[" + found.size() + "]", keys));
        }
        return found;
    }

    /**
     * A list of single values, each read by a function that refuses with an IllegalArgumentException; none when it is missing.
     *
     * @param fallback in place of a list that is missing
     */
    public <T> List<T> texts(String key, List<T> fallback, int most, Function<String, T> read) {
        if (!has(key)) {
            return fallback;
        }
        var found = new ArrayList<T>();
        for (var each : items(key, most)) {
            String at = path(key) + "[" + found.size() + "]";
            found.add(read(each, at, read));
        }
        return found;
    }

    private List<Node> items(String key, int most) {
        var value = values.get(key);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof SequenceNode list)) {
            throw refused(key, Document.shown(value), "a list");
        }
        if (list.getValue().size() > most) {
            throw refused(key, "a list of " + list.getValue().size(), "at most " + most);
        }
        return list.getValue();
    }

    /** A single value that must be there, read by a function that refuses with an IllegalArgumentException. */
    public <T> T text(String key, String expected, Function<String, T> read) {
        return read(document.present(values.get(key), node, path(key), expected), path(key), read);
    }

    /** As {@link #text(String, String, Function)}, with a default. */
    public <T> T textOr(String key, T fallback, Function<String, T> read) {
        var value = values.get(key);
        return value == null ? fallback : read(value, path(key), read);
    }

    private <T> T read(Node value, String at, Function<String, T> read) {
        try {
            return read.apply(document.text(value, at));
        } catch (IllegalArgumentException malformed) {
            throw document.invalid(value, at, String.valueOf(malformed.getMessage()));
        }
    }

    public long number(String key, long fallback, long least, long most) {
        var value = values.get(key);
        if (value == null) {
            return fallback;
        }
        String text = document.text(value, path(key));
        long number = WHOLE.matcher(text).matches() ? Long.parseLong(text) : -1;
        if (number < least || number > most) {
            throw refused(key, "'" + text + "'", "a whole number from " + least + " to " + most);
        }
        return number;
    }

    public int smallNumber(String key, int fallback, int least, int most) {
        return Math.toIntExact(number(key, fallback, least, most));
    }

    public double decimal(String key, double fallback, double least, double most) {
        var value = values.get(key);
        if (value == null) {
            return fallback;
        }
        String text = document.text(value, path(key));
        double number = DECIMAL.matcher(text).matches() ? Double.parseDouble(text) : -1;
        if (number < least || number > most) {
            throw refused(key, "'" + text + "'", "a number from " + least + " to " + most + ", such as 0.5");
        }
        return number;
    }

    /** A duration of at least a millisecond. */
    public Duration duration(String key, Duration fallback, Duration most) {
        var value = values.get(key);
        if (value == null) {
            return fallback;
        }
        String text = document.text(value, path(key));
        long millis = Durations.millis(text).orElse(-1);
        if (millis < 1 || millis > most.toMillis()) {
            throw refused(
                    key,
                    "'" + text + "'",
                    "a duration from 1ms to " + Durations.text(most.toMillis()) + ", such as 500ms or 10s");
        }
        return Duration.ofMillis(millis);
    }

    /** One of the constants of an enumeration, in small letters. */
    public <E extends Enum<E>> E word(String key, E fallback) {
        var value = values.get(key);
        if (value == null) {
            return fallback;
        }
        String text = document.text(value, path(key));
        var all = fallback.getDeclaringClass().getEnumConstants();
        return Stream.of(all)
                .filter(each -> word(each).equals(text))
                .findFirst()
                .orElseThrow(() -> refused(
                        key, "'" + text + "'", Stream.of(all).map(Fields::word).collect(Collectors.joining(", "))));
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** DEFINITION_INVALID at a value, or at this map when it is missing or the key is empty. */
    public Failure refused(String key, String found, String expected) {
        var value = values.get(key);
        return document.invalid(value == null ? node : value, path(key), "found " + found + ", expected " + expected);
    }

    /** The file and line at which this map begins. */
    public String place() {
        return document.file() + ":"
                + node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
    }

    private String path(String key) {
        return path.isEmpty() ? key : key.isEmpty() ? path : path + "." + key;
    }
}
