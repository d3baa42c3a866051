package dev.sluice.command;

import java.util.List;
import java.util.Map;

/** What a {@link Decider} makes of a command. */
public sealed interface Decision<E> {
    /** Events to be appended, in order; none is as {@link Nothing}. */
    record Accepted<E>(List<E> events) implements Decision<E> {
        public Accepted {
            events = List.copyOf(events);
        }
    }

    /** There is nothing to do: the command is answered, and no event appended. */
    record Nothing<E>() implements Decision<E> {}

    /** A rule refuses the command. */
    record Rejected<E>(Rejection rejection) implements Decision<E> {}

    static <E> Decision<E> accept(E event) {
        return new Accepted<>(List.of(event));
    }

    static <E> Decision<E> accept(List<? extends E> events) {
        return new Accepted<>(List.copyOf(events));
    }

    static <E> Decision<E> nothing() {
        return new Nothing<>();
    }

    /** Of a code for programs and a message for people. */
    static <E> Decision<E> reject(String code, String message) {
        return reject(code, message, Map.of());
    }

    static <E> Decision<E> reject(String code, String message, Map<String, Object> details) {
        return new Rejected<>(new Rejection(code, message, details));
    }
}
