package dev.sluice.kafka;

/** A source must not read on until an operator has decided; the message says what was found and what was expected. */
final class Halted extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Halted(String problem) {
        super(problem, null, false, false);
    }

    String problem() {
        return String.valueOf(getMessage());
    }
}
