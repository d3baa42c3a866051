package dev.sluice.examples;

import dev.sluice.command.Aggregate;
import dev.sluice.command.Decider;
import dev.sluice.command.Decision;
import java.util.HashMap;
import java.util.Map;

/** The stock of one article: received, reserved for orders, released again. */
final class Stock implements Decider<Stock.Command, Stock.Event, Stock.Shelf> {
    sealed interface Command {}

    record ReserveStock(String orderId, String sku, int qty) implements Command {}

    record ReleaseStock(String orderId, String sku) implements Command {}

    sealed interface Event {}

    record StockReceived(String sku, int qty) implements Event {}

    record StockReserved(String orderId, int qty, String reservationId) implements Event {}

    record StockReleased(String orderId, int qty) implements Event {}

    /** @param reserved pieces by order */
    record Shelf(int free, Map<String, Integer> reserved) {
        Shelf {
            reserved = Map.copyOf(reserved);
        }

        Shelf with(String orderId, int qty) {
            var next = new HashMap<>(reserved);
            next.put(orderId, qty);
            return new Shelf(free - qty, next);
        }

        Shelf without(String orderId, int qty) {
            var next = new HashMap<>(reserved);
            next.remove(orderId);
            return new Shelf(free + qty, next);
        }
    }

    static final Aggregate<Command, Event, Shelf> AGGREGATE = Aggregate.of("stock", new Stock())
            .commands(Command.class)
            .events(Event.class)
            .snapshotEvery(100, Shelf.class)
            .build();

    @Override
    public Shelf initial() {
        return new Shelf(0, Map.of());
    }

    @Override
    public Shelf evolve(Shelf shelf, Event event) {
        if (event instanceof StockReceived it) {
            return new Shelf(shelf.free() + it.qty(), shelf.reserved());
        }
        return event instanceof StockReserved it
                ? shelf.with(it.orderId(), it.qty())
                : shelf.without(((StockReleased) event).orderId(), ((StockReleased) event).qty());
    }

    @Override
    public Decision<Event> decide(Command command, Shelf shelf) {
        if (command instanceof ReserveStock it) {
            if (it.qty() < 1) {
                return Decision.reject("invalid_quantity", "found " + it.qty() + " pieces, expected at least one");
            }
            if (shelf.reserved().containsKey(it.orderId())) {
                return Decision.reject("reserved_before", "order " + it.orderId() + " has a reservation");
            }
            return it.qty() <= shelf.free()
                    ? Decision.accept(new StockReserved(it.orderId(), it.qty(), "reserved-" + it.orderId()))
                    : Decision.reject("OutOfStock", "found " + shelf.free() + " pieces, expected " + it.qty());
        }
        String orderId = ((ReleaseStock) command).orderId();
        Integer qty = shelf.reserved().get(orderId);
        return qty == null ? Decision.nothing() : Decision.accept(new StockReleased(orderId, qty));
    }
}
