package dev.sluice.projection;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.log.RecordedEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A random definition, and its fold in the simplest way: the values of each row in a list, aggregated at the end. Dead letters
 * count as discarded.
 */
record NaiveFold(
        String name,
        String from,
        boolean onlyOrders,
        @Nullable String where,
        boolean isEach,
        Key key,
        List<Column> columns,
        String type,
        boolean isDeleting,
        Lifetime lifetime) {
    private static final String CARRY = "carry: { kept: Other.s, other: { type: Placed, value: data.m } }\n";

    /** How long rows live: by windows of an hour, or after their last event. */
    record Lifetime(boolean isWindowed, int graceHours, int retainHours) {
        private static final long HOUR_MICROS = 3_600_000_000L;

        String yaml() {
            if (!isWindowed) {
                return retainHours == 0 ? "" : "retain: " + retainHours + "h\n";
            }
            return "window: { tumbling: 1h" + (graceHours == 0 ? "" : ", grace: " + graceHours + "h")
                    + (retainHours == 0 ? "" : ", retain: " + retainHours + "h") + " }\n";
        }

        private static long windowStart(RecordedEvent event) {
            return Math.floorDiv(event.timeMicros(), HOUR_MICROS) * HOUR_MICROS;
        }

        boolean isLate(RecordedEvent event) {
            return isWindowed
                    && (graceHours > 0 && event.recordedMicros() - event.timeMicros() > graceHours * HOUR_MICROS
                            || event.recordedMicros() > dueMicros(event));
        }

        /** When the row of an event is to be deleted. */
        long dueMicros(RecordedEvent event) {
            if (retainHours == 0) {
                return Long.MAX_VALUE;
            }
            return (isWindowed ? windowStart(event) + HOUR_MICROS : event.recordedMicros()) + retainHours * HOUR_MICROS;
        }
    }

    /** What a row has seen, and when it is to be deleted. */
    private static final class RowSeen {
        private final List<Seen> seen = new ArrayList<>();
        private long dueMicros;
    }

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    /** A value of an event: null, BigDecimal, Instant or String. */
    record Value(String text, Function<Seen, @Nullable Object> function) {}

    record Key(String yaml, Function<Seen, @Nullable String> function) {}

    record Column(String name, String aggregate, @Nullable Value value) {}

    /** An event and, of a definition with each, one of its elements. */
    record Seen(RecordedEvent event, JsonNode data, JsonNode element, Map<String, Object> carried) {
        @Nullable
        Object field(String name) {
            return scalar(data.path(name));
        }

        @Nullable
        Object ofElement(String name) {
            return scalar(element.path(name));
        }

        private static @Nullable Object scalar(JsonNode node) {
            return node.isNumber() ? node.decimalValue() : node.isTextual() ? node.textValue() : null;
        }

        Instant time() {
            return Instant.EPOCH.plus(event.timeMicros(), ChronoUnit.MICROS);
        }
    }

    static final List<Value> NUMBERS = List.of(
            new Value("data.n", seen -> seen.field("n")),
            new Value("data.n * 2 - 1", seen -> {
                var n = seen.field("n");
                return n instanceof BigDecimal number
                        ? number.multiply(BigDecimal.valueOf(2)).subtract(BigDecimal.ONE)
                        : n == null ? null : "bad";
            }),
            new Value("-data.m / 3", seen -> {
                var m = (BigDecimal) seen.field("m");
                return m == null
                        ? null
                        : m.negate().divide(BigDecimal.valueOf(3), new MathContext(34, RoundingMode.HALF_EVEN));
            }),
            new Value("version", seen -> BigDecimal.valueOf(seen.event().version())));
    static final List<Value> SCALARS = List.of(
            new Value("data.m", seen -> seen.field("m")),
            new Value("data.s", seen -> seen.field("s")),
            new Value("data.n", seen -> seen.field("n")),
            new Value("time", Seen::time),
            new Value("carry.kept", seen -> seen.carried().get("kept")),
            new Value("carry.other", seen -> seen.carried().get("other")),
            new Value("id", seen -> seen.event().id()));
    static final List<Key> KEYS = List.of(
            new Key("", seen -> seen.event().stream()
                    .substring(seen.event().stream().indexOf('-') + 1)),
            new Key("key: data.s\n", seen -> (String) seen.field("s")),
            new Key("key: carry.kept\n", seen -> (String) seen.carried().get("kept")),
            new Key("key: [ data.s, data.m ]\n", seen -> text(seen.field("s")) + "/" + text(seen.field("m"))));

    private static final Key KEY_OF_WINDOW = new Key(
            "key: [ data.s, window.start ]\n",
            seen -> text(seen.field("s")) + "/"
                    + text(Instant.EPOCH.plus(Lifetime.windowStart(seen.event()), ChronoUnit.MICROS)));

    private static final List<Value> NUMBERS_OF_ELEMENTS =
            List.of(new Value("i.q", seen -> seen.ofElement("q")), new Value("i.q + data.m", seen -> {
                var q = (BigDecimal) seen.ofElement("q");
                var m = (BigDecimal) seen.field("m");
                return q == null || m == null ? null : q.add(m);
            }));
    private static final List<Key> KEYS_OF_ELEMENTS = List.of(
            new Key("    key: i.k\n", seen -> (String) seen.ofElement("k")),
            new Key(
                    "    key: [ i.k, stream ]\n",
                    seen -> text(seen.ofElement("k")) + "/" + text(seen.event().stream())));

    private static String text(@Nullable Object value) {
        return value == null
                ? ""
                : value instanceof BigDecimal number
                        ? canonical(number)
                        : value.toString().replace("~", "~0").replace("/", "~1");
    }

    /** @param shards of several, what depends on the order of events is only done to rows of one stream */
    static NaiveFold random(String name, Random random, int shards) {
        boolean isEach = random.nextInt(3) == 0;
        boolean isWindowed = !isEach && random.nextInt(4) == 0;
        boolean isOrdered = !isEach && !isWindowed && random.nextInt(3) == 0;
        // order-7 and cart-7 have the same key
        boolean onlyOrders = random.nextBoolean() || isOrdered && shards > 1;
        var columns = new ArrayList<Column>();
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            columns.add(column("c" + i, random, isEach, isOrdered));
        }
        return new NaiveFold(
                name,
                onlyOrders ? "{ category: order }" : "all",
                onlyOrders,
                random.nextInt(3) == 0 ? "data.m > 0" : null,
                isEach,
                isEach
                        ? KEYS_OF_ELEMENTS.get(random.nextInt(KEYS_OF_ELEMENTS.size()))
                        : isWindowed ? KEY_OF_WINDOW : KEYS.get(isOrdered ? 0 : random.nextInt(KEYS.size())),
                columns,
                randomType(random),
                random.nextBoolean() && (isOrdered || shards == 1),
                isWindowed
                        ? new Lifetime(true, random.nextInt(3) * 30, random.nextInt(3) * 60)
                        : new Lifetime(false, 0, isOrdered ? random.nextInt(3) * 30 : 0));
    }

    /** @param isSafe none that an event may be refused for: a parked event would not keep its row from being forgotten */
    private static Column column(String name, Random random, boolean isEach, boolean isSafe) {
        var all = List.of("count", "min", "max", "first", "last", "set", "list", "sum", "avg");
        String aggregate = all.get(random.nextInt(isSafe ? 7 : 9));
        var value =
                switch (aggregate) {
                    case "count" -> null;
                    case "sum", "avg" ->
                        isEach && random.nextBoolean()
                                ? NUMBERS_OF_ELEMENTS.get(random.nextInt(NUMBERS_OF_ELEMENTS.size()))
                                : NUMBERS.get(random.nextInt(NUMBERS.size()));
                    default -> SCALARS.get(random.nextInt(SCALARS.size()));
                };
        return new Column(name, aggregate, value);
    }

    static String randomType(Random random) {
        return List.of("Placed", "Other", "Placed").get(random.nextInt(3));
    }

    static String randomEventType(Random random) {
        return random.nextInt(10) == 0 ? "Gone" : randomType(random);
    }

    static Duration randomAge(Random random) {
        return Duration.ofMinutes(random.nextInt(4) == 0 ? random.nextInt(5_000) : random.nextInt(100));
    }

    static String randomStream(Random random) {
        return (random.nextInt(4) == 0 ? "cart-" : "order-") + random.nextInt(30);
    }

    static String randomData(Random random) {
        var fields = new ArrayList<String>();
        if (random.nextInt(10) > 0) {
            boolean isBad = random.nextInt(40) == 0;
            fields.add("\"n\":" + (isBad ? "\"bad\"" : random.nextInt(2000) - 1000 + "." + random.nextInt(1000)));
        }
        if (random.nextInt(10) > 0) {
            fields.add("\"m\":"
                    + List.of("1", "2.50", "-3", "1e3", "12345678901234567890", "0.0000001")
                            .get(random.nextInt(6)));
        }
        if (random.nextInt(20) > 0) {
            fields.add("\"s\":\"" + List.of("a", "b/c", "é~", "😀", "z").get(random.nextInt(5)) + random.nextInt(8)
                    + "\"");
        }
        fields.add("\"rest\":{\"m\":[1,2,{\"n\":3}]}");
        if (random.nextInt(10) > 0) {
            fields.add("\"items\":["
                    + java.util.stream.Stream.generate(() -> randomElement(random))
                            .limit(random.nextInt(4))
                            .collect(Collectors.joining(","))
                    + "]");
        }
        return "{" + String.join(",", fields) + "}";
    }

    private static String randomElement(Random random) {
        String key = random.nextInt(30) == 0
                ? ""
                : "\"k\":\"" + List.of("x", "y/1", "~z").get(random.nextInt(3)) + "\",";
        return "{" + key + "\"q\":" + (random.nextInt(10) == 0 ? "null" : random.nextInt(100) - 50) + "}";
    }

    String yaml() {
        return "projection: " + name + "\nfrom: " + from + "\n" + CARRY + lifetime.yaml() + (isEach ? "" : key.yaml())
                + (where == null ? "" : "where: " + where + "\n") + "fold:\n  " + type + ":\n"
                + (isEach ? "    each: data.items as i\n" + key.yaml() : "")
                + columns.stream()
                        .map(column -> "    " + column.name + ": " + column.aggregate + "("
                                + (column.value == null ? "" : column.value.text)
                                + (column.aggregate.equals("list") ? ", 3" : "") + ")\n")
                        .collect(Collectors.joining())
                + (isDeleting
                        ? "  Gone: { delete: true"
                                + (isEach
                                        ? ", each: data.items as i, "
                                                + key.yaml().strip()
                                        : "") + " }\n"
                        : "")
                + orders().stream()
                        .map(order -> order.column() + (order.isDescending() ? " desc" : ""))
                        .collect(Collectors.collectingAndThen(
                                Collectors.joining(", "),
                                orders -> orders.isEmpty() ? "" : "index: [ " + orders + " ]\n"));
    }

    /** The orders that the definition keeps: a first column rising, a second falling. */
    List<Rows.Order> orders() {
        var single = columns.stream()
                .filter(column -> !List.of("set", "list").contains(column.aggregate))
                .map(Column::name)
                .limit(2)
                .toList();
        return IntStream.range(0, single.size())
                .mapToObj(i -> new Rows.Order(single.get(i), i == 1))
                .toList();
    }

    /** The keys of rows in an order. */
    static List<String> ordered(Rows.Order order, List<Rows.KeyedRow> rows) {
        Comparator<Rows.KeyedRow> byValue =
                Comparator.comparing(row -> row.row().get(order.column()), Comparator.nullsFirst(NaiveFold::compare));
        return rows.stream()
                .sorted((order.isDescending() ? byValue.reversed() : byValue)
                        .thenComparing(Rows.KeyedRow::key, NaiveFold::compare))
                .map(Rows.KeyedRow::key)
                .toList();
    }

    /** The rows that all events make, as of the last one's recorded time. */
    Map<String, String> rows(List<RecordedEvent> events) {
        var rows = new TreeMap<String, RowSeen>();
        var carried = new TreeMap<String, Map<String, Object>>();
        long nowMicros = 0;
        for (var event : events) {
            nowMicros = Math.max(nowMicros, event.recordedMicros());
            if (!onlyOrders || event.stream().startsWith("order-")) {
                var data = parse(event);
                var left = carried.computeIfAbsent(event.stream(), first -> new HashMap<>());
                carry(event, data, left);
                fold(new Seen(event, data, JSON.missingNode(), Map.copyOf(left)), rows);
            }
        }
        var shown = new TreeMap<String, String>();
        for (var row : rows.entrySet()) {
            if (row.getValue().dueMicros >= nowMicros) {
                shown.put(
                        row.getKey(),
                        columns.stream()
                                .map(column -> "\"" + column.name + "\":" + json(cell(column, row.getValue().seen)))
                                .collect(Collectors.joining(",", "{", "}")));
            }
        }
        return shown;
    }

    private static void carry(RecordedEvent event, JsonNode data, Map<String, Object> left) {
        String name = event.type().equals("Other") ? "kept" : event.type().equals("Placed") ? "other" : "";
        if (!name.isEmpty()) {
            var value = Seen.scalar(data.path(name.equals("kept") ? "s" : "m"));
            if (value == null) {
                left.remove(name);
            } else {
                left.put(name, value);
            }
        }
    }

    private void fold(Seen event, Map<String, RowSeen> rows) {
        boolean isDeleted = isDeleting && event.event().type().equals("Gone");
        if (!isDeleted && !event.event().type().equals(type)
                || lifetime.isLate(event.event())
                || where != null && !(event.field("m") instanceof BigDecimal m && m.signum() > 0)
                || isRefused(event, isDeleted)) {
            return;
        }
        for (var seen : elements(event)) {
            String rowKey = key.function.apply(seen);
            var row = rows.get(rowKey);
            if (isDeleted || row != null && row.dueMicros < event.event().recordedMicros()) {
                rows.remove(rowKey);
            }
            if (!isDeleted) {
                row = rows.computeIfAbsent(rowKey, first -> new RowSeen());
                row.seen.add(seen);
                row.dueMicros = Math.max(row.dueMicros, lifetime.dueMicros(event.event()));
            }
        }
    }

    /** What is folded of an event: itself, or each of its elements. */
    private List<Seen> elements(Seen event) {
        if (!isEach) {
            return List.of(event);
        }
        var elements = new ArrayList<Seen>();
        event.data()
                .path("items")
                .forEach(element -> elements.add(new Seen(event.event(), event.data(), element, event.carried())));
        return elements;
    }

    private boolean isRefused(Seen event, boolean isDeleted) {
        return elements(event).stream().anyMatch(seen -> isElementRefused(seen, isDeleted));
    }

    private boolean isElementRefused(Seen seen, boolean isDeleted) {
        return key.function.apply(seen) == null
                || !isDeleted
                        && columns.stream()
                                .anyMatch(column -> column.value != null
                                        && (column.aggregate.equals("sum") || column.aggregate.equals("avg"))
                                        && column.value.function.apply(seen) instanceof String);
    }

    private static JsonNode parse(RecordedEvent event) {
        try {
            return JSON.readTree(event.data());
        } catch (IOException malformed) {
            throw new UncheckedIOException(malformed);
        }
    }

    private static @Nullable Object cell(Column column, List<Seen> seen) {
        if (column.value == null) {
            return BigDecimal.valueOf(seen.size());
        }
        var values = new ArrayList<Object>();
        seen.forEach(each -> {
            var value = column.value.function.apply(each);
            if (value != null) {
                values.add(value instanceof BigDecimal number ? number.stripTrailingZeros() : value);
            }
        });
        if (column.aggregate.equals("sum")) {
            return sum(values);
        }
        if (column.aggregate.equals("set")) {
            return values.stream().sorted(NaiveFold::compare).distinct().toList();
        }
        if (column.aggregate.equals("list")) {
            return values.subList(Math.max(0, values.size() - 3), values.size());
        }
        if (values.isEmpty()) {
            return null;
        }
        return switch (column.aggregate) {
            case "avg" ->
                sum(values).divide(BigDecimal.valueOf(values.size()), new MathContext(34, RoundingMode.HALF_EVEN));
            case "first" -> values.get(0);
            case "last" -> values.get(values.size() - 1);
            case "min" -> values.stream().min(NaiveFold::compare).orElseThrow();
            default -> values.stream().max(NaiveFold::compare).orElseThrow();
        };
    }

    private static BigDecimal sum(List<Object> values) {
        return values.stream().map(BigDecimal.class::cast).reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    /** Numbers before times before strings, as the language says of mixed kinds. */
    private static int compare(Object a, Object b) {
        if (a instanceof BigDecimal x && b instanceof BigDecimal y) {
            return x.compareTo(y);
        }
        if (a instanceof Instant x && b instanceof Instant y) {
            return x.compareTo(y);
        }
        if (a instanceof String x && b instanceof String y) {
            return java.util.Arrays.compareUnsigned(
                    x.getBytes(java.nio.charset.StandardCharsets.UTF_8),
                    y.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
        return a instanceof BigDecimal ? -1 : 1;
    }

    private static String json(@Nullable Object value) {
        if (value == null) {
            return "null";
        }
        if (value instanceof List<?> values) {
            return values.stream().map(NaiveFold::json).collect(Collectors.joining(",", "[", "]"));
        }
        return value instanceof BigDecimal number ? canonical(number) : "\"" + value + "\"";
    }

    private static String canonical(BigDecimal number) {
        if (number.signum() == 0) {
            return "0";
        }
        var plain = number.stripTrailingZeros();
        int exponent = plain.precision() - plain.scale() - 1;
        return exponent < 21
                ? plain.toPlainString()
                : plain.movePointLeft(exponent).stripTrailingZeros().toPlainString() + "e" + exponent;
    }
}
