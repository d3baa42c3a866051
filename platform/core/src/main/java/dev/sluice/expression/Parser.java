package dev.sluice.expression;

import dev.sluice.expression.Ast.Operator;
import dev.sluice.expression.Lexer.Kind;
import dev.sluice.expression.Lexer.Token;
import dev.sluice.log.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Recursive descent over the subset of CEL (github.com/google/cel-spec, langdef.md) that VIEWS.md §2 begins with. Bounded:
 * {@value #MAX_CHARACTERS} characters, {@value #MAX_DEPTH} levels, {@value #MAX_NODES} nodes.
 */
final class Parser {
    static final int MAX_CHARACTERS = 8 << 10;
    static final int MAX_DEPTH = 64;
    static final int MAX_NODES = 1000;

    /** {@code argument}: null when there is none. */
    record Call(String name, @Nullable Ast argument, int at) {}

    private static final String SUPPORTED =
            "expected one of what is: paths, literals, comparison, + - * / %, && || ! and parentheses";
    private static final Set<String> WORDS = Set.of("true", "false", "null", "in");

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
        var whole = parser.binary(0);
        parser.end();
        return whole;
    }

    /** Reads {@code name()} or {@code name(expression)}. */
    static Call call(String text) {
        var parser = new Parser(text);
        var name = parser.token;
        if (name.kind() != Kind.NAME || WORDS.contains(name.text())) {
            throw Place.invalid(text, name.at(), "found " + name.shown() + ", expected a name");
        }
        parser.take();
        parser.expect("(");
        var argument = parser.token.is(")") ? null : parser.binary(0);
        parser.expect(")");
        parser.end();
        return new Call(name.text(), argument, name.at());
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
        if (token.kind() == Kind.NAME && token.text().equals("in") || token.is("?")) {
            throw unsupported("'" + token.text() + "'");
        }
        for (var operator : Operator.values()) {
            if (operator.level() == level && token.is(operator.symbol())) {
                return operator;
            }
        }
        return null;
    }

    private Ast unary() {
        if (++depth > MAX_DEPTH) {
            throw Place.invalid(text, token.at(), "found more than " + MAX_DEPTH + " levels, expected fewer");
        }
        Ast result;
        if (token.is("!")) {
            int at = take().at();
            result = counted(new Ast.Not(unary(), at));
        } else if (token.is("-")) {
            int at = take().at();
            result = counted(new Ast.Negation(unary(), at));
        } else {
            result = primary();
        }
        depth--;
        return result;
    }

    private Ast primary() {
        var first = token;
        switch (first.kind()) {
            case NUMBER:
                take();
                return member(counted(new Ast.Literal(first.number(), first.at())));
            case STRING:
                take();
                return member(counted(new Ast.Literal(first.text(), first.at())));
            case NAME:
                return name();
            default:
                break;
        }
        if (first.is("(")) {
            take();
            var inner = binary(0);
            expect(")");
            return member(inner);
        }
        if (first.is("[") || first.is("{")) {
            throw unsupported(first.is("[") ? "a list" : "a map");
        }
        throw Place.invalid(text, first.at(), "found " + first.shown() + ", expected a value");
    }

    private Ast name() {
        var first = take();
        switch (first.text()) {
            case "true":
                return member(counted(new Ast.Literal(true, first.at())));
            case "false":
                return member(counted(new Ast.Literal(false, first.at())));
            case "null":
                return member(counted(new Ast.Literal(null, first.at())));
            case "in":
                throw Place.invalid(text, first.at(), "found 'in', expected a value");
            default:
                break;
        }
        if (token.is("(")) {
            throw unsupported("the function " + first.text() + "()", first.at());
        }
        var names = new ArrayList<>(List.of(first.text()));
        while (token.is(".") || token.is("[")) {
            names.add(take().is(".") ? field() : index());
        }
        return counted(new Ast.Path(List.copyOf(names), first.at()));
    }

    private String field() {
        if (token.kind() != Kind.NAME) {
            throw Place.invalid(text, token.at(), "found " + token.shown() + ", expected the name of a field");
        }
        var field = take();
        if (token.is("(")) {
            throw unsupported("the function " + field.text() + "()", field.at());
        }
        return field.text();
    }

    private String index() {
        if (token.kind() != Kind.STRING) {
            throw unsupported("an index that is not a field's name in quotes");
        }
        var field = take();
        expect("]");
        return field.text();
    }

    /** A value that is no path has no fields. */
    private Ast member(Ast value) {
        if (token.is(".") || token.is("[")) {
            throw Place.invalid(text, token.at(), "found " + token.shown() + " behind a value, expected an operator");
        }
        return value;
    }

    private Ast counted(Ast node) {
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

    private Failure unsupported(String what) {
        return unsupported(what, token.at());
    }

    private Failure unsupported(String what, int at) {
        return Place.invalid(text, at, "found " + what + ", which is not supported, " + SUPPORTED);
    }
}
