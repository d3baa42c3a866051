package dev.sluice.saga;

import dev.sluice.command.Aggregate;
import dev.sluice.command.Decider;
import dev.sluice.command.Decision;
import java.util.Set;
import java.util.TreeSet;

/** An aggregate for tests of sagas: what is held for whom on one of a few shelves; some are refused. */
record Shelf(Set<String> held) {
    private static final int SHELVES = 8;
    private static final int REFUSED_OF = 17;

    sealed interface Command permits Hold, Free {}

    record Hold(String id) implements Command {}

    record Free(String id) implements Command {}

    sealed interface Event permits Held, Freed {}

    record Held(String id) implements Event {}

    record Freed(String id) implements Event {}

    static Aggregate<Command, Event, Shelf> aggregate() {
        return Aggregate.of("shelf", new Rules())
                .commands(Command.class)
                .events(Event.class)
                .build();
    }

    static String streamOf(String id) {
        return "shelf-" + Math.floorMod(id.hashCode(), SHELVES);
    }

    private static final class Rules implements Decider<Command, Event, Shelf> {
        @Override
        public Shelf initial() {
            return new Shelf(Set.of());
        }

        @Override
        public Shelf evolve(Shelf state, Event event) {
            var next = new TreeSet<>(state.held());
            if (event instanceof Held it) {
                next.add(it.id());
            } else {
                next.remove(((Freed) event).id());
            }
            return new Shelf(next);
        }

        @Override
        public Decision<Event> decide(Command command, Shelf state) {
            if (command instanceof Free it) {
                return state.held().contains(it.id()) ? Decision.accept(new Freed(it.id())) : Decision.nothing();
            }
            String id = ((Hold) command).id();
            return Math.floorMod(id.hashCode(), REFUSED_OF) == 0
                    ? Decision.reject("full", "found no place for " + id)
                    : Decision.accept(new Held(id));
        }
    }
}
