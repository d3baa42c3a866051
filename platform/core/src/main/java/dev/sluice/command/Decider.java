package dev.sluice.command;

/**
 * The rules of an aggregate. Pure: what a method is given is all that it may depend on, and what it returns is all that it does. Called
 * on the thread that writes the log, so each call is to be short. States and events are immutable.
 *
 * @param <C> the family of its commands
 * @param <E> the family of its events
 * @param <S> its state
 */
public interface Decider<C, E, S> {
    /** The state before the first event. */
    S initial();

    /** The state after an event. Must accept every event that was ever recorded. */
    S evolve(S state, E event);

    /** What a command leads to; a refusal is a value. What is thrown is a bug: it answers INTERNAL and nothing is recorded. */
    Decision<E> decide(C command, S state);

    /** As {@link #decide(Object, Object)}, for who must know whose state it is: the key is what the stream is named behind its category. */
    default Decision<E> decide(C command, S state, String key) {
        return decide(command, state);
    }

    /** Whether nothing more is expected of the aggregate: its state is then no longer held in memory. */
    default boolean isTerminal(S state) {
        return false;
    }
}
