package dev.sluice.expression;

import dev.sluice.expression.Ast.Operator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Checks a tree against what is known of types, and turns it into closures. */
final class Compiler {
    /** What is known of a value before it is there; each may also be null. */
    enum Type {
        NUMBER("a number"),
        STRING("a string"),
        BOOLEAN("a boolean"),
        TIME("a time"),
        DURATION("a duration"),
        LIST("a list"),
        NULL("null"),
        ANY("a value");

        private final String shown;

        Type(String shown) {
            this.shown = shown;
        }

        String shown() {
            return shown;
        }

        /** Whether a value of this type may turn out to be of another. */
        boolean mayBe(Type other) {
            return this == other || this == ANY || this == NULL;
        }
    }

    /** A compiled part. */
    record Code(Type type, Evaluator evaluator) {}

    /** Where names get their meaning. */
    @FunctionalInterface
    interface Scope {
        /**
         * An IllegalArgumentException says what is wrong with the path.
         *
         * @param isWhole whether a list or an object is wanted with all that is in it; else a {@link Structure} may stand for it
         */
        Code resolve(List<String> names, boolean isWhole);
    }

    private final String text;
    private final Scope scope;
    private final List<Variable> locals = new ArrayList<>();
    private final int given;
    private boolean isCounted;
    private long states;

    /** @param variables what stands at the first {@link Facts#local places} when an evaluation begins */
    Compiler(String text, Scope scope, List<Variable> variables) {
        this.text = text;
        this.scope = scope;
        locals.addAll(variables);
        given = variables.size();
    }

    Code compile(Ast tree) {
        return entry(code(tree));
    }

    /** Compiles an expression whose lists and objects are wanted with all that is in them. */
    Code compileWhole(Ast tree) {
        return entry(whole(tree));
    }

    /** Compiles a condition. */
    static Code condition(String text, Ast tree, Scope scope, List<Variable> variables) {
        var compiler = new Compiler(text, scope, variables);
        var code = compiler.code(tree);
        compiler.demand(code, tree, Type.BOOLEAN);
        return compiler.entry(new Code(Type.BOOLEAN, code.evaluator()));
    }

    /** Compiles an expression that must be a number or null. */
    Evaluator number(Ast tree) {
        var code = demand(code(tree), tree, Type.NUMBER);
        var place = place(tree);
        return entry(new Code(Type.NUMBER, facts -> {
                    var value = code.evaluate(facts);
                    if (value == null || value instanceof Decimal) {
                        return value;
                    }
                    throw place.failed("found " + Values.shown(value) + ", expected a number");
                }))
                .evaluator();
    }

    private Code entry(Code code) {
        var evaluator = code.evaluator();
        return isCounted
                ? new Code(code.type(), facts -> {
                    facts.begin();
                    return evaluator.evaluate(facts);
                })
                : code;
    }

    /** The code counts steps. */
    void count() {
        isCounted = true;
    }

    /** The states of all patterns so far, with those of one more. */
    long states(long more) {
        states += more;
        return states;
    }

    Place place(Ast tree) {
        return Place.of(text, tree.at());
    }

    RuntimeException invalid(Ast tree, String problem) {
        return Place.invalid(text, tree.at(), problem);
    }

    Code code(Ast tree) {
        return code(tree, false);
    }

    /** As {@link #code(Ast)}, where lists and objects are wanted with all that is in them. */
    Code whole(Ast tree) {
        return code(tree, true);
    }

    private Code code(Ast tree, boolean isWhole) {
        if (tree instanceof Ast.Literal literal) {
            Object value = literal.value();
            return new Code(typeOf(value), facts -> value);
        }
        if (tree instanceof Ast.Path path) {
            return path(path, isWhole);
        }
        if (tree instanceof Ast.Binary binary) {
            return binary(binary);
        }
        if (tree instanceof Ast.Not not) {
            var operand = demand(code(not.operand()), not.operand(), Type.BOOLEAN);
            var place = place(not.operand());
            return new Code(Type.BOOLEAN, facts -> !Values.truth(operand.evaluate(facts), place));
        }
        if (tree instanceof Ast.Negation negation) {
            return negation(negation);
        }
        if (tree instanceof Ast.Conditional conditional) {
            return conditional(conditional, isWhole);
        }
        if (tree instanceof Ast.Call call) {
            return Functions.compile(call, this);
        }
        if (tree instanceof Ast.Has has) {
            var field = code(has.field()).evaluator();
            return new Code(Type.BOOLEAN, facts -> field.evaluate(facts) != null);
        }
        return structured(tree);
    }

