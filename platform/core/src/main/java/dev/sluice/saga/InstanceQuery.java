package dev.sluice.saga;

import dev.sluice.saga.machine.Instance;
import dev.sluice.saga.machine.Status;
import dev.sluice.saga.machine.StepStatus;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which instances of a saga are wanted: those that all of it holds for.
 *
 * @param statuses empty for any
 * @param step that they are at, or that they are parked with; null for any
 * @param untouchedSinceMicros nothing has happened to them since then, µs since 1970 UTC; null for any
 * @param traits empty for any
 */
public record InstanceQuery(
        String saga,
        Set<Status> statuses,
        @Nullable String step,
        @Nullable Long untouchedSinceMicros,
        Set<Trait> traits) {
    /** What follows from an instance and the time. */
    public enum Trait {
        /** It sends something again. */
        RETRYING,
        /** It is live, and nothing has happened to it for longer than its definition allows. */
        STUCK
    }

    public InstanceQuery {
        statuses = Set.copyOf(statuses);
        traits = Set.copyOf(traits);
    }

    /** All instances of a saga. */
    public static InstanceQuery of(String saga) {
        return new InstanceQuery(saga, Set.of(), null, null, Set.of());
    }

    /** @param stuckBeforeMicros whoever is live and untouched since then is stuck */
    boolean holds(Instance instance, long stuckBeforeMicros) {
        return (statuses.isEmpty() || statuses.contains(instance.status()))
                && (step == null || isAt(instance, step))
                && (untouchedSinceMicros == null || instance.progressMicros() < untouchedSinceMicros)
                && (!traits.contains(Trait.RETRYING) || instance.isRetrying())
                && (!traits.contains(Trait.STUCK)
                        || !instance.status().isEnded() && instance.progressMicros() < stuckBeforeMicros);
    }

    private static boolean isAt(Instance instance, String name) {
        var parked = instance.parked();
        var state = instance.step(name);
        return parked != null && name.equals(parked.step())
                || !instance.status().isEnded() && (state.sending() != null || state.status() == StepStatus.RUNNING);
    }
}
