package dev.sluice.saga;

import dev.sluice.saga.definition.Effect;
import dev.sluice.saga.definition.Happened;
import dev.sluice.saga.definition.Retry;
import dev.sluice.saga.definition.SagaDefinition;
import java.time.Duration;
import java.util.List;

/** The saga of the killed process whose way is code: sends one command until its answer is clear, rests, and ends. */
record KillErrand(String id, boolean isDone) {
    static final String NAME = "errand";

    private record Began(String id) {}

    private record Errand(String id) {}

    private static final Participant<Errand, Void> PARTICIPANT = Participant.bus(Errand.class, NAME);
    private static final Duration REST = Duration.ofMillis(20);

    static final SagaDefinition DEFINITION = Saga.of(NAME, 1, KillErrand.class)
            .startOn(Began.class, Began::id, began -> new KillErrand(began.id(), false))
            .machine(new Way())
            .sends(NAME, PARTICIPANT, how -> how.timeout(KillParticipants.TIMEOUT)
                    .retry(Retry.exponential(REST, 2, REST.multipliedBy(4)).attempts(2)))
            .build()
            .definition();

    private static final class Way implements SagaMachine<KillErrand> {
        @Override
        public KillErrand evolve(KillErrand state, Happened happened) {
            return new KillErrand(state.id(), state.isDone() || isClear(happened));
        }

        @Override
        public List<Effect> react(KillErrand evolved, Happened happened) {
            if (happened instanceof Happened.Unknown) {
                return List.of(new Effect.SetTimer("again", REST));
            }
            if (isClear(happened)) {
                return List.of(new Effect.SetTimer("rest", REST));
            }
            return List.of(
                    evolved.isDone() ? new Effect.Complete() : PARTICIPANT.schedule(NAME, new Errand(evolved.id())));
        }

        private static boolean isClear(Happened happened) {
            return happened instanceof Happened.Succeeded || happened instanceof Happened.Rejected;
        }
    }
}
