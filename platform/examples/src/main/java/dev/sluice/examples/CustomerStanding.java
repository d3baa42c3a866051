package dev.sluice.examples;

import dev.sluice.projection.Projection;
import dev.sluice.projection.ProjectionProvider;
import dev.sluice.projection.RowQuery;
import java.math.BigDecimal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How customers stand: once gold, always gold, which no aggregate can say. */
public final class CustomerStanding implements ProjectionProvider {
    enum Standing {
        NEW,
        REGULAR,
        GOLD
    }

    record Customer(int orders, BigDecimal gross, Standing standing) {
        static final Customer UNKNOWN = new Customer(0, BigDecimal.ZERO, Standing.NEW);

        Customer plus(BigDecimal total) {
            var sum = gross.add(total);
            boolean isGold = standing == Standing.GOLD || sum.compareTo(new BigDecimal(1_000)) >= 0;
            return new Customer(
                    orders + 1, sum, isGold ? Standing.GOLD : orders == 0 ? Standing.NEW : Standing.REGULAR);
        }

        Customer minus(BigDecimal amount) {
            return new Customer(orders, gross.subtract(amount), standing);
        }
    }

    record Placed(String customerId, BigDecimal total) {}

    record Refunded(String customerId, BigDecimal amount) {}

    record Best(int limit) {}

    static final Projection<Customer> CUSTOMERS = Projection.of("customer-standing", Customer.class)
            .version(1)
            .fromCategories("order", "customer")
            .key(event -> event.data().path("customerId").textValue())
            .index("gross desc")
            .on("OrderPlaced", (event, row) -> known(row)
                    .plus(event.data(Placed.class).total()))
            .on("OrderRefunded", (event, row) -> known(row)
                    .minus(event.data(Refunded.class).amount()))
            .on("CustomerForgotten", (event, row) -> null)
            .query("best", Best.class, (best, rows) -> rows.rows(
                            RowQuery.first(best.limit()).orderBy("gross desc"))
                    .map(answer -> answer.value().rows()))
            .build();

    private static Customer known(@Nullable Customer row) {
        return row == null ? Customer.UNKNOWN : row;
    }

    @Override
    public List<Projection<?>> projections() {
        return List.of(CUSTOMERS);
    }
}
