package dev.sluice.saga.scenario;

/** What a scenario found is not what it expected. */
public final class Unexpected extends RuntimeException {
    private static final long serialVersionUID = 1;

    public Unexpected(String message) {
        super(message, null, false, false);
    }

    static Unexpected found(String found, String expected) {
        return new Unexpected("found " + found + ", expected " + expected);
    }
}
