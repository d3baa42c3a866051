package dev.sluice.command;

import java.util.Map;

/**
 * Why an aggregate refuses a command: a rule of its own, told as a value.
 *
 * @param code for programs, such as {@code out_of_stock}
 * @param message for people
 * @param details further members, of strings, numbers, booleans, lists and maps of them
 */
public record Rejection(String code, String message, Map<String, Object> details) {
    /** The code of a command that comes behind the command that undoes it. */
    public static final String VOIDED = "voided";

    public Rejection {
        if (code.isBlank()) {
            throw new IllegalArgumentException("rejection without a code");
        }
        details = Map.copyOf(details);
    }
}
