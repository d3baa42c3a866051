package dev.sluice.bus;

import dev.sluice.log.Failure;
import org.jspecify.annotations.Nullable;

/**
 * What goes with a request beside its body. It travels by reference as the body does; these would be the headers {@code deadline-ms},
 * {@code caller}, {@code traceparent}, {@code idempotency-key} and {@code attempt} of a message that leaves the process.
 *
 * @param deadlineNanos of {@link System#nanoTime()}: what is not begun by then is not begun at all; {@link #NO_DEADLINE}
 * @param caller who asks, for limits and what is shown; null: the platform itself
 * @param traceparent of W3C Trace Context
 * @param idempotencyKey the same for each repetition of a request: one that has it may be tried again
 * @param attempt from 1
 * @param headers of the request from outside that it is part of
 */
public record Call(
        long deadlineNanos,
        @Nullable String caller,
        @Nullable String traceparent,
        @Nullable String idempotencyKey,
        int attempt,
        Headers headers) {
    public static final long NO_DEADLINE = Long.MAX_VALUE;

    /** The detail of a DEADLINE_EXCEEDED whose request was not begun: false. Without it nobody knows. */
    public static final String DONE = "done";

    /** Of the platform itself, without a deadline. */
    public static final Call PLAIN = new Call(NO_DEADLINE, null, null, null, 1, name -> null);

    /** Whether a request came to its end without anybody knowing whether it was done. */
    public static boolean isUnknown(Throwable cause) {
        return cause instanceof Failure late
                && late.kind() == Failure.Kind.DEADLINE_EXCEEDED
                && !Boolean.FALSE.equals(late.details().get(DONE));
    }

    /** A request of somebody. */
    public static Call from(String caller) {
        return new Call(NO_DEADLINE, caller, null, null, 1, PLAIN.headers);
    }

    /** What a request from outside has in its headers, by name without regard to case. */
    @FunctionalInterface
    public interface Headers {
        @Nullable
        String value(String name);
    }

    public Call withHeaders(Headers given) {
        return new Call(deadlineNanos, caller, traceparent, idempotencyKey, attempt, given);
    }

    /** That may be repeated. */
    public Call withIdempotencyKey(String key) {
        return new Call(deadlineNanos, caller, traceparent, key, attempt, headers);
    }

    public Call withTraceparent(@Nullable String parent) {
        return new Call(deadlineNanos, caller, parent, idempotencyKey, attempt, headers);
    }

    /** One attempt of it. */
    public Call attempt(int number, long untilNanos) {
        return new Call(untilNanos, caller, traceparent, idempotencyKey, number, headers);
    }

    public boolean hasDeadline() {
        return deadlineNanos != NO_DEADLINE;
    }

    /** What is left until the deadline, negative behind it; {@link #NO_DEADLINE} when there is none. */
    public long remainingNanos(long nowNanos) {
        return hasDeadline() ? deadlineNanos - nowNanos : NO_DEADLINE;
    }
}
