package dev.sluice.server.gateway;

import dev.sluice.command.Aggregate;
import dev.sluice.command.AggregateProvider;
import dev.sluice.command.Decider;
import dev.sluice.command.Decision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** An aggregate that a jar on the class path brings: shelves of stock. */
public final class Shelves implements AggregateProvider {
    public sealed interface Command permits ReserveStock, BreakShelf {}

    public record ReserveStock(String order, int quantity, Optional<String> note) implements Command {}

    public record BreakShelf() implements Command {}

    public record StockReserved(String order, int quantity, String note) {}

    @Override
    public List<Aggregate<?, ?, ?>> aggregates() {
        return List.of(Aggregate.of("stock", new Rules())
                .commands(Command.class)
                .event(StockReserved.class)
                .build());
    }

    private static final class Rules implements Decider<Command, StockReserved, Integer> {
        @Override
        public Integer initial() {
            return 10;
        }

        @Override
        public Integer evolve(Integer free, StockReserved event) {
            return free - event.quantity();
        }

        @Override
        public Decision<StockReserved> decide(Command command, Integer free) {
            if (!(command instanceof ReserveStock reserve)) {
                throw new IllegalStateException("broken");
            }
            if (reserve.quantity() == 0) {
                return Decision.nothing();
            }
            return reserve.quantity() > free
                    ? Decision.reject("out_of_stock", "found " + free + " free, expected " + reserve.quantity())
                    : Decision.accept(new StockReserved(
                            reserve.order(), reserve.quantity(), reserve.note().orElse("")));
        }
    }

    /** What a start makes while the jar, in a folder, is on the class path. */
    public static <T> T onClassPath(Path jar, Supplier<T> start) {
        var usual = Thread.currentThread().getContextClassLoader();
        try {
            var services = Files.createDirectories(jar.resolve("META-INF/services"));
            Files.writeString(services.resolve(AggregateProvider.class.getName()), Shelves.class.getName());
            try (var loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, usual)) {
                Thread.currentThread().setContextClassLoader(loader);
                return start.get();
            }
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        } finally {
            Thread.currentThread().setContextClassLoader(usual);
        }
    }
}
