package dev.sluice.bench;

/** The fold that is measured: count, sum and last by key. */
final class BenchProjection {
    static final String NAME = "bench";
    /** The column that counts a row's orders. */
    static final String COUNT = "orders";

    static final String YAML = yaml(NAME, COUNT);

    private BenchProjection() {}

    /** The fold under another name; with another name for its column of counts it is another definition with the same work. */
    static String yaml(String name, String countColumn) {
        return """
                projection: %s
                from: { category: order }
                fold:
                  OrderPlaced: { %s: count(), total: sum(data.amount), last: last(data.orderId) }
                """.formatted(name, countColumn);
    }
}
