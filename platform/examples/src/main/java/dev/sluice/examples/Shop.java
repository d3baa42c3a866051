package dev.sluice.examples;

import dev.sluice.command.Aggregate;
import dev.sluice.command.AggregateProvider;
import java.util.List;

/** The aggregates of the example; found by the name of this class in {@code META-INF/services}. */
public final class Shop implements AggregateProvider {
    @Override
    public List<Aggregate<?, ?, ?>> aggregates() {
        return List.of(Orders.AGGREGATE, Stock.AGGREGATE, Shipments.AGGREGATE);
    }
}
