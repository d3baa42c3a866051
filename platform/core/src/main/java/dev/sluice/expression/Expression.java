package dev.sluice.expression;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A parsed expression. Equal by its text. */
public final class Expression {
    private final String text;
    private final Ast tree;

    private Expression(String text, Ast tree) {
        this.text = text;
        this.tree = tree;
    }

    /** FILTER_INVALID with details {@code line} and {@code col}. */
    public static Expression parse(String text) {
        return new Expression(text, Parser.expression(text));
    }

    /** Reads {@code name()} or {@code name(expression, …)}; FILTER_INVALID with details {@code line} and {@code col}. */
    public static Call parseCall(String text) {
        var call = Parser.call(text);
        return new Call(
                call.name(),
                call.arguments().stream()
                        .map(argument -> new Expression(text, argument))
                        .toList());
    }

    /** The number, when the expression is a literal of a whole one within an int and not negative; else −1. */
    public int literalIndex() {
        return tree instanceof Ast.Literal literal && literal.value() instanceof Decimal number && number.isWhole()
                ? number.toIndex()
                : -1;
    }

    public String text() {
        return text;
    }

    Ast tree() {
        return tree;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Expression that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }

    /** A name with its arguments, which keep their places in the text of the call. */
    public record Call(String name, List<Expression> arguments) {}
}
