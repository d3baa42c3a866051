package dev.sluice.expression;

/** A value that an expression can tell from null and nothing more. */
public enum Structure {
    OBJECT("an object"),
    ARRAY("an array"),
    HUGE_NUMBER("a number of more than " + Decimal.MAX_DIGITS + " digits");

    private final String shown;

    Structure(String shown) {
        this.shown = shown;
    }

    String shown() {
        return shown;
    }
}
