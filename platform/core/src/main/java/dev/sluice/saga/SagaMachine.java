package dev.sluice.saga;

import dev.sluice.saga.definition.Effect;
import dev.sluice.saga.definition.Happened;
import java.util.List;

/**
 * A saga whose way is code, not a list of steps. Pure: the same state and happening lead to the same state and effects. Called only while an instance
 * reacts; its results are recorded, and it is not called again for what is recorded. What it throws parks the instance, and what happened is
 * told again when an operator lets it retry.
 *
 * @param <S> the record of the state
 */
public interface SagaMachine<S> {
    /** The state after what happened. */
    S evolve(S state, Happened happened);

    /** What to do then; {@link Participant#schedule} makes commands. */
    List<Effect> react(S evolved, Happened happened);
}
