package dev.sluice.projection;

import org.jspecify.annotations.Nullable;

/** A row of a view: columns in the order of the definition. Immutable and shared by reference. */
public interface Row {
    /** String, Boolean, BigDecimal, Instant (a time), or null. */
    @Nullable
    Object get(String column);

    /** The row as a JSON object in UTF-8, numbers in canonical decimal form; encoded once. Do not change the array. */
    byte[] json();
}
