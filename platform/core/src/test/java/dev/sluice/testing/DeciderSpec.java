package dev.sluice.testing;

import dev.sluice.command.Decider;
import dev.sluice.command.Decision;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A test of a {@link Decider}: given events, when a command, then what it decides. A then that does not hold is an AssertionError that says what
 * was found. Every decision is made twice, and must be the same: a decider is pure.
 *
 * <pre>{@code
 * DeciderSpec.of(new StockRules())
 *         .given(new Received(10))
 *         .when(new Reserve("o1", 3))
 *         .thenEvents(new Reserved("o1", 3));
 * }</pre>
 */
public final class DeciderSpec<C, E, S> {
    private final Decider<C, E, S> decider;
    private final List<E> history;

    private DeciderSpec(Decider<C, E, S> decider, List<E> history) {
        this.decider = decider;
        this.history = history;
    }

    /** Begins with no event. */
    public static <C, E, S> DeciderSpec<C, E, S> of(Decider<C, E, S> decider) {
        return new DeciderSpec<>(decider, List.of());
    }

    /** What has happened, behind what was given before. */
    @SafeVarargs
    @SuppressWarnings("varargs") // they are only read
    public final DeciderSpec<C, E, S> given(E... events) {
        return behind(List.of(events));
    }

    private DeciderSpec<C, E, S> behind(List<? extends E> events) {
        var all = new ArrayList<>(history);
        all.addAll(events);
        return new DeciderSpec<>(decider, all);
    }

    /** The command that is decided upon the state of these events. */
    public Decided when(C command) {
        var state = state();
        var decision = decider.decide(command, state);
        check(
                decision.equals(decider.decide(command, state)),
                decision + " and another decision the second time",
                "one");
        check(state.equals(state()), "a state that the decision has changed", "it as it was");
        return new Decided(command, decision);
    }

    /** The state that the events lead to. */
    public S state() {
        S state = decider.initial();
        for (E event : history) {
            state = decider.evolve(state, event);
        }
        return state;
    }

    private static void check(boolean holds, String found, String expected) {
        if (!holds) {
            throw new AssertionError("found " + found + ", expected " + expected);
        }
    }

    /** What was decided. */
    public final class Decided {
        private final C command;
        private final Decision<E> decision;

        private Decided(C command, Decision<E> decision) {
            this.command = command;
            this.decision = decision;
        }

        /** Exactly these events, in order; answers what is then, so that another {@code when} can follow. */
        @SafeVarargs
        @SuppressWarnings("varargs") // they are only read
        public final DeciderSpec<C, E, S> thenEvents(E... events) {
            var accepted = decision instanceof Decision.Accepted<E> made ? made.events() : null;
            checkThat(List.of(events).equals(accepted), "events " + List.of(events));
            return behind(List.of(events));
        }

        /** A rejection with this code. */
        public DeciderSpec<C, E, S> thenRejected(String code) {
            @Nullable
            String found = decision instanceof Decision.Rejected<E> rejected
                    ? rejected.rejection().code()
                    : null;
            checkThat(code.equals(found), "a rejection with code " + code);
            return DeciderSpec.this;
        }

        /** Neither an event nor a rejection. */
        public DeciderSpec<C, E, S> thenNothing() {
            checkThat(
                    decision instanceof Decision.Nothing<E>
                            || decision instanceof Decision.Accepted<E> accepted
                                    && accepted.events().isEmpty(),
                    "nothing");
            return DeciderSpec.this;
        }

        private void checkThat(boolean holds, String expected) {
            check(holds, decision + " upon " + command, expected);
        }
    }
}
