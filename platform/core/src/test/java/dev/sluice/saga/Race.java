package dev.sluice.saga;

import dev.sluice.saga.definition.Effect;
import dev.sluice.saga.definition.Happened;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Two are asked, the first who is there wins, and the other is let go: what steps cannot say. */
final class Race implements SagaMachine<Race.Run> {
    record Began(String id) {}

    record Cancelled(String id) {}

    record Hurried(String id) {}

    record Book(String id, String side) {}

    record Release(String id, String side) {}

    /**
     * @param sides asked, got or none
     * @param winner empty until there is one
     */
    record Run(String id, Map<String, String> sides, String winner, boolean back) {
        Run with(String side, String what) {
            var changed = new TreeMap<>(sides);
            changed.put(side, what);
            boolean wins = what.equals("got") && winner.isEmpty() && !back;
            return new Run(id, changed, wins ? side : winner, back);
        }

        boolean keeps(String side) {
            return side.equals(winner) && !back;
        }

        boolean isOver() {
            return sides.entrySet().stream()
                    .allMatch(each ->
                            each.getValue().equals("none") || each.getValue().equals("got") && keeps(each.getKey()));
        }
    }

    private static final String RELEASE = "release-";
    private static final Participant<Book, Void> BOOK = Participant.bus(Book.class, "book");
    private static final Participant<Release, Void> LET_GO = Participant.bus(Release.class, "release");

    static final Saga<Run> SAGA = Saga.of("race", 1, Run.class)
            .startOn(Began.class, Began::id, began -> new Run(began.id(), Map.of(), "", false))
            .cancelOn(Cancelled.class, Cancelled::id)
            .within(Duration.ofHours(2))
            .machine(new Race())
            .sends("left", BOOK)
            .sends("right", BOOK)
            .sends("release-left", LET_GO)
            .sends("release-right", LET_GO)
            .on("hurried", Hurried.class, Hurried::id)
            .build();

    @Override
    public Run evolve(Run run, Happened happened) {
        if (happened instanceof Happened.Started) {
            return run.with("left", "asked").with("right", "asked");
        }
        if (happened instanceof Happened.CompensationAsked) {
            return new Run(run.id(), run.sides(), run.winner(), true);
        }
        if (happened instanceof Happened.Succeeded it) {
            return it.name().startsWith(RELEASE) ? none(run, it.name()) : run.with(it.name(), "got");
        }
        if (happened instanceof Happened.Rejected it) {
            return none(run, it.name());
        }
        return happened instanceof Happened.Unknown it ? none(run, it.name()) : run;
    }

    private static Run none(Run run, String name) {
        return run.with(name.startsWith(RELEASE) ? name.substring(RELEASE.length()) : name, "none");
    }

    @Override
    public List<Effect> react(Run run, Happened happened) {
        var effects = new ArrayList<Effect>();
        if (happened instanceof Happened.Started) {
            run.sides().keySet().forEach(side -> effects.add(BOOK.schedule(side, new Book(run.id(), side))));
            effects.add(new Effect.SetTimer("patience", Duration.ofMinutes(5)));
        } else if (happened instanceof Happened.EventArrived) {
            effects.add(new Effect.SetTimer("patience", Duration.ofMinutes(1)));
        } else if (happened instanceof Happened.Succeeded it
                && !it.name().startsWith(RELEASE)
                && !run.keeps(it.name())) {
            effects.add(LET_GO.schedule(RELEASE + it.name(), new Release(run.id(), it.name())));
        } else if (happened instanceof Happened.CompensationAsked
                && run.sides().getOrDefault(run.winner(), "").equals("got")) {
            effects.add(LET_GO.schedule(RELEASE + run.winner(), new Release(run.id(), run.winner())));
        }
        if (run.isOver()) {
            effects.add(new Effect.Complete());
        }
        return effects;
    }
}
