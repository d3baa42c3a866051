package dev.sluice.projection;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.ProjectionSpec;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProjectionSpecTest {
    private static final String ORDERS = """
            projection: orders
            from: { category: order }
            key: data.customer
            fold:
              OrderPlaced: { orders: count(), gross: sum(data.total), at: max(time) }
            derive: { isGood: gross > 100 }
            """;

    record OrderPlaced(String customer, BigDecimal total) {}

    record Customer(int orders, BigDecimal gross, Instant at) {}

    private static OrderPlaced order(String customer, String total) {
        return new OrderPlaced(customer, new BigDecimal(total));
    }

    private static Projection.Builder<Customer> customers() {
        return Projection.of("customers", Customer.class)
                .fromCategories("order")
                .key(event -> event.data().path("customer").textValue());
    }

    private static Customer placed(ProjectedEvent event, Customer row) {
        var order = event.data(OrderPlaced.class);
        return row == null
                ? new Customer(1, order.total(), event.time())
                : new Customer(row.orders() + 1, row.gross().add(order.total()), event.time());
    }

    @Test
    void holdsRowsOfADefinitionInYamlAgainstWhatIsExpected() {
        ProjectionSpec.of(ORDERS)
                .given("order-1", order("ann", "60.50"))
                .given("cart-1", order("bob", "1"))
                .at(Instant.parse("2026-02-01T00:00:00Z"))
                .given("order-2", order("ann", "60"), order("eve", "3"))
                .thenRow("ann", Map.of("orders", 2, "gross", 120.5, "at", "2026-02-01T00:00:00Z", "isGood", true))
                .thenRow("eve", Map.of("orders", 1, "gross", 3, "at", "2026-02-01T00:00:00Z", "isGood", false))
                .thenNoRow("bob")
                .thenNoOtherRow()
                .andRedeliverAll()
                .unchanged();
    }

    @Test
    void holdsRowsOfCodeAgainstRecords() {
        var at = Instant.parse("2026-02-01T00:00:00Z");

        ProjectionSpec.of(customers()
                        .on("OrderPlaced", ProjectionSpecTest::placed)
                        .build())
                .at(at)
                .given("order-1", order("ann", "1.50"), order("ann", "2"))
                .thenRow("ann", new Customer(2, new BigDecimal("3.500"), at))
                .thenNoOtherRow()
                .andRedeliverAll()
                .unchanged();
    }

    @Test
    void saysWhatWasFoundInstead() {
        var placed = ProjectionSpec.of(ORDERS).given("order-1", order("ann", "1"), order("bob", "2"));
        var ann = Map.of("orders", 1, "gross", 1, "at", "2026-01-01T00:00:00Z", "isGood", false);

        assertThatThrownBy(() -> placed.thenRow("ann", Map.of("orders", 1)))
                .isInstanceOf(AssertionError.class)
                .hasMessage("found row ann {\"orders\":1,\"gross\":1,\"at\":\"2026-01-01T00:00:00Z\",\"isGood\":false},"
                        + " expected {\"orders\":1}");
        assertThatThrownBy(() -> placed.thenRow("eve", ann)).hasMessageStartingWith("found row eve null");
        assertThatThrownBy(() -> placed.thenNoRow("ann")).hasMessageEndingWith("expected none");
        assertThatThrownBy(() -> placed.thenRow("ann", ann).thenNoOtherRow())
                .hasMessage("found rows [bob] too, expected no other than [ann]");
    }

    @Test
    void takesADeadLetterOnlyWhenItIsExpected() {
        var placed = ProjectionSpec.of(ORDERS)
                .given("order-1", "OrderPlaced", Map.of("customer", "ann", "total", "much"))
                .given("order-2", order("bob", "2"));

        placed.thenDeadLetter(0).thenNoRow("ann").andRedeliverAll().unchanged();
        assertThatThrownBy(() -> placed.thenNoRow("ann"))
                .hasMessageStartingWith("found event 0 (OrderPlaced) a dead letter: ");
        assertThatThrownBy(() -> placed.thenDeadLetter(1)).hasMessage("found event 1 folded, expected a dead letter");
    }

    @Test
    void seesCodeThatRemembersWhatIsNotInItsRow() {
        var seen = new AtomicLong();
        var forgetful = customers()
                .on(
                        "OrderPlaced",
                        (event, row) -> new Customer((int) seen.incrementAndGet(), BigDecimal.ZERO, event.time()))
                .build();

        var rows = ProjectionSpec.of(forgetful)
                .given("order-1", order("ann", "1"), order("ann", "2"))
                .thenRow("ann", new Customer(2, BigDecimal.ZERO, Instant.parse("2026-01-01T00:00:00Z")));

        assertThatThrownBy(() -> rows.andRedeliverAll().unchanged())
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("delivered again from number 0 on");
    }

    @Test
    void deletesARowWhoseTimeIsOverByTheClockOfTheTest() {
        ProjectionSpec.of(ORDERS + "retain: 90d\n")
                .given("order-1", order("ann", "1"))
                .at(Instant.parse("2026-06-01T00:00:00Z"))
                .given("order-2", order("bob", "1"))
                .thenNoRow("ann")
                .thenRow("bob", Map.of("orders", 1, "gross", 1, "at", "2026-06-01T00:00:00Z", "isGood", false))
                .thenNoOtherRow()
                .andRedeliverAll()
                .unchanged();
    }
}
