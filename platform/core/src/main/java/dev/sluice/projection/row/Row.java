package dev.sluice.projection.row;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A row of a view: columns in the order of the definition. Immutable and shared by reference. */
public interface Row {
    /** String, Boolean, BigDecimal, Instant (a time), a list of values that only expressions look into, or null. */
    @Nullable
    Object get(String column);

    /** The row as a JSON object in UTF-8, numbers in canonical decimal form; encoded once. Do not change the array. */
    byte[] json();

    /**
     * The row as a JSON object in UTF-8.
     *
     * @param columns those wanted, in the order of the definition; null for all
     * @param numbersAsText numbers as strings, for readers whose numbers are floating
     */
    byte[] json(@Nullable Set<String> columns, boolean numbersAsText);

    /** About how many bytes of memory it takes. */
    int weight();
}
