package dev.sluice.expression;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A value in JSON computed from named values in JSON. Safe for any thread. */
public final class TreeFormula {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final Evaluator evaluator;
    private final Place place;

    private TreeFormula(Evaluator evaluator, Place place) {
        this.evaluator = evaluator;
        this.place = place;
    }

    /** FILTER_INVALID with details {@code line} and {@code col}. */
    public static TreeFormula compile(Expression expression, Set<String> variables) {
        var code =
                new Compiler(expression.text(), TreeFacts.scope(variables), List.of()).compileWhole(expression.tree());
        return of(expression, code);
    }

    /** As {@link #compile}, of an expression that is true or false. */
    public static TreeFormula compileCondition(Expression expression, Set<String> variables) {
        return of(
                expression,
                Compiler.condition(expression.text(), expression.tree(), TreeFacts.scope(variables), List.of()));
    }

    private static TreeFormula of(Expression expression, Compiler.Code code) {
        return new TreeFormula(
                code.evaluator(), Place.of(expression.text(), expression.tree().at()));
    }

    /** The value; times as ISO 8601. EVALUATION_FAILED where it cannot be computed, or is a duration. */
    public JsonNode value(Map<String, JsonNode> variables) {
        return tree(evaluator.evaluate(new TreeFacts(variables)));
    }

    /** Whether a condition holds; null counts as not. */
    public boolean holds(Map<String, JsonNode> variables) {
        return Values.truth(evaluator.evaluate(new TreeFacts(variables)), place);
    }

    private JsonNode tree(@Nullable Object value) {
        if (value == null) {
            return NODES.nullNode();
        }
        if (value instanceof Decimal number) {
            return number(number.toBigDecimal());
        }
        if (value instanceof Boolean truth) {
            return NODES.booleanNode(truth);
        }
        if (value instanceof List<?> list) {
            var array = NODES.arrayNode();
            list.forEach(element -> array.add(tree(element)));
            return array;
        }
        if (value instanceof Map<?, ?> fields) {
            var object = NODES.objectNode();
            fields.forEach((name, field) -> object.set(String.valueOf(name), tree(field)));
            return object;
        }
        if (value instanceof String || value instanceof Time) {
            return NODES.textNode(value.toString());
        }
        throw place.failed("found " + Values.shown(value) + ", expected what JSON can hold");
    }

    /** A whole number without an exponent, as others read it into an integer. */
    private static JsonNode number(BigDecimal number) {
        return number.signum() == 0 || number.stripTrailingZeros().scale() <= 0
                ? NODES.numberNode(number.toBigInteger())
                : DecimalNode.valueOf(number);
    }
}
