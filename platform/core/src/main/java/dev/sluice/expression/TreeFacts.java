package dev.sluice.expression;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.expression.Compiler.Code;
import dev.sluice.expression.Compiler.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Named values in JSON; each is read when it is asked for. */
final class TreeFacts extends Facts {
    private final Map<String, JsonNode> trees;
    private final Map<String, @Nullable Object> values = new HashMap<>();

    TreeFacts(Map<String, JsonNode> trees) {
        super(Facts.MAX_STEPS);
        this.trees = trees;
    }

    static Compiler.Scope scope(Set<String> variables) {
        return (names, isWhole) -> {
            String variable = names.get(0);
            if (!variables.contains(variable)) {
                throw new IllegalArgumentException(
                        "found '" + variable + "', expected " + String.join(", ", new TreeSet<>(variables)));
            }
            Evaluator value = facts -> ((TreeFacts) facts).variable(variable);
            for (String field : names.subList(1, names.size())) {
                var of = value;
                value = facts -> of.evaluate(facts) instanceof Map<?, ?> fields ? fields.get(field) : null;
            }
            return new Code(Type.ANY, value);
        };
    }

    private @Nullable Object variable(String name) {
        if (!values.containsKey(name)) {
            var tree = trees.get(name);
            values.put(name, tree == null ? null : value(tree));
        }
        return values.get(name);
    }

    /** Lists with their nulls, objects without. */
    private static @Nullable Object value(JsonNode tree) {
        if (tree.isObject()) {
            var fields = new LinkedHashMap<String, Object>();
            for (var field : tree.properties()) {
                var value = value(field.getValue());
                if (value != null) {
                    fields.put(field.getKey(), value);
                }
            }
            return fields;
        }
        if (tree.isArray()) {
            List<@Nullable Object> list = new ArrayList<>();
            tree.forEach(element -> list.add(value(element)));
            return list;
        }
        return tree.isNumber()
                ? Decimal.of(tree.decimalValue())
                : tree.isTextual() ? tree.textValue() : tree.isBoolean() ? tree.booleanValue() : null;
    }
}
