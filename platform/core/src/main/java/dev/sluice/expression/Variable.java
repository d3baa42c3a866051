package dev.sluice.expression;

import java.util.List;

/**
 * A name that expressions may use beside the event's own, with a value that {@link EventFacts#variable} gives it.
 *
 * @param fields empty: it is any one value; else its value is an array with one for each field, and it stands only with a field
 * @param areTimes whether each field is a time
 */
public record Variable(String name, List<String> fields, boolean areTimes) {
    public static Variable of(String name) {
        return new Variable(name, List.of(), false);
    }
}
