package dev.sluice.saga.yaml;

import dev.sluice.log.Failure;
import dev.sluice.saga.definition.Retry;
import dev.sluice.yaml.Document;
import dev.sluice.yaml.Durations;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** The keys of one map of a saga. */
record Keys(Document document, Node node, String path, Map<String, Node> values) {
    /** DEFINITION_INVALID for a key that is none of those. */
    static Keys of(Document document, Node node, String path, String... allowed) {
        return new Keys(document, node, path, document.fields(node, path, Set.of(allowed)));
    }

    @Nullable
    Node get(String key) {
        return values.get(key);
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    String path(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    Node present(String key, String expected) {
        return document.present(values.get(key), node, path(key), expected);
    }

    String text(String key, String expected) {
        return document.text(present(key, expected), path(key));
    }

    @Nullable
    Duration duration(String key) {
        var value = values.get(key);
        return value == null ? null : duration(value, path(key));
    }

    private Duration duration(Node value, String at) {
        String text = document.text(value, at);
        long millis = Durations.millis(text).orElse(-1);
        if (millis < 1) {
            throw document.invalid(
                    value, at, "found '" + text + "', expected a duration such as 500ms, 30s, 10m or 24h");
        }
        return Duration.ofMillis(millis);
    }

    @Nullable
    Integer whole(String key) {
        var value = values.get(key);
        if (value == null) {
            return null;
        }
        String text = document.text(value, path(key));
        if (!text.matches("[1-9][0-9]{0,8}")) {
            throw invalid(key, "found '" + text + "', expected a whole number from 1 on");
        }
        return Integer.valueOf(text);
    }

    boolean truth(String key) {
        var value = values.get(key);
        if (value == null) {
            return false;
        }
        String text = document.text(value, path(key));
        if (!text.equals("true") && !text.equals("false")) {
            throw invalid(key, "found '" + text + "', expected true or false");
        }
        return text.equals("true");
    }

    List<Node> list(String key) {
        var value = values.get(key);
        if (value == null) {
            return List.of();
        }
        if (value instanceof SequenceNode list) {
            return list.getValue();
        }
        throw invalid(key, "found " + Document.shown(value) + ", expected a list");
    }

    /** @param base for what is not said */
    Retry retry(String key, Retry base) {
        var value = values.get(key);
        if (value == null) {
            return base;
        }
        var keys = of(document, value, path(key), "first", "factor", "max", "jitter", "attempts", "parkAfter");
        var first = keys.duration("first");
        var max = keys.duration("max");
        var parkAfter = keys.duration("parkAfter");
        try {
            return new Retry(
                    first == null ? base.first() : first,
                    keys.number("factor", base.factor()),
                    max == null ? base.max() : max,
                    keys.number("jitter", base.jitter()),
                    (int) keys.number("attempts", base.attempts()),
                    parkAfter == null ? base.parkAfter() : parkAfter);
        } catch (IllegalArgumentException refused) {
            throw invalid(key, String.valueOf(refused.getMessage()));
        }
    }

    private double number(String key, double base) {
        var value = values.get(key);
        if (value == null) {
            return base;
        }
        String text = document.text(value, path(key));
        boolean isWhole = key.equals("attempts");
        if (!text.matches(isWhole ? "[0-9]{1,6}" : "[0-9]{1,6}(\\.[0-9]{1,6})?")) {
            throw invalid(key, "found '" + text + "', expected a " + (isWhole ? "whole " : "") + "number");
        }
        return Double.parseDouble(text);
    }

    Failure invalid(String key, String problem) {
        return document.invalid(values.getOrDefault(key, node), path(key), problem);
    }
}
