package dev.sluice.command;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** An aggregate for tests: what lies on a shelf, and what of it is reserved for whom. */
record Stock(int onHand, TreeMap<String, Integer> reserved) {
    static final Rules RULES = new Rules();

    sealed interface Command permits Receive, Reserve, Release, Break {}

    record Receive(int quantity, @Nullable String note) implements Command {}

    record Reserve(String order, int quantity, Optional<String> wish) implements Command {}

    record Release(String order) implements Command {}

    /** Meets a bug. */
    record Break() implements Command {}

    sealed interface Event permits Received, Reserved, Released {}

    record Received(int quantity) implements Event {}

    record Reserved(String order, int quantity) implements Event {}

    record Released(String order, int quantity) implements Event {}

    static Aggregate.Builder<Command, Event, Stock> aggregate() {
        return Aggregate.of("stock", RULES).commands(Command.class).events(Event.class);
    }

    int free() {
        return onHand - reserved.values().stream().mapToInt(Integer::intValue).sum();
    }

    private Stock with(String order, int quantity) {
        var next = new TreeMap<>(reserved);
        next.put(order, quantity);
        return new Stock(onHand, next);
    }

    private Stock without(String order) {
        var next = new TreeMap<>(reserved);
        next.remove(order);
        return new Stock(onHand, next);
    }

    static final class Rules implements Decider<Command, Event, Stock> {
        @Override
        public Stock initial() {
            return new Stock(0, new TreeMap<>());
        }

        @Override
        public Stock evolve(Stock state, Event event) {
            if (event instanceof Received received) {
                return new Stock(state.onHand() + received.quantity(), state.reserved());
            }
            return event instanceof Reserved reserved
                    ? state.with(reserved.order(), reserved.quantity())
                    : state.without(((Released) event).order());
        }

        @Override
        public Decision<Event> decide(Command command, Stock state) {
            if (command instanceof Receive receive) {
                return Decision.accept(new Received(receive.quantity()));
            }
            if (command instanceof Reserve reserve) {
                return reserve(reserve, state);
            }
            if (command instanceof Release release) {
                Integer quantity = state.reserved().get(release.order());
                return quantity == null
                        ? Decision.nothing()
                        : Decision.accept(List.of(new Released(release.order(), quantity)));
            }
            throw new IllegalStateException("broken");
        }

        private static Decision<Event> reserve(Reserve reserve, Stock state) {
            if (state.reserved().containsKey(reserve.order())) {
                return Decision.nothing();
            }
            return reserve.quantity() > state.free()
                    ? Decision.reject(
                            "out_of_stock",
                            "found " + state.free() + " free, expected " + reserve.quantity(),
                            java.util.Map.of("free", state.free()))
                    : Decision.accept(new Reserved(reserve.order(), reserve.quantity()));
        }
    }
}
