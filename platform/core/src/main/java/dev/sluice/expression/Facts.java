package dev.sluice.expression;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What an expression is evaluated on: one event or one row. For one thread. */
public abstract sealed class Facts permits EventFacts, RowFacts, TreeFacts {
    /** What one evaluation may cost: an element looked at, or sixteen characters made or looked through, is a step. */
    static final int MAX_STEPS = 1_000_000;

    /** Of what clients ask for: an event loop evaluates it, and the largest event still fits. */
    static final int MAX_FILTER_STEPS = 100_000;

    private static final int CHARACTERS_A_STEP = 16;

    private static final @Nullable Object[] NONE = {};

    private @Nullable Object[] locals = NONE;
    private final int maxSteps;
    private long steps;

    Facts(int maxSteps) {
        this.maxSteps = maxSteps;
    }

    /** An evaluation begins: its cost is counted from here. */
    void begin() {
        steps = 0;
    }

    /** EVALUATION_FAILED when the evaluation has become too long. */
    void step(Place place) {
        if (++steps > maxSteps) {
            throw tooLong(place);
        }
    }

    /** A text of so many characters is made or looked through. */
    void text(long characters, Place place) {
        steps += 1 + characters / CHARACTERS_A_STEP;
        if (steps > maxSteps) {
            throw tooLong(place);
        }
    }

    private RuntimeException tooLong(Place place) {
        return place.failed("found an evaluation of more than " + maxSteps + " steps, expected fewer");
    }

    /** The element a macro has at hand; macros within each other count from 0. */
    @Nullable
    Object local(int depth) {
        return locals[depth];
    }

    void local(int depth, @Nullable Object element) {
        if (depth >= locals.length) {
            locals = Arrays.copyOf(locals, depth + 4);
        }
        locals[depth] = element;
    }
}
