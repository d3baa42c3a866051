package dev.sluice.saga.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.expression.Expression;
import dev.sluice.expression.TreeFormula;
import dev.sluice.yaml.Document;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** A JSON value with expressions in it: a text that begins with {@code =} is one, {@code ==} stands for a text that begins with {@code =}. */
interface Template {
    JsonNodeFactory NODES = JsonNodeFactory.instance;

    JsonNode value(Map<String, JsonNode> variables);

    /** DEFINITION_INVALID for an expression that is none, or names what is not there. */
    static Template read(Document document, Node node, String path, Set<String> variables) {
        if (node instanceof MappingNode) {
            var fields = new LinkedHashMap<String, Template>();
            document.fields(node, path, null)
                    .forEach((name, each) -> fields.put(name, read(document, each, path + "." + name, variables)));
            return values -> {
                var object = NODES.objectNode();
                fields.forEach((name, field) -> object.set(name, field.value(values)));
                return object;
            };
        }
        if (node instanceof SequenceNode list) {
            var elements = new ArrayList<Template>();
            for (var each : list.getValue()) {
                elements.add(read(document, each, path + "[" + elements.size() + "]", variables));
            }
            return values -> {
                var array = NODES.arrayNode();
                elements.forEach(element -> array.add(element.value(values)));
                return array;
            };
        }
        if (isExpression(node)) {
            var formula = document.checked(node, path, () -> TreeFormula.compile(expression(node), variables));
            return formula::value;
        }
        var literal = literal(node);
        return values -> literal;
    }

    static boolean isExpression(Node node) {
        return node instanceof ScalarNode scalar
                && scalar.getValue().startsWith("=")
                && !scalar.getValue().startsWith("==");
    }

    static Expression expression(Node node) {
        return Expression.parse(((ScalarNode) node).getValue().substring(1).strip());
    }

    /** A value without expressions. */
    static JsonNode literal(Node node) {
        if (node instanceof MappingNode map) {
            var object = NODES.objectNode();
            map.getValue()
                    .forEach(entry ->
                            object.set(((ScalarNode) entry.getKeyNode()).getValue(), literal(entry.getValueNode())));
            return object;
        }
        if (node instanceof SequenceNode list) {
            var array = NODES.arrayNode();
            list.getValue().forEach(each -> array.add(literal(each)));
            return array;
        }
        var scalar = (ScalarNode) node;
        String text = scalar.getValue();
        String tag = scalar.getTag().getValue();
        if (tag.endsWith(":null")) {
            return NODES.nullNode();
        }
        if (tag.endsWith(":bool")) {
            return NODES.booleanNode(Boolean.parseBoolean(text));
        }
        if (tag.endsWith(":int") || tag.endsWith(":float")) {
            try {
                var number = new BigDecimal(text);
                return tag.endsWith(":int")
                        ? NODES.numberNode(number.toBigIntegerExact())
                        : DecimalNode.valueOf(number);
            } catch (ArithmeticException | NumberFormatException notInJson) {
                return NODES.textNode(text);
            }
        }
        return NODES.textNode(text.startsWith("==") ? text.substring(1) : text);
    }

    /** As it was written, always the same for equal ones. */
    static String written(Node node) {
        if (node instanceof ScalarNode scalar && scalar.getValue().startsWith("=")) {
            return scalar.getValue();
        }
        if (node instanceof SequenceNode list) {
            return list.getValue().stream().map(Template::written).toList().toString();
        }
        if (node instanceof MappingNode map) {
            List<String> fields = map.getValue().stream()
                    .map(entry -> literal(entry.getKeyNode()) + ": " + written(entry.getValueNode()))
                    .sorted()
                    .toList();
            return fields.toString();
        }
        return literal(node).toString();
    }
}
