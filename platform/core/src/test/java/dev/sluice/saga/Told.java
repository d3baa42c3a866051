package dev.sluice.saga;

import dev.sluice.saga.definition.Effect;
import dev.sluice.saga.definition.Happened;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/** The state of machines for tests: they write down what they are told, and do what a function says. */
record Told(String id, List<String> happened) {
    record Began(String id) {}

    record Cancelled(String id) {}

    record Chosen(String id, int number) {}

    record Left(String id) {}

    record Right(String id) {}

    static final Participant<Left, Chosen> LEFT =
            Participant.bus(Left.class, "left").replies(Chosen.class).rejects("Full");
    static final Participant<Right, Void> RIGHT = Participant.bus(Right.class, "right");

    /** The word of what happened. */
    static String word(Happened happened) {
        if (happened instanceof Happened.EventArrived it) {
            return it.name() + " came: " + it.event();
        }
        if (happened instanceof Happened.Succeeded it) {
            return it.name() + " did: " + it.reply();
        }
        if (happened instanceof Happened.Rejected it) {
            return it.name() + " refused: " + it.code();
        }
        if (happened instanceof Happened.Unknown it) {
            return it.name() + " unknown";
        }
        if (happened instanceof Happened.TimerFired it) {
            return it.name() + " fired";
        }
        return happened instanceof Happened.CompensationAsked it
                ? "back: " + it.reason()
                : happened.getClass().getSimpleName();
    }

    static Effect left() {
        return LEFT.schedule("left", new Left("k"));
    }

    static Effect right() {
        return RIGHT.schedule("right", new Right("k"));
    }

    /** Of a machine that is asked with the word of what happened. */
    static Saga.Coded<Told> saga(Saga.Compensatable<Told> started, BiFunction<Told, String, List<Effect>> reacting) {
        return started.machine(new SagaMachine<>() {
                    @Override
                    public Told evolve(Told state, Happened happened) {
                        return new Told(
                                state.id(),
                                Stream.concat(state.happened().stream(), Stream.of(word(happened)))
                                        .toList());
                    }

                    @Override
                    public List<Effect> react(Told evolved, Happened happened) {
                        return reacting.apply(evolved, word(happened));
                    }
                })
                .sends("left", LEFT)
                .sends("right", RIGHT)
                .on("chosen", Chosen.class, Chosen::id);
    }

    static Saga.Compensatable<Told> started() {
        return Saga.of("told", 1, Told.class)
                .startOn(Began.class, Began::id, began -> new Told(began.id(), List.of()))
                .cancelOn(Cancelled.class, Cancelled::id);
    }
}