    private Code structured(Ast tree) {
        if (tree instanceof Ast.Macro macro) {
            return macro(macro);
        }
        if (tree instanceof Ast.Select select) {
            var operand = whole(select.operand());
            if (operand.type() != Type.ANY && operand.type() != Type.NULL) {
                throw invalid(tree, "found a field of " + operand.type().shown() + ", expected one of an object");
            }
            return new Code(Type.ANY, field(operand.evaluator(), select.field()));
        }
        if (tree instanceof Ast.Index index) {
            return index(index);
        }
        var elements = ((Ast.ListOf) tree)
                .elements().stream().map(element -> whole(element).evaluator()).toArray(Evaluator[]::new);
        count();
        var place = place(tree);
        return new Code(Type.LIST, facts -> {
            var list = new Object[elements.length];
            for (int i = 0; i < list.length; i++) {
                facts.step(place);
                list[i] = elements[i].evaluate(facts);
            }
            return Arrays.asList(list);
        });
    }

    private Code binary(Ast.Binary binary) {
        return switch (binary.operator()) {
            case AND, OR -> logic(binary);
            case EQUAL, NOT_EQUAL, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL -> comparison(binary);
            case IN -> membership(binary);
            case PLUS, MINUS, TIMES, DIVIDED_BY, REMAINDER -> arithmetic(binary);
        };
    }

    private static Type typeOf(@Nullable Object literal) {
        if (literal == null) {
            return Type.NULL;
        }
        return literal instanceof Decimal
                ? Type.NUMBER
                : literal instanceof String ? Type.STRING : literal instanceof Boolean ? Type.BOOLEAN : Type.TIME;
    }

    private Code path(Ast.Path path, boolean isWhole) {
        int local = local(path.names().get(0));
        try {
            if (local < 0) {
                return scope.resolve(path.names(), isWhole);
            }
            if (!locals.get(local).fields().isEmpty()) {
                return variable(local, path.names());
            }
        } catch (IllegalArgumentException unknown) {
            throw invalid(path, String.valueOf(unknown.getMessage()));
        }
        Evaluator value = facts -> facts.local(local);
        for (String field : path.names().subList(1, path.names().size())) {
            value = field(value, field);
        }
        return new Code(Type.ANY, value);
    }

    private int local(String name) {
        for (int i = locals.size() - 1; i >= 0; i--) {
            if (locals.get(i).name().equals(name)) {
                return i;
            }
        }
        return -1;
    }

    private Code variable(int local, List<String> names) {
        var variable = locals.get(local);
        int field = names.size() == 2 ? variable.fields().indexOf(names.get(1)) : -1;
        if (field < 0) {
            throw new IllegalArgumentException("found " + String.join(".", names) + ", expected " + variable.name()
                    + " with one of its fields: " + String.join(", ", variable.fields()));
        }
        return new Code(
                variable.areTimes() ? Type.TIME : Type.ANY,
                facts -> facts.local(local) instanceof Object[] values ? values[field] : null);
    }

    /** What is no object has no fields. */
    private static Evaluator field(Evaluator of, String name) {
        return facts -> of.evaluate(facts) instanceof Map<?, ?> fields ? fields.get(name) : null;
    }

