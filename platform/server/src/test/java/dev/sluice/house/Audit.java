package dev.sluice.house;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import java.math.BigDecimal;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What must hold of a log and its view whoever was killed; everything is computed naively from the events. */
final class Audit {
    /** A definition whose columns depend on every event, on their number and on their order. */
    static final String PROJECTION = """
            projection: by-customer
            from: { category: order }
            key: data.customer
            fold:
              OrderPlaced:
                orders: count()
                total: sum(data.amount)
                least: min(data.amount)
                most: max(data.amount)
                first: first(data.number)
                last: last(data.number)
            """;

    private Audit() {}

    /** Ids are unique, versions of a stream dense and in the order of positions, positions of a shard ascending. */
    static void ordered(List<SeenEvent> events) {
        assertThat(events).extracting(SeenEvent::id).doesNotHaveDuplicates();
        assertThat(events).extracting(SeenEvent::position).doesNotHaveDuplicates();
        events.stream().collect(Collectors.groupingBy(SeenEvent::stream)).forEach((stream, ofStream) -> {
            var inLog = ofStream.stream()
                    .sorted(Comparator.comparing(SeenEvent::offset))
                    .toList();
            for (int i = 0; i < inLog.size(); i++) {
                assertThat(inLog.get(i).version())
                        .as("version of %s at %s", stream, inLog.get(i).position())
                        .isEqualTo(i + 1);
            }
        });
        ofShards(events).forEach((shard, ofShard) -> assertThat(ofShard)
                .as("bounded read of shard %d", shard)
                .extracting(SeenEvent::offset)
                .isSorted());
    }

    /** A follower saw of each shard what is there, once, in order. */
    static void followed(List<SeenEvent> events, List<SeenEvent> seen) {
        assertThat(ofShards(seen)).isEqualTo(ofShards(events));
    }

    /** The rows are the fold of the log. */
    static void folded(List<SeenEvent> events, Map<String, JsonNode> rows) {
        var expected = new TreeMap<String, Map<String, BigDecimal>>();
        events.stream()
                .filter(event -> event.type().equals("OrderPlaced"))
                .collect(Collectors.groupingBy(
                        event -> event.data().required("customer").textValue()))
                .forEach((customer, ofCustomer) -> expected.put(customer, row(ofCustomer)));
        var actual = new TreeMap<String, Map<String, BigDecimal>>();
        rows.forEach((key, row) -> actual.put(key, columns(row)));

        assertThat(actual).isEqualTo(expected);
    }

    private static Map<String, BigDecimal> row(List<SeenEvent> events) {
        var sorted = events.stream().sorted(SeenEvent.BY_RECORDED_TIME).toList();
        var amounts = sorted.stream().map(amount("amount")).toList();
        var row = new LinkedHashMap<String, BigDecimal>();
        row.put("orders", BigDecimal.valueOf(sorted.size()));
        row.put("total", amounts.stream().reduce(BigDecimal.ZERO, BigDecimal::add));
        row.put("least", amounts.stream().min(Comparator.naturalOrder()).orElseThrow());
        row.put("most", amounts.stream().max(Comparator.naturalOrder()).orElseThrow());
        row.put("first", amount("number").apply(sorted.get(0)));
        row.put("last", amount("number").apply(sorted.get(sorted.size() - 1)));
        row.replaceAll((column, value) -> canonical(value));
        return row;
    }

    private static Map<String, BigDecimal> columns(JsonNode row) {
        var columns = new LinkedHashMap<String, BigDecimal>();
        row.properties().forEach(column -> columns.put(column.getKey(), canonical(number(column.getValue()))));
        return columns;
    }

    private static Function<SeenEvent, BigDecimal> amount(String member) {
        return event -> number(event.data().required(member));
    }

    private static BigDecimal number(JsonNode node) {
        return node instanceof DecimalNode decimal ? decimal.decimalValue() : new BigDecimal(node.asText());
    }

    private static BigDecimal canonical(BigDecimal value) {
        return value.signum() == 0 ? BigDecimal.ZERO : value.stripTrailingZeros();
    }

    private static Map<Integer, List<SeenEvent>> ofShards(List<SeenEvent> events) {
        return events.stream().collect(Collectors.groupingBy(SeenEvent::shard, TreeMap::new, Collectors.toList()));
    }
}
