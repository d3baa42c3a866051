package dev.sluice.resilience;

import dev.sluice.log.Failure;
import java.util.BitSet;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Conditions as they are looked up when a call has failed. */
final class Conditions {
    private static final int CLASS_SIZE = 100;

    private final boolean isTimeout;
    private final boolean isNoHandlers;
    private final BitSet statuses = new BitSet();
    private final BitSet named = new BitSet();

    Conditions(Collection<Policy.Condition> conditions) {
        isTimeout = conditions.contains(new Policy.Condition(Policy.Condition.TIMEOUT));
        isNoHandlers = conditions.contains(new Policy.Condition(Policy.Condition.NO_HANDLERS));
        for (var condition : conditions) {
            String word = condition.word();
            if (word.endsWith("xx")) {
                int from = (word.charAt(0) - '0') * CLASS_SIZE;
                statuses.set(from, from + CLASS_SIZE);
            } else if (word.charAt(0) >= '4' && word.charAt(0) <= '5') {
                named.set(Integer.parseInt(word));
            }
        }
    }

    /** Whether a failure is one of them. A refusal of whoever protects itself is only when its very status is named. */
    boolean hold(Throwable failed) {
        return hold(kind(failed));
    }

    /** @param kind null for a failure that is none of ours */
    boolean hold(Failure.@Nullable Kind kind) {
        if (kind == Failure.Kind.DEADLINE_EXCEEDED && isTimeout || kind == Failure.Kind.NO_HANDLERS && isNoHandlers) {
            return true;
        }
        int status = kind == null ? Failure.Kind.INTERNAL.httpStatus() : kind.httpStatus();
        return named.get(status) || statuses.get(status) && !isRefusal(kind);
    }

    /** Whether somebody has refused to do anything, to protect itself or another. */
    static boolean isRefusal(Failure.@Nullable Kind kind) {
        return kind == Failure.Kind.OVERLOADED
                || kind == Failure.Kind.RATE_LIMITED
                || kind == Failure.Kind.CIRCUIT_OPEN;
    }

    static Failure.@Nullable Kind kind(Throwable failed) {
        return failed instanceof Failure failure ? failure.kind() : null;
    }
}
