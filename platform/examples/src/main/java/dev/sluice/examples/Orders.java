package dev.sluice.examples;

import dev.sluice.command.Aggregate;
import dev.sluice.command.Decider;
import dev.sluice.command.Decision;

/** Orders: requested by a customer, then confirmed or rejected by what fulfils them. */
final class Orders implements Decider<Orders.Command, Orders.Event, Orders.Order> {
    sealed interface Command {
        String orderId();
    }

    record RequestOrder(String orderId, String sku, int qty, long cents) implements Command {}

    record ConfirmOrder(String orderId, String tracking) implements Command {}

    record CancelOrder(String orderId) implements Command {}

    sealed interface Event {}

    record OrderRequested(String orderId, String sku, int qty, long cents) implements Event {}

    record OrderConfirmed(String orderId, String tracking) implements Event {}

    /** Asked for; the fulfilment turns back if it still can, and rejects the order then. */
    record OrderCancelled(String orderId) implements Event {}

    record OrderRejected(String orderId) implements Event {}

    enum Order {
        UNKNOWN,
        REQUESTED,
        CONFIRMED,
        REJECTED
    }

    static final Aggregate<Command, Event, Order> AGGREGATE = Aggregate.of("order", new Orders())
            .commands(Command.class)
            .events(Event.class)
            .build();

    @Override
    public Order initial() {
        return Order.UNKNOWN;
    }

    @Override
    public Order evolve(Order order, Event event) {
        if (event instanceof OrderConfirmed) {
            return Order.CONFIRMED;
        }
        if (event instanceof OrderRejected) {
            return Order.REJECTED;
        }
        return order == Order.UNKNOWN ? Order.REQUESTED : order;
    }

    /** What is said of an order is said in its own stream. */
    @Override
    public Decision<Event> decide(Command command, Order order, String key) {
        return key.equals(command.orderId())
                ? decide(command, order)
                : Decision.reject(
                        "other_order",
                        "found a command for order " + command.orderId() + " in the stream of order " + key
                                + ", expected it in order-" + command.orderId());
    }

    @Override
    public Decision<Event> decide(Command command, Order order) {
        if (command instanceof RequestOrder it) {
            if (it.qty() < 1 || it.cents() < 0) {
                return Decision.reject(
                        "invalid_order",
                        "found " + it.qty() + " pieces for " + it.cents()
                                + " cents, expected at least one for 0 or more");
            }
            return order == Order.UNKNOWN
                    ? Decision.accept(new OrderRequested(it.orderId(), it.sku(), it.qty(), it.cents()))
                    : Decision.reject("order_exists", "order " + it.orderId() + " was requested before");
        }
        if (order != Order.REQUESTED) {
            return Decision.reject("not_open", "found the order " + order + ", expected it REQUESTED");
        }
        return command instanceof ConfirmOrder it
                ? Decision.accept(new OrderConfirmed(it.orderId(), it.tracking()))
                : Decision.accept(new OrderCancelled(command.orderId()));
    }

    @Override
    public boolean isTerminal(Order order) {
        return order == Order.CONFIRMED || order == Order.REJECTED;
    }
}
