package dev.sluice.examples;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;

import dev.sluice.examples.Orders.ConfirmOrder;
import dev.sluice.examples.Orders.OrderCancelled;
import dev.sluice.examples.Orders.OrderRejected;
import dev.sluice.examples.Orders.OrderRequested;
import dev.sluice.examples.Shipments.Ship;
import dev.sluice.examples.Shipments.Shipped;
import dev.sluice.examples.Stock.ReleaseStock;
import dev.sluice.examples.Stock.ReserveStock;
import dev.sluice.examples.Stock.StockReserved;
import dev.sluice.saga.Participant;
import dev.sluice.saga.Saga;
import dev.sluice.saga.definition.Retry;
import java.util.Optional;

/** How an order is fulfilled: the saga of config/samples/sagas/order-fulfilment.yaml, in Java. */
final class OrderFulfilment {
    /** What the payment service is asked, and what it answers; its name and places are in the configuration. */
    record Charge(String orderId, long cents) {}

    record Charged(String paymentId) {}

    record Refund(String orderId, Optional<String> paymentId) {}

    /** What is known of an order; a number that there is not yet is empty. */
    record Fulfilment(String id, String sku, int qty, long cents, String reservation, String payment, String tracking) {
        static Fulfilment of(OrderRequested order) {
            return new Fulfilment(order.orderId(), order.sku(), order.qty(), order.cents(), "", "", "");
        }

        Fulfilment reserved(String number) {
            return new Fulfilment(id, sku, qty, cents, number, payment, tracking);
        }

        Fulfilment paid(String number) {
            return new Fulfilment(id, sku, qty, cents, reservation, number, tracking);
        }

        Fulfilment shipped(String number) {
            return new Fulfilment(id, sku, qty, cents, reservation, payment, number);
        }
    }

    private static final Participant<ReserveStock, StockReserved> RESERVE = Participant.stream(
                    ReserveStock.class, command -> "stock-" + command.sku())
            .replies(StockReserved.class)
            .rejects("OutOfStock");
    private static final Participant<ReleaseStock, Void> RELEASE =
            Participant.stream(ReleaseStock.class, command -> "stock-" + command.sku());
    private static final Participant<Charge, Charged> CHARGE = Participant.http(Charge.class, "payments", "charges")
            .replies(Charged.class)
            .rejects("CardDeclined");
    private static final Participant<Refund, Void> REFUND = Participant.http(Refund.class, "payments", "refunds");
    private static final Participant<Ship, Shipped> SHIP = Participant.stream(
                    Ship.class, command -> "shipment-" + command.orderId())
            .replies(Shipped.class)
            .rejects("Undeliverable");
    private static final Participant<ConfirmOrder, Void> CONFIRM =
            Participant.stream(ConfirmOrder.class, command -> "order-" + command.orderId());

    static final Saga<Fulfilment> SAGA = Saga.of("order-fulfilment", 1, Fulfilment.class)
            .startOn(OrderRequested.class, OrderRequested::orderId, Fulfilment::of)
            .within(ofHours(24))
            .defaults(p -> p.timeout(ofSeconds(10))
                    .retry(Retry.exponential(ofMillis(200), 2.0, ofSeconds(10))
                            .jitter(0.2)
                            .attempts(5)))
            .cancelOn(OrderCancelled.class, OrderCancelled::orderId)
            .step("reserve-stock", s -> s.call(
                            RESERVE,
                            f -> new ReserveStock(f.id(), f.sku(), f.qty()),
                            (f, reply) -> f.reserved(reply.reservationId()))
                    .undo(RELEASE, (f, tried) -> new ReleaseStock(f.id(), f.sku())))
            .step("charge-payment", s -> s.call(
                            CHARGE, f -> new Charge(f.id(), f.cents()), (f, reply) -> f.paid(reply.paymentId()))
                    .when(f -> f.cents() > 0)
                    .timeout(ofSeconds(2))
                    .undo(REFUND, (f, tried) -> new Refund(f.id(), tried.map(Charged::paymentId))))
            .pivot(
                    "ship",
                    s -> s.call(
                            SHIP, f -> new Ship(f.id(), f.sku(), f.qty()), (f, reply) -> f.shipped(reply.tracking())))
            .retriable("confirm", s -> s.call(CONFIRM, f -> new ConfirmOrder(f.id(), f.tracking())))
            .onCompensated(f -> "order-" + f.id(), f -> new OrderRejected(f.id()))
            .build();

    private OrderFulfilment() {}
}
