package dev.sluice.expression;

import dev.sluice.expression.Ast.Operator;
import dev.sluice.expression.Lexer.Kind;
import dev.sluice.expression.Lexer.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Recursive descent over the subset of CEL (github.com/google/cel-spec, langdef.md) that {@code docs/expressions.md} lists. Bounded:
 * {@value #MAX_CHARACTERS} characters, {@value #MAX_DEPTH} levels, {@value #MAX_NODES} nodes.
 */
final class Parser {
    static final int MAX_CHARACTERS = 8 << 10;
    static final int MAX_DEPTH = 64;
    static final int MAX_NODES = 1000;

    record Call(String name, List<Ast> arguments, int at) {}

    private static final Set<String> WORDS = Set.of("true", "false", "null", "in");
    private static final Map<String, Ast.Loop> LOOPS =
            Map.of("exists", Ast.Loop.EXISTS, "all", Ast.Loop.ALL, "filter", Ast.Loop.FILTER, "map", Ast.Loop.MAP);

    private final String text;
    private final Lexer lexer;
    private Token token;
    private int depth;
    private int nodes;

    private Parser(String text) {
        this.text = text;
        if (text.length() > MAX_CHARACTERS) {
            throw Place.invalid(
                    text,
                    MAX_CHARACTERS,
                    "found an expression of " + text.length() + " characters, expected at most " + MAX_CHARACTERS);
        }
        lexer = new Lexer(text);
        token = lexer.next();
    }

    static Ast expression(String text) {
        var parser = new Parser(text);
        var whole = parser.expression();
        parser.end();
        return whole;
    }

    /** Reads {@code name()} or {@code name(expression, …)}. */
    static Call call(String text) {
        var parser = new Parser(text);
        var name = parser.token;
        if (name.kind() != Kind.NAME || WORDS.contains(name.text())) {
            throw Place.invalid(text, name.at(), "found " + name.shown() + ", expected a name");
        }
        parser.take();
        var arguments = parser.arguments();
        parser.end();
        return new Call(name.text(), arguments, name.at());
    }

    private Ast expression() {
        deeper();
        var condition = binary(0);
        Ast result = condition;
        if (token.is("?")) {
            int at = take().at();
            var then = expression();
            expect(":");
            result = counted(new Ast.Conditional(condition, then, expression(), at));
        }
        depth--;
        return result;
    }

    private void deeper() {
        if (++depth > MAX_DEPTH) {
            throw Place.invalid(text, token.at(), "found more than " + MAX_DEPTH + " levels, expected fewer");
        }
    }

    private Ast binary(int level) {
        if (level == Operator.LEVELS) {
            return unary();
        }
        var left = binary(level + 1);
        for (var operator = operator(level); operator != null; operator = operator(level)) {
            int at = take().at();
            left = counted(new Ast.Binary(operator, left, binary(level + 1), at));
        }
        return left;
    }

    private @Nullable Operator operator(int level) {
        for (var operator : Operator.values()) {
            boolean isHere = operator == Operator.IN ? isIn() : token.is(operator.symbol());
            if (operator.level() == level && isHere) {
                return operator;
            }
        }
        return null;
    }

    private boolean isIn() {
        return token.kind() == Kind.NAME && token.text().equals("in");
    }

    private Ast unary() {
        if (!token.is("!") && !token.is("-")) {
            return member();
        }
        deeper();
        boolean isNot = token.is("!");
        int at = take().at();
        var operand = unary();
        depth--;
        return counted(isNot ? new Ast.Not(operand, at) : new Ast.Negation(operand, at));
    }

    /** A value and what is taken from it: fields, elements, methods. */
    private Ast member() {
        var value = primary();
        while (token.is(".") || token.is("[")) {
            value = take().is(".") ? dot(value) : index(value);
        }
        return value;
    }

    private Ast dot(Ast value) {
        if (token.kind() != Kind.NAME) {
            throw Place.invalid(text, token.at(), "found " + token.shown() + ", expected the name of a field");
        }
        var name = take();
        if (!token.is("(")) {
            return select(value, name.text(), name.at());
        }
        var loop = LOOPS.get(name.text());
        return loop == null
                ? counted(new Ast.Call(name.text(), value, arguments(), name.at()))
                : macro(loop, value, name.at());
    }

    private Ast select(Ast value, String field, int at) {
        if (value instanceof Ast.Path path) {
            var names = new ArrayList<>(path.names());
            names.add(field);
            return new Ast.Path(List.copyOf(names), path.at());
        }
        return counted(new Ast.Select(value, field, at));
    }

    private Ast index(Ast value) {
        int at = token.at();
        var index = expression();
        expect("]");
        return index instanceof Ast.Literal literal && literal.value() instanceof String field
                ? select(value, field, at)
                : counted(new Ast.Index(value, index, at));
    }

    private Ast macro(Ast.Loop loop, Ast target, int at) {
        expect("(");
        var variable = take();
        if (variable.kind() != Kind.NAME || WORDS.contains(variable.text())) {
            throw Place.invalid(
                    text,
                    variable.at(),
                    "found " + variable.shown() + ", expected a name for the element, as in "
                            + loop.name().toLowerCase(Locale.ROOT) + "(x, …)");
        }
        expect(",");
        var body = expression();
        expect(")");
        return counted(new Ast.Macro(loop, target, variable.text(), body, at));
    }

    private List<Ast> arguments() {
        expect("(");
        return list(")");
    }

    /** Expressions with commas between them, up to and including a symbol. */
    private List<Ast> list(String end) {
        var all = new ArrayList<Ast>();
        while (!token.is(end)) {
            if (!all.isEmpty()) {
                expect(",");
            }
            all.add(expression());
        }
        take();
        return List.copyOf(all);
    }

    private Ast primary() {
        var first = token;
        switch (first.kind()) {
            case NUMBER:
                take();
                return counted(new Ast.Literal(first.number(), first.at()));
            case STRING:
                take();
                return counted(new Ast.Literal(first.text(), first.at()));
            case NAME:
                return name();
            default:
                break;
        }
        if (first.is("(")) {
            take();
            var inner = expression();
            expect(")");
            return inner;
        }
        if (first.is("[")) {
            take();
            return counted(new Ast.ListOf(list("]"), first.at()));
        }
        if (first.is("{")) {
            throw Place.invalid(text, first.at(), "found a map, expected a value: there are no literals of maps");
        }
        throw Place.invalid(text, first.at(), "found " + first.shown() + ", expected a value");
    }

    private Ast name() {
        var first = take();
        switch (first.text()) {
            case "true":
                return counted(new Ast.Literal(true, first.at()));
            case "false":
                return counted(new Ast.Literal(false, first.at()));
            case "null":
                return counted(new Ast.Literal(null, first.at()));
            case "in":
                throw Place.invalid(text, first.at(), "found 'in', expected a value");
            default:
                break;
        }
        if (!token.is("(")) {
            return counted(new Ast.Path(List.of(first.text()), first.at()));
        }
        var arguments = arguments();
        if (!first.text().equals("has")) {
            return counted(new Ast.Call(first.text(), null, arguments, first.at()));
        }
        if (arguments.size() != 1 || !isField(arguments.get(0))) {
            throw Place.invalid(text, first.at(), "found has() of something else, expected a field as in has(data.x)");
        }
        return counted(new Ast.Has(arguments.get(0), first.at()));
    }

    private static boolean isField(Ast tree) {
        return tree instanceof Ast.Select
                || tree instanceof Ast.Path path && path.names().size() > 1;
    }

    private <T extends Ast> T counted(T node) {
        if (++nodes > MAX_NODES) {
            throw Place.invalid(text, node.at(), "found more than " + MAX_NODES + " parts, expected fewer");
        }
        return node;
    }

    private Token take() {
        var taken = token;
        token = lexer.next();
        return taken;
    }

    private void expect(String symbol) {
        if (!token.is(symbol)) {
            throw Place.invalid(text, token.at(), "found " + token.shown() + ", expected '" + symbol + "'");
        }
        take();
    }

    private void end() {
        if (token.kind() != Kind.END) {
            throw Place.invalid(text, token.at(), "found " + token.shown() + ", expected an operator or the end");
        }
    }
}
