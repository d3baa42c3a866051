package dev.sluice.saga.definition;

import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a structure has to be like, in whatever form it was written. */
public final class Rules {
    public static final int MAX_STEPS = 100;

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,63}");
    /** The ids of triggers that are not those of steps. */
    private static final Pattern TAKEN = Pattern.compile("start|cancel(-[0-9]+)?");

    private Rules() {}

    /**
     * What is wrong.
     *
     * @param step null when it is no one step's
     * @param key of the definition that it is about
     */
    public record Problem(@Nullable String step, String key, String text) {}

    public static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    /** The first thing that is wrong, null when nothing is. */
    public static @Nullable Problem problem(Structure structure) {
        if (!isName(structure.name())) {
            return new Problem(
                    null, "saga", "found '" + structure.name() + "', expected a name: small letters, digits and -");
        }
        if (structure.version() < 1) {
            return new Problem(null, "version", "found " + structure.version() + ", expected 1 or more");
        }
        var maxRunning = structure.maxRunning();
        if (maxRunning != null && maxRunning < 1) {
            return new Problem(null, "maxRunning", "found " + maxRunning + ", expected 1 or more");
        }
        int count = structure.steps().size();
        if (count < 1 || count > MAX_STEPS) {
            return new Problem(null, "steps", "found " + count + " steps, expected 1 to " + MAX_STEPS);
        }
        var names = new HashSet<String>();
        boolean isForwardOnly = false;
        boolean hasPivot = false;
        for (var stage : structure.stages()) {
            for (var step : stage) {
                var problem = names.add(step.name())
                        ? problem(step, stage, isForwardOnly, hasPivot)
                        : new Problem(
                                step.name(), "name", "found '" + step.name() + "' a second time, expected it once");
                if (problem != null) {
                    return problem;
                }
                hasPivot |= step.kind() == Step.Kind.PIVOT;
                isForwardOnly |= step.kind() == Step.Kind.PIVOT || step.kind() == Step.Kind.RETRIABLE;
            }
        }
        return null;
    }

    private static @Nullable Problem problem(Step step, List<Step> stage, boolean isForwardOnly, boolean hasPivot) {
        String name = step.name();
        if (!isName(name) || TAKEN.matcher(name).matches()) {
            return new Problem(
                    name,
                    "name",
                    "found '" + name + "', expected small letters, digits and -, and neither start nor cancel");
        }
        boolean isAlone = stage.size() == 1;
        return switch (step.kind()) {
            case COMPENSATABLE ->
                isForwardOnly
                        ? new Problem(
                                name,
                                "kind",
                                "found a step that can be undone behind the pivot or a retriable one, expected a retriable one")
                        : undo(step);
            case PIVOT ->
                hasPivot
                        ? new Problem(name, "kind", "found a second pivot, expected at most one")
                        : isForwardOnly
                                ? new Problem(name, "kind", "found a pivot behind a retriable step, expected it before")
                                : forwardOnly(step, isAlone);
            case RETRIABLE -> forwardOnly(step, isAlone);
            case AWAIT, SLEEP ->
                isForwardOnly && !isAlone
                        ? new Problem(
                                name, "parallel", "found parallel steps behind the pivot, expected one after the other")
                        : null;
            case SCHEDULED, HEARD -> null;
        };
    }

    private static @Nullable Problem undo(Step step) {
        if (step.undo() == null && !step.isReadOnly()) {
            return new Problem(step.name(), "undo", "found no undo, expected one, or that the step is read-only");
        }
        return step.undo() != null && step.isReadOnly()
                ? new Problem(step.name(), "undo", "found an undo of a read-only step, expected one or the other")
                : null;
    }

    private static @Nullable Problem forwardOnly(Step step, boolean isAlone) {
        if (!isAlone) {
            return new Problem(
                    step.name(), "parallel", "found a " + step.kind() + " among parallel steps, expected it alone");
        }
        return step.undo() != null || step.isReadOnly()
                ? new Problem(
                        step.name(), "undo", "found a " + step.kind() + " that can be undone, expected it not to be")
                : null;
    }
}
