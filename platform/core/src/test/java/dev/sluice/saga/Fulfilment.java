package dev.sluice.saga;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;

import dev.sluice.saga.definition.Retry;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The saga of platform/docs/sagas.md, in Java. */
public final class Fulfilment {
    public record OrderPlaced(String orderId, String sku, int qty, long cents) {}

    public record OrderCancelled(String orderId) {}

    public record OrderRejected(String orderId) {}

    public record ReserveStock(String orderId, String sku, int qty) {}

    public record StockReserved(String reservationId) {}

    public record ReleaseStock(String orderId, String sku) {}

    public record Charge(String orderId, long cents) {}

    public record Charged(String paymentId) {}

    public record Refund(String orderId, Optional<String> paymentId) {}

    public record Ship(String orderId, String sku, int qty) {}

    public record Shipped(String tracking) {}

    public record ConfirmOrder(String orderId, @Nullable String tracking) {}

    public record Order(
            String id,
            String sku,
            int qty,
            long cents,
            @Nullable String reservation,
            @Nullable String payment,
            @Nullable String tracking) {
        static Order from(OrderPlaced placed) {
            return new Order(placed.orderId(), placed.sku(), placed.qty(), placed.cents(), null, null, null);
        }

        Order reserved(String reservationId) {
            return new Order(id, sku, qty, cents, reservationId, payment, tracking);
        }

        Order paid(String paymentId) {
            return new Order(id, sku, qty, cents, reservation, paymentId, tracking);
        }

        Order shipped(String number) {
            return new Order(id, sku, qty, cents, reservation, payment, number);
        }
    }

    static final Participant<ReserveStock, StockReserved> RESERVE = Participant.stream(
                    ReserveStock.class, command -> "inventory-" + command.sku())
            .replies(StockReserved.class)
            .rejects("OutOfStock");
    static final Participant<ReleaseStock, Void> RELEASE =
            Participant.stream(ReleaseStock.class, command -> "inventory-" + command.sku());
    static final Participant<Charge, Charged> CHARGE = Participant.http(Charge.class, "payments", "charges")
            .replies(Charged.class)
            .rejects("CardDeclined");
    static final Participant<Refund, Void> REFUND = Participant.http(Refund.class, "payments", "refunds");
    static final Participant<Ship, Shipped> SHIP = Participant.kafka(Ship.class, "shipping-commands")
            .replies(Shipped.class)
            .rejects("Undeliverable");
    static final Participant<ConfirmOrder, Void> CONFIRM =
            Participant.stream(ConfirmOrder.class, command -> "order-" + command.orderId());

    public static final Saga<Order> FULFILMENT = Saga.of("order-fulfilment", 1, Order.class)
            .startOn(OrderPlaced.class, OrderPlaced::orderId, Order::from)
            .within(ofHours(24))
            .defaults(p -> p.timeout(ofSeconds(30))
                    .retry(Retry.exponential(ofMillis(200), 2.0, ofSeconds(10))
                            .jitter(0.2)
                            .attempts(5)))
            .cancelOn(OrderCancelled.class, OrderCancelled::orderId)
            .step("reserve-stock", s -> s.call(
                            RESERVE,
                            o -> new ReserveStock(o.id(), o.sku(), o.qty()),
                            (o, reply) -> o.reserved(reply.reservationId()))
                    .undo(RELEASE, (o, tried) -> new ReleaseStock(o.id(), o.sku())))
            .step("charge-payment", s -> s.call(
                            CHARGE, o -> new Charge(o.id(), o.cents()), (o, reply) -> o.paid(reply.paymentId()))
                    .when(o -> o.cents() > 0)
                    .timeout(ofMinutes(2))
                    .undo(
                            REFUND,
                            (o, tried) -> new Refund(o.id(), tried.map(Charged::paymentId)),
                            p -> p.retry(Retry.exponential(ofSeconds(1), 2.0, ofMinutes(5))
                                    .jitter(0.2)
                                    .parkAfter(ofHours(6)))))
            .pivot(
                    "ship",
                    s -> s.call(
                            SHIP, o -> new Ship(o.id(), o.sku(), o.qty()), (o, reply) -> o.shipped(reply.tracking())))
            .retriable("confirm", s -> s.call(CONFIRM, o -> new ConfirmOrder(o.id(), o.tracking())))
            .onCompensated(o -> "order-" + o.id(), o -> new OrderRejected(o.id()))
            .build();

    private Fulfilment() {}
}
