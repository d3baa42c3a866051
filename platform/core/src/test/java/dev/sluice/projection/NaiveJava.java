package dev.sluice.projection;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random definitions in Java whose rows are those of a {@link NaiveFold}. */
final class NaiveJava {
    private static final int KEYS = 2;
    private static final int LIST_SIZE = 3;

    private NaiveJava() {}

    /** The columns of all of them: count, sum of numbers, last of strings, list of numbers. */
    record Line(long c0, BigDecimal c1, String c2, List<BigDecimal> c3) {
        private static final Line EMPTY = new Line(0, BigDecimal.ZERO, null, List.of());
    }

    /** @param shards of several, rows are those of one stream: the code sees events in the order in which they arrive */
    static NaiveFold random(String name, Random random, int shards) {
        boolean onlyOrders = random.nextBoolean() || shards > 1;
        return new NaiveFold(
                name,
                onlyOrders ? "{ category: order }" : "all",
                onlyOrders,
                null,
                false,
                NaiveFold.KEYS.get(shards > 1 ? 0 : random.nextInt(KEYS)),
                List.of(
                        new NaiveFold.Column("c0", "count", null),
                        new NaiveFold.Column("c1", "sum", NaiveFold.NUMBERS.get(0)),
                        new NaiveFold.Column("c2", "last", NaiveFold.SCALARS.get(1)),
                        new NaiveFold.Column("c3", "list", NaiveFold.SCALARS.get(0))),
                NaiveFold.randomType(random),
                random.nextBoolean(),
                new NaiveFold.Lifetime(false, 0, 0));
    }

    static Projection<Line> projection(NaiveFold fold, int version) {
        var projection = Projection.of(fold.name(), Line.class)
                .version(version)
                .index(fold.orders().stream()
                        .map(order -> order.column() + (order.isDescending() ? " desc" : ""))
                        .toArray(String[]::new))
                .on(fold.type(), (event, row) -> folded(event.data(), row == null ? Line.EMPTY : row));
        if (fold.onlyOrders()) {
            projection.fromCategories("order");
        } else {
            projection.fromAll();
        }
        if (fold.key() != NaiveFold.KEYS.get(0)) {
            projection.key(event -> event.data().path("s").textValue());
        }
        return (fold.isDeleting() ? projection.on("Gone", (event, row) -> null) : projection).build();
    }

    private static Line folded(JsonNode data, Line row) {
        if (data.path("n").isTextual()) {
            throw new IllegalArgumentException("n is " + data.path("n"));
        }
        var list = new ArrayList<>(row.c3());
        if (data.has("m")) {
            list.add(data.path("m").decimalValue());
        }
        return new Line(
                row.c0() + 1,
                row.c1().add(data.path("n").decimalValue()),
                data.path("s").asText(row.c2()),
                list.subList(Math.max(0, list.size() - LIST_SIZE), list.size()));
    }
}