    private Code index(Ast.Index index) {
        var operand = whole(index.operand()).evaluator();
        var at = code(index.index()).evaluator();
        var place = place(index);
        return new Code(Type.ANY, facts -> {
            var from = operand.evaluate(facts);
            var which = at.evaluate(facts);
            if (from == null || which == null) {
                return null;
            }
            if (from instanceof List<?> list && which instanceof Decimal number) {
                if (!number.isWhole()) {
                    throw place.failed("found " + number + " as an index, expected a whole number");
                }
                int element = number.toIndex();
                return element >= 0 && element < list.size() ? list.get(element) : null;
            }
            if (from instanceof Map<?, ?> fields && which instanceof String name) {
                return fields.get(name);
            }
            throw place.failed("found " + Values.shown(from) + " with " + Values.shown(which)
                    + " as its index, expected a list with a number or an object with a string");
        });
    }

    private Code conditional(Ast.Conditional conditional, boolean isWhole) {
        var condition = demand(code(conditional.condition()), conditional.condition(), Type.BOOLEAN);
        var then = code(conditional.then(), isWhole);
        var otherwise = code(conditional.otherwise(), isWhole);
        var place = place(conditional.condition());
        var type = then.type() == otherwise.type() || otherwise.type() == Type.NULL
                ? then.type()
                : then.type() == Type.NULL ? otherwise.type() : Type.ANY;
        var one = then.evaluator();
        var other = otherwise.evaluator();
        return new Code(
                type,
                facts -> Values.truth(condition.evaluate(facts), place) ? one.evaluate(facts) : other.evaluate(facts));
    }

    private Code negation(Ast.Negation negation) {
        if (negation.operand() instanceof Ast.Literal literal && literal.value() instanceof Decimal number) {
            var negated = number.negated();
            return new Code(Type.NUMBER, facts -> negated);
        }
        var operand = demand(code(negation.operand()), negation.operand(), Type.NUMBER);
        var place = place(negation);
        return new Code(Type.NUMBER, facts -> {
            var value = operand.evaluate(facts);
            if (value == null || value instanceof Decimal) {
                return value == null ? null : ((Decimal) value).negated();
            }
            throw place.failed("found " + Values.shown(value) + " behind -, expected a number");
        });
    }

    private Code logic(Ast.Binary binary) {
        var left = demand(code(binary.left()), binary.left(), Type.BOOLEAN);
        var right = demand(code(binary.right()), binary.right(), Type.BOOLEAN);
        var leftPlace = place(binary.left());
        var rightPlace = place(binary.right());
        return new Code(
                Type.BOOLEAN,
                binary.operator() == Operator.AND
                        ? facts -> Values.truth(left.evaluate(facts), leftPlace)
                                && Values.truth(right.evaluate(facts), rightPlace)
                        : facts -> Values.truth(left.evaluate(facts), leftPlace)
                                || Values.truth(right.evaluate(facts), rightPlace));
    }

    private Code comparison(Ast.Binary binary) {
        var leftCode = code(asTime(binary.left(), binary.right()));
        var rightCode = code(asTime(binary.right(), binary.left()));
        if (!comparable(leftCode.type(), rightCode.type())) {
            throw invalid(
                    binary,
                    "found %s %s %s, expected two numbers, two strings, two booleans, two times or two durations"
                            .formatted(
                                    leftCode.type().shown(),
                                    binary.operator().symbol(),
                                    rightCode.type().shown()));
        }
        var place = place(binary);
        var left = lookedThrough(leftCode, place);
        var right = rightCode.evaluator();
        String symbol = binary.operator().symbol();
        return new Code(
                Type.BOOLEAN,
                switch (binary.operator()) {
                    case EQUAL -> facts -> equal(left.evaluate(facts), right.evaluate(facts), place, symbol);
                    case NOT_EQUAL -> facts -> !equal(left.evaluate(facts), right.evaluate(facts), place, symbol);
                    case LESS -> ordering(left, right, place, symbol, -1, false);
                    case LESS_OR_EQUAL -> ordering(left, right, place, symbol, -1, true);
                    case GREATER -> ordering(left, right, place, symbol, 1, false);
                    default -> ordering(left, right, place, symbol, 1, true);
                });
    }

    /** What a macro compares again and again costs what it is long; once, there is no need to count. */
    private Evaluator lookedThrough(Code code, Place place) {
        var evaluator = code.evaluator();
        if (locals.size() == given || !code.type().mayBe(Type.STRING)) {
            return evaluator;
        }
        return facts -> {
            var value = evaluator.evaluate(facts);
            if (value instanceof String text) {
                facts.text(text.length(), place);
            }
            return value;
        };
    }

