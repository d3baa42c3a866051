package dev.sluice.examples;

import static dev.sluice.examples.CustomerStanding.CUSTOMERS;

import dev.sluice.examples.CustomerStanding.Customer;
import dev.sluice.examples.CustomerStanding.Standing;
import dev.sluice.testing.ProjectionSpec;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Projections are tested without a server, in Java or in YAML: what has happened, and the rows that come of it. */
class RowsTest {
    record OrderPlaced(String customerId, BigDecimal total, String orderId) {}

    record OrderRefunded(String customerId, BigDecimal amount) {}

    record OrderCancelled() {}

    record CustomerForgotten(String customerId) {}

    private static OrderPlaced order(String customer, String total, String id) {
        return new OrderPlaced(customer, new BigDecimal(total), id);
    }

    @Test
    void onceGoldAlwaysGold() {
        ProjectionSpec.of(CUSTOMERS)
                .given("order-1", order("ann", "999.50", "1"))
                .given("order-2", order("ann", "0.50", "2"))
                .given("order-3", order("bob", "5", "3"))
                .given("order-1", new OrderRefunded("ann", new BigDecimal("999.50")))
                .thenRow("ann", new Customer(2, new BigDecimal("0.50"), Standing.GOLD))
                .thenRow("bob", new Customer(1, new BigDecimal("5"), Standing.NEW))
                .thenNoOtherRow()
                .andRedeliverAll()
                .unchanged();
    }

    @Test
    void whoIsForgottenBeginsAnew() {
        ProjectionSpec.of(CUSTOMERS)
                .given("order-1", order("ann", "1000", "1"))
                .given("customer-ann", new CustomerForgotten("ann"))
                .thenNoRow("ann")
                .thenNoOtherRow();
    }

    @Test
    void aCancellationIsOfTheCustomerWhoPlacedTheOrder() throws IOException {
        var customerOrders = Files.readString(Path.of("../../config/samples/projections/customer-orders.yaml"));

        ProjectionSpec.of(customerOrders)
                .given("order-1", order("ann", "20", "1"), new OrderCancelled())
                .given("order-2", order("ann", "30", "2"))
                .thenRow(
                        "ann",
                        Map.of(
                                "orders", 2,
                                "gross", 30,
                                "lastOrder", "2",
                                "lastAt", "2026-01-01T00:00:00Z",
                                "cancelled", 1,
                                "average", 15))
                .thenNoOtherRow()
                .andRedeliverAll()
                .unchanged();
    }
}
