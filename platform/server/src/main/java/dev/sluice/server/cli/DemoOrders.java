package dev.sluice.server.cli;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The orders that the demo publishes, and what the sample projection must make of them. */
final class DemoOrders {
    private static final List<DemoOrders.Sample> SAMPLES = List.of(
            new Sample("1001", "OrderPlaced", "cust-ann", "DE", "129.90", "tea", 3),
            new Sample("1002", "OrderPlaced", "cust-bob", "FR", "35.00", "cup", 2),
            new Sample("1003", "OrderPlaced", "cust-ann", "DE", "12.45", "tea", 1),
            new Sample("1004", "OrderPlaced", "cust-eve", "US", "980.00", "cup", 12),
            new Sample("1002", "OrderCancelled", "cust-bob", "FR", "35.00", "cup", 2),
            new Sample("1005", "OrderPlaced", "cust-bob", "FR", "64.20", "tea", 4),
            new Sample("1006", "OrderPlaced", "cust-eve", "US", "0.10", "cup", 1),
            new Sample("1007", "OrderPlaced", "cust-eve", "US", "0.20", "cup", 1),
            new Sample("1001", "OrderCancelled", "cust-ann", "DE", "129.90", "tea", 3),
            new Sample("1008", "OrderPlaced", "cust-ann", "DE", "77.77", "tea", 2));

    private DemoOrders() {}

    /** One event: the order's number is the record's key. */
    record Sample(String orderId, String type, String customerId, String country, String total, String sku, int qty) {
        String stream() {
            return "order-" + orderId;
        }

        String json() {
            var data = new LinkedHashMap<String, @Nullable Object>();
            data.put("orderId", orderId);
            data.put("customerId", customerId);
            data.put("country", country);
            data.put("total", new BigDecimal(total));
            data.put("items", List.of(Map.of("sku", sku, "qty", qty)));
            return Json.write(data);
        }

        /** Every other record is a CloudEvent in binary mode, the rest plain JSON with its type in a header. */
        Map<String, String> headers(int index) {
            if (index % 2 == 0) {
                return Map.of("type", type);
            }
            return Map.of(
                    "ce_specversion",
                    "1.0",
                    "ce_id",
                    "demo-" + index,
                    "ce_source",
                    "/demo/shop",
                    "ce_type",
                    type,
                    "ce_stream",
                    stream(),
                    "content-type",
                    "application/json");
        }
    }

    static List<Sample> samples() {
        return SAMPLES;
    }

    /** How much is ordered of each article. */
    static Map<String, Integer> reserved() {
        var reserved = new TreeMap<String, Integer>();
        SAMPLES.stream()
                .filter(sample -> sample.type().equals("OrderPlaced"))
                .forEach(sample -> reserved.merge(sample.sku(), sample.qty(), Integer::sum));
        return reserved;
    }

    /** What must arrive in each stream, in order. */
    static Map<String, List<String>> typesByStream() {
        var streams = new TreeMap<String, List<String>>();
        SAMPLES.forEach(sample -> streams.computeIfAbsent(sample.stream(), none -> new ArrayList<>())
                .add(sample.type()));
        return streams;
    }

    /** Whether rows of customer-orders say what the orders add up to. */
    static boolean agree(Map<String, Map<String, @Nullable Object>> rows) {
        var gross = new TreeMap<String, BigDecimal>();
        var placed = new TreeMap<String, Long>();
        for (var sample : SAMPLES) {
            boolean isPlaced = sample.type().equals("OrderPlaced");
            var total = new BigDecimal(sample.total());
            gross.merge(sample.customerId(), isPlaced ? total : total.negate(), BigDecimal::add);
            placed.merge(sample.customerId(), isPlaced ? 1L : 0L, Long::sum);
        }
        return rows.keySet().equals(gross.keySet())
                && rows.entrySet().stream()
                        .allMatch(row -> isEqual(
                                        gross.get(row.getKey()), row.getValue().get("gross"))
                                && isEqual(
                                        placed.get(row.getKey()), row.getValue().get("orders")));
    }

    private static boolean isEqual(@Nullable Number expected, @Nullable Object found) {
        return expected != null
                && found instanceof Number
                && new BigDecimal(expected.toString()).compareTo(new BigDecimal(found.toString())) == 0;
    }
}