    /** A string literal beside a time becomes a time once, here. */
    private Ast asTime(Ast tree, Ast beside) {
        if (tree instanceof Ast.Literal literal
                && literal.value() instanceof String written
                && beside instanceof Ast.Path path
                && path(path, false).type() == Type.TIME) {
            var time = Time.parse(written);
            if (time == null) {
                throw invalid(tree, "found '" + written + "', expected a time such as 2026-01-31T12:00:00Z");
            }
            return new Ast.Literal(time, tree.at());
        }
        return tree;
    }

    private static boolean comparable(Type left, Type right) {
        boolean isStructure = left == Type.LIST || right == Type.LIST;
        return left == Type.NULL
                || right == Type.NULL
                || !isStructure
                        && (left == right
                                || left == Type.ANY
                                || right == Type.ANY
                                || left == Type.TIME && right == Type.STRING
                                || left == Type.STRING && right == Type.TIME);
    }

    private static boolean equal(@Nullable Object left, @Nullable Object right, Place place, String symbol) {
        return left == null || right == null ? left == right : Values.compare(left, right, place, symbol) == 0;
    }

    private static Evaluator ordering(
            Evaluator left, Evaluator right, Place place, String symbol, int sign, boolean orEqual) {
        return facts -> {
            var a = left.evaluate(facts);
            var b = right.evaluate(facts);
            if (a == null || b == null) {
                return false;
            }
            int order = Values.compare(a, b, place, symbol);
            return order == 0 ? orEqual : order > 0 == sign > 0;
        };
    }

    private Code membership(Ast.Binary binary) {
        var value = code(binary.left()).evaluator();
        var in = whole(binary.right());
        if (!in.type().mayBe(Type.LIST)) {
            throw invalid(binary.right(), "found " + in.type().shown() + " behind in, expected a list or an object");
        }
        var list = in.evaluator();
        var place = place(binary);
        count();
        return new Code(Type.BOOLEAN, facts -> {
            var wanted = value.evaluate(facts);
            var from = list.evaluate(facts);
            if (from == null) {
                return false;
            }
            if (from instanceof Map<?, ?> fields) {
                return wanted instanceof String name && fields.containsKey(name);
            }
            if (!(from instanceof List<?> elements)) {
                throw place.failed("found " + Values.shown(from) + " behind in, expected a list or an object");
            }
            for (Object element : elements) {
                facts.text(element instanceof String text ? text.length() : 0, place);
                if (Values.isSame(wanted, element)) {
                    return true;
                }
            }
            return false;
        });
    }

    private Code arithmetic(Ast.Binary binary) {
        var left = code(binary.left());
        var right = code(binary.right());
        var type = Arithmetic.type(binary.operator(), left.type(), right.type());
        if (type == null) {
            throw invalid(
                    binary,
                    Arithmetic.mismatch(
                            binary.operator(), left.type().shown(), right.type().shown()));
        }
        if (type == Type.STRING || type == Type.ANY) {
            count();
        }
        return new Code(
                type, Arithmetic.evaluator(binary.operator(), left.evaluator(), right.evaluator(), place(binary)));
    }

    private Code macro(Ast.Macro macro) {
        var target = demand(whole(macro.target()), macro.target(), Type.LIST);
        int depth = locals.size();
        locals.add(Variable.of(macro.variable()));
        Evaluator body = macro.loop() == Ast.Loop.MAP
                ? whole(macro.body()).evaluator()
                : demand(code(macro.body()), macro.body(), Type.BOOLEAN);
        locals.remove(depth);
        count();
        return Loops.compile(macro.loop(), target, depth, body, place(macro), place(macro.body()));
    }

    Evaluator demand(Code code, Ast tree, Type expected) {
        if (!code.type().mayBe(expected)) {
            throw invalid(tree, "found " + code.type().shown() + ", expected " + expected.shown());
        }
        return code.evaluator();
    }
}
