package dev.sluice.server.live;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which of the rows of {@link Orders} a client wants, and what of them.
 *
 * @param above only rows whose last total is greater; −1 for all
 * @param fields null for all, else {@code seq} is among them
 * @param order null for none
 */
record Wants(
        int above,
        String prefix,
        @Nullable List<String> keys,
        @Nullable List<String> fields,
        boolean hasNumbersAsText,
        @Nullable String order,
        int limit,
        int minIntervalMillis) {

    static Wants random(Random random, Orders orders, boolean isEvery) {
        boolean hasOrder = !isEvery && random.nextInt(6) == 0;
        List<String> keys = hasOrder || random.nextInt(4) > 0
                ? null
                : Stream.generate(orders::randomCustomer)
                        .limit(1 + random.nextInt(8))
                        .toList();
        return new Wants(
                random.nextInt(3) == 0 ? random.nextInt(100) : -1,
                keys == null && random.nextInt(4) == 0 ? "c" + random.nextInt(12) : "",
                keys,
                random.nextInt(4) == 0 ? List.of("seq", random.nextBoolean() ? "gross" : "orders") : null,
                random.nextInt(6) == 0,
                hasOrder ? List.of("gross desc", "last").get(random.nextInt(2)) : null,
                1 + random.nextInt(30),
                isEvery || random.nextInt(4) > 0 ? 0 : 1 + random.nextInt(150));
    }

    /** Names every member, so that it says the same in a change. */
    JsonObject putInto(JsonObject request) {
        return request.put("where", above < 0 ? null : "last > " + above)
                .put("prefix", prefix.isEmpty() ? null : prefix)
                .put("keys", keys == null ? null : new JsonArray(keys))
                .put("fields", fields == null ? null : new JsonArray(fields))
                .put("numbers", hasNumbersAsText ? "string" : "number")
                .put("orderBy", order)
                .put("limit", order == null ? null : limit)
                .put("minInterval", minIntervalMillis);
    }

    /** What a client must hold of all rows. */
    Map<String, JsonObject> of(Map<String, JsonObject> rows) {
        var wanted = new ArrayList<Map.Entry<String, JsonObject>>();
        rows.entrySet().stream()
                .filter(row -> isFor(row.getKey(), row.getValue()))
                .forEach(wanted::add);
        if (order != null) {
            String column = order.split(" ")[0];
            var byColumn = Comparator.comparingInt(
                    (Map.Entry<String, JsonObject> row) -> row.getValue().getInteger(column));
            wanted.sort((order.endsWith("desc") ? byColumn.reversed() : byColumn).thenComparing(Map.Entry::getKey));
        }
        return wanted.stream()
                .limit(order == null ? Long.MAX_VALUE : limit)
                .collect(Collectors.toMap(
                        Map.Entry::getKey, row -> chosen(row.getValue()), (one, same) -> one, TreeMap::new));
    }

    private boolean isFor(String key, JsonObject row) {
        return (keys == null ? key.startsWith(prefix) : keys.contains(key)) && row.getInteger("last") > above;
    }

    private JsonObject chosen(JsonObject row) {
        var chosen = new JsonObject();
        row.forEach(column -> {
            if (fields == null || fields.contains(column.getKey())) {
                chosen.put(column.getKey(), hasNumbersAsText ? String.valueOf(column.getValue()) : column.getValue());
            }
        });
        return chosen;
    }
}
