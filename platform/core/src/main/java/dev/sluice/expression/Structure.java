package dev.sluice.expression;

/** Stands for a value of which an expression wants to know only that it is there. */
public enum Structure {
    OBJECT("an object"),
    ARRAY("a list"),
    HUGE_NUMBER("a number of more than " + Decimal.MAX_DIGITS + " digits");

    private final String shown;

    Structure(String shown) {
        this.shown = shown;
    }

    String shown() {
        return shown;
    }
}
