package dev.sluice.expression;

import dev.sluice.expression.Compiler.Code;
import dev.sluice.expression.Compiler.Type;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One row of a view. */
final class RowFacts extends Facts {
    private final Function<String, @Nullable Object> columns;

    RowFacts(Function<String, @Nullable Object> columns, int maxSteps) {
        super(maxSteps);
        this.columns = columns;
    }

    /** Names are those of some columns, or {@code key}. */
    static Compiler.Scope scope(Set<String> columns) {
        return (names, isWhole) -> {
            if (!columns.contains(names.get(0)) && !names.get(0).equals("key")) {
                throw new IllegalArgumentException("found '" + names.get(0) + "', expected key"
                        + (columns.isEmpty() ? "" : ", ") + String.join(", ", new TreeSet<>(columns)));
            }
            return resolve(names, isWhole);
        };
    }

    /** Names are columns; one that the row does not have is null. */
    static Code resolve(List<String> names, boolean isWhole) {
        String column = names.get(0);
        if (names.size() > 1) {
            throw new IllegalArgumentException(
                    "found " + String.join(".", names) + ", expected a column: columns have no fields");
        }
        return new Code(column.equals("key") ? Type.STRING : Type.ANY, facts -> ((RowFacts) facts).column(column));
    }

    private @Nullable Object column(String name) {
        Object value = columns.apply(name);
        if (value instanceof BigDecimal number) {
            return Decimal.of(number);
        }
        if (value instanceof Long number) {
            return Decimal.of(number);
        }
        if (value instanceof Instant moment) {
            return Time.of(moment);
        }
        return value;
    }
}
