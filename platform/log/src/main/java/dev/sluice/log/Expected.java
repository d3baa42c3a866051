package dev.sluice.log;

/** The expected version: what an append demands of its stream. */
public record Expected(long value) {
    /** No demand. */
    public static final Expected ANY = new Expected(-1);
    /** The stream has at least one event. */
    public static final Expected EXISTS = new Expected(-2);
    /** The stream has no event, which is version 0. */
    public static final Expected NONE = new Expected(0);

    public Expected {
        if (value < -2) {
            throw new IllegalArgumentException("expected version " + value + " < 0");
        }
    }

    public static Expected version(long version) {
        if (version < 0) {
            throw new IllegalArgumentException("expected version " + version + " < 0");
        }
        return new Expected(version);
    }

    /** Reads {@code any}, {@code none}, {@code exists} or a number; anything else is INVALID_REQUEST. */
    public static Expected parse(String text) {
        switch (text) {
            case "any":
                return ANY;
            case "none":
                return NONE;
            case "exists":
                return EXISTS;
            default:
                try {
                    return version(Long.parseLong(text));
                } catch (IllegalArgumentException malformed) {
                    throw Failure.of(
                            Failure.Kind.INVALID_REQUEST,
                            "found expected version '" + text + "', expected a number from 0, any, none or exists");
                }
        }
    }

    /** Whether a stream at {@code version} meets the demand. */
    public boolean isMetBy(long version) {
        return value == -1 || (value == -2 ? version > 0 : value == version);
    }

    /** A number for a version, else the word: what a problem document shows. */
    public Object wire() {
        return value == -1 ? "any" : value == -2 ? "exists" : (Object) value;
    }

    @Override
    public String toString() {
        return String.valueOf(wire());
    }
}
