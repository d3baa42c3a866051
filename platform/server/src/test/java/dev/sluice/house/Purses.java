package dev.sluice.house;

import dev.sluice.command.Aggregate;
import dev.sluice.command.AggregateProvider;
import dev.sluice.command.Decider;
import dev.sluice.command.Decision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Purses that hold 0 to {@link #MOST} cents, and say in each event and rejection what they held: for audits from outside. */
public final class Purses implements AggregateProvider {
    static final long MOST = 1_000;

    /** Puts cents in, or takes them out when there are less than 0. */
    record Move(String id, long cents) {}

    record Moved(String id, long cents, long before) {}

    private static final class Rules implements Decider<Move, Moved, Long> {
        @Override
        public Long initial() {
            return 0L;
        }

        @Override
        public Long evolve(Long held, Moved event) {
            return held + event.cents();
        }

        @Override
        public Decision<Moved> decide(Move command, Long held) {
            if (command.cents() == 0) {
                return Decision.nothing();
            }
            return isPossible(held, command.cents())
                    ? Decision.accept(new Moved(command.id(), command.cents(), held))
                    : Decision.reject("limit", "found " + held + " cents", Map.of("before", held));
        }
    }

    static boolean isPossible(long held, long cents) {
        return held + cents >= 0 && held + cents <= MOST;
    }

    @Override
    public List<Aggregate<?, ?, ?>> aggregates() {
        return List.of(Aggregate.of("purse", new Rules())
                .command(Move.class)
                .event(Moved.class)
                .snapshotEvery(20, Long.class)
                .build());
    }

    /** Makes a folder what a jar with this class would be on a server's class path. */
    static Path in(Path folder) {
        var services = folder.resolve("META-INF/services");
        var classes = folder.resolve("dev/sluice/house");
        try {
            Files.createDirectories(services);
            Files.createDirectories(classes);
            Files.writeString(services.resolve(AggregateProvider.class.getName()), Purses.class.getName());
            for (var each : List.of(Purses.class, Move.class, Moved.class, Rules.class)) {
                String file = each.getName().substring(each.getPackageName().length() + 1) + ".class";
                try (var code = each.getResourceAsStream(file)) {
                    Files.write(classes.resolve(file), code.readAllBytes());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return folder;
    }
}
