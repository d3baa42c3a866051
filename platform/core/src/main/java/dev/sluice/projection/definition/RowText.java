package dev.sluice.projection.definition;

import dev.sluice.expression.Expression;
import dev.sluice.expression.RowFormula;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A text with <code>${expression}</code> parts over a row. Immutable; equal by what was written. */
public record RowText(List<Object> parts) {
    /** FILTER_INVALID for an expression that is none, IllegalArgumentException for a part that does not end. */
    static RowText parse(String text) {
        var parts = new ArrayList<Object>();
        int at = 0;
        for (int open = text.indexOf("${"); open >= 0; open = text.indexOf("${", at)) {
            int close = text.indexOf('}', open);
            if (close < 0) {
                throw new IllegalArgumentException("found '" + text + "', expected a } behind ${");
            }
            parts.add(text.substring(at, open));
            parts.add(Expression.parse(text.substring(open + 2, close)));
            at = close + 1;
        }
        parts.add(text.substring(at));
        return new RowText(List.copyOf(parts));
    }

    /** What the text is of a row; a part that has no value is empty. FILTER_INVALID when it names other columns. */
    public Function<Function<String, @Nullable Object>, String> compile(Set<String> columns) {
        var compiled = parts.stream()
                .map(part -> part instanceof Expression expression ? RowFormula.compile(expression, columns) : part)
                .toList();
        return row -> {
            var text = new StringBuilder();
            for (var part : compiled) {
                var value = part instanceof RowFormula formula ? formula.value(row) : part;
                text.append(value == null ? "" : value);
            }
            return text.toString();
        };
    }
}
