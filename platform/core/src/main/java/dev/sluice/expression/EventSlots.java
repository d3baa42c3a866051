package dev.sluice.expression;

import dev.sluice.expression.Compiler.Code;
import dev.sluice.expression.Compiler.Type;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The union of the paths into event data that some expressions need: each path has a slot, and one pass over an event's bytes
 * fills them all. Filled while the expressions are compiled, by one thread; then read-only.
 */
public final class EventSlots implements Compiler.Scope {
    /** A node of the tree of paths. */
    static final class Node {
        private final Map<String, Node> children = new HashMap<>();
        private final int slot;
        private boolean isWhole;

        private Node(int slot) {
            this.slot = slot;
        }

        Map<String, Node> children() {
            return children;
        }

        int slot() {
            return slot;
        }

        /** Whether somebody wants a list or an object with all that is in it. */
        boolean isWhole() {
            return isWhole;
        }
    }

    private final Node root = new Node(0);
    private int slots = 1;

    /** Compiles an expression over events; FILTER_INVALID with details {@code line} and {@code col}. */
    public Evaluator compile(Expression expression) {
        return compiler(expression, List.of()).compile(expression.tree()).evaluator();
    }

    /** Compiles an expression whose value is a list or null; EVALUATION_FAILED when it is something else. */
    public Evaluator compileList(Expression expression, List<Variable> variables) {
        var code =
                compiler(expression, variables).compileWhole(expression.tree()).evaluator();
        var place = Place.of(expression.text(), expression.tree().at());
        return facts -> {
            var value = code.evaluate(facts);
            if (value == null || value instanceof List<?>) {
                return value;
            }
            throw place.failed("found " + Values.shown(value) + ", expected a list");
        };
    }

    private Compiler compiler(Expression expression, List<Variable> variables) {
        return new Compiler(expression.text(), this, variables);
    }

    /**
     * Compiles an expression whose value is a {@link Decimal} or null; EVALUATION_FAILED when it is something else.
     *
     * @param variables to which {@link EventFacts#variable} gives values, by their index
     */
    public Evaluator compileNumber(Expression expression, List<Variable> variables) {
        return compiler(expression, variables).number(expression.tree());
    }

    /** Compiles an expression whose value can stand in a row: no list, object or duration and, a string, valid Unicode. */
    public Evaluator compileScalar(Expression expression, List<Variable> variables) {
        var code = compiler(expression, variables).compile(expression.tree()).evaluator();
        var place = Place.of(expression.text(), expression.tree().at());
        return facts -> {
            var value = code.evaluate(facts);
            if (!Values.isScalar(value)) {
                throw place.failed(
                        "found " + Values.shown(value) + ", expected a string, a number, a boolean or a time");
            }
            return value instanceof String text ? Values.validText(text) : value;
        };
    }

    /** Compiles a condition over events. */
    public Condition compileCondition(Expression expression, List<Variable> variables) {
        var code = Compiler.condition(expression.text(), expression.tree(), this, variables)
                .evaluator();
        var place = Place.of(expression.text(), expression.tree().at());
        return facts -> Values.truth(code.evaluate(facts), place);
    }

    @Override
    public Code resolve(List<String> names, boolean isWhole) {
        String variable = names.get(0);
        if (variable.equals("data")) {
            int slot = slot(names, isWhole);
            return new Code(Type.ANY, facts -> ((EventFacts) facts).data(slot));
        }
        if (variable.equals("meta")) {
            return meta(names);
        }
        var code = attribute(variable);
        if (names.size() > 1) {
            throw new IllegalArgumentException(
                    "found " + String.join(".", names) + ", expected " + variable + " alone: it has no fields");
        }
        return code;
    }

    private static Code attribute(String variable) {
        return switch (variable) {
            case "id" ->
                new Code(Type.STRING, facts -> ((EventFacts) facts).event().id());
            case "type" ->
                new Code(Type.STRING, facts -> ((EventFacts) facts).event().type());
            case "stream" -> new Code(Type.STRING, facts -> ((EventFacts) facts).event().stream());
            case "category" ->
                new Code(Type.STRING, facts -> ((EventFacts) facts).event().category());
            case "source" ->
                new Code(Type.STRING, facts -> ((EventFacts) facts).event().source());
            case "version" ->
                new Code(
                        Type.NUMBER,
                        facts -> Decimal.of(((EventFacts) facts).event().version()));
            case "time" ->
                new Code(
                        Type.TIME,
                        facts -> new Time(((EventFacts) facts).event().timeMicros()));
            case "recordedTime" ->
                new Code(
                        Type.TIME,
                        facts -> new Time(((EventFacts) facts).event().recordedMicros()));
            default ->
                throw new IllegalArgumentException("found '" + variable
                        + "', expected id, type, stream, category, version, time, recordedTime, source, data or meta"
                        + " (a field of the event's data is written data." + variable + ")");
        };
    }

    private static Code meta(List<String> names) {
        if (names.size() == 1) {
            return new Code(Type.ANY, facts -> Structure.OBJECT);
        }
        if (names.size() > 2) {
            throw new IllegalArgumentException(
                    "found " + String.join(".", names) + ", expected meta.NAME: attributes have no fields");
        }
        String name = names.get(1);
        return new Code(Type.ANY, facts -> {
            var value = ((EventFacts) facts).event().attributes().get(name);
            return value instanceof Long number ? Decimal.of(number) : value;
        });
    }

    private int slot(List<String> names, boolean isWhole) {
        var node = root;
        for (String name : names.subList(1, names.size())) {
            var child = node.children.get(name);
            if (child == null) {
                child = new Node(slots++);
                node.children.put(name, child);
            }
            node = child;
        }
        node.isWhole |= isWhole;
        return node.slot;
    }

    Node root() {
        return root;
    }

    int count() {
        return slots;
    }
}
