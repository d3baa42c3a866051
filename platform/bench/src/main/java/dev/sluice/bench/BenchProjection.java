package dev.sluice.bench;

/** The fold that is measured: count, sum and last by key. */
final class BenchProjection {
    static final String NAME = "bench";
    static final String YAML = """
            projection: bench
            from: { category: order }
            fold:
              OrderPlaced: { orders: count(), total: sum(data.amount), last: last(data.orderId) }
            """;

    private BenchProjection() {}
}
