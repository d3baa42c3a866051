package dev.sluice.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.command.Decision;
import dev.sluice.examples.Orders.ConfirmOrder;
import dev.sluice.examples.Orders.OrderConfirmed;
import dev.sluice.examples.Orders.OrderRejected;
import dev.sluice.examples.Orders.OrderRequested;
import dev.sluice.examples.Orders.RequestOrder;
import dev.sluice.examples.Shipments.Ship;
import dev.sluice.examples.Shipments.Shipped;
import dev.sluice.examples.Stock.ReleaseStock;
import dev.sluice.examples.Stock.ReserveStock;
import dev.sluice.examples.Stock.StockReceived;
import dev.sluice.examples.Stock.StockReleased;
import dev.sluice.examples.Stock.StockReserved;
import dev.sluice.testing.DeciderSpec;
import org.junit.jupiter.api.Test;

/** Aggregates are tested without a server: what has happened, what is asked, what comes of it. */
class ShopTest {
    @Test
    void anOrderIsRequestedOnce() {
        DeciderSpec.of(new Orders())
                .given()
                .when(new RequestOrder("1", "lamp", 2, 500))
                .thenEvents(new OrderRequested("1", "lamp", 2, 500));
        DeciderSpec.of(new Orders())
                .given(new OrderRequested("1", "lamp", 2, 500))
                .when(new RequestOrder("1", "lamp", 2, 500))
                .thenRejected("order_exists");
    }

    @Test
    void anOrderIsRequestedInItsOwnStream() {
        var request = new RequestOrder("1", "lamp", 2, 500);
        var orders = new Orders();

        assertThat(orders.decide(request, orders.initial(), "1"))
                .isEqualTo(Decision.accept(new OrderRequested("1", "lamp", 2, 500)));
        assertThat(orders.decide(request, orders.initial(), "2"))
                .isInstanceOfSatisfying(
                        Decision.Rejected.class,
                        rejected -> assertThat(rejected.rejection().code()).isEqualTo("other_order"));
    }

    @Test
    void anOrderThatWasRejectedIsNotConfirmed() {
        DeciderSpec.of(new Orders())
                .given(new OrderRequested("1", "lamp", 2, 500))
                .when(new ConfirmOrder("1", "track-1"))
                .thenEvents(new OrderConfirmed("1", "track-1"));
        DeciderSpec.of(new Orders())
                .given(new OrderRequested("1", "lamp", 2, 500), new OrderRejected("1"))
                .when(new ConfirmOrder("1", "track-1"))
                .thenRejected("not_open");
    }

    @Test
    void noMoreIsReservedThanIsThere() {
        DeciderSpec.of(new Stock())
                .given(new StockReceived("lamp", 3), new StockReserved("1", 2, "reserved-1"))
                .when(new ReserveStock("2", "lamp", 2))
                .thenRejected("OutOfStock");
        DeciderSpec.of(new Stock())
                .given(new StockReceived("lamp", 3), new StockReserved("1", 2, "reserved-1"), new StockReleased("1", 2))
                .when(new ReserveStock("2", "lamp", 3))
                .thenEvents(new StockReserved("2", 3, "reserved-2"));
    }

    @Test
    void whatWasNeverReservedNeedNoRelease() {
        DeciderSpec.of(new Stock())
                .given(new StockReceived("lamp", 3))
                .when(new ReleaseStock("1", "lamp"))
                .thenNothing();
    }

    @Test
    void aShipmentLeavesOnce() {
        DeciderSpec.of(new Shipments()).given().when(new Ship("1", "piano", 1)).thenRejected("Undeliverable");
        DeciderSpec.of(new Shipments())
                .given(new Shipped("1", "track-1"))
                .when(new Ship("1", "lamp", 1))
                .thenNothing();
    }
}
