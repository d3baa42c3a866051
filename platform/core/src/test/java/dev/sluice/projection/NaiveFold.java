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
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A random definition, and its fold in the simplest way: all values in a list, aggregated at the end. */
record NaiveFold(
        String name,
        String from,
        boolean onlyOrders,
        @Nullable String where,
        boolean isEach,
        Key key,
        List<Column> columns,
        String type) {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    /** A value of an event: null, BigDecimal, Instant or String. */
    record Value(String text, Function<Seen, @Nullable Object> function) {}

    record Key(String yaml, Function<Seen, @Nullable String> function) {}

    record Column(String name, String aggregate, @Nullable Value value) {}

    /** An event and, of a definition with each, one of its elements. */
    record Seen(RecordedEvent event, JsonNode data, JsonNode element) {
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

    private static final List<Value> NUMBERS = List.of(
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
    private static final List<Value> SCALARS = List.of(
            new Value("data.m", seen -> seen.field("m")),
            new Value("data.s", seen -> seen.field("s")),
            new Value("data.n", seen -> seen.field("n")),
            new Value("time", Seen::time),
            new Value("id", seen -> seen.event().id()));
    private static final List<Key> KEYS = List.of(
            new Key("", seen -> seen.event().stream()
                    .substring(seen.event().stream().indexOf('-') + 1)),
            new Key("key: data.s\n", seen -> (String) seen.field("s")),
            new Key("key: [ data.s, data.m ]\n", seen -> text(seen.field("s")) + "/" + text(seen.field("m"))));

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

    static NaiveFold random(String name, Random random) {
        var columns = new ArrayList<Column>();
        boolean isEach = random.nextInt(3) == 0;
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            String aggregate = List.of("count", "sum", "min", "max", "first", "last", "avg", "set", "list")
                    .get(random.nextInt(9));
            var value =
                    switch (aggregate) {
                        case "count" -> null;
                        case "sum", "avg" ->
                            isEach && random.nextBoolean()
                                    ? NUMBERS_OF_ELEMENTS.get(random.nextInt(NUMBERS_OF_ELEMENTS.size()))
                                    : NUMBERS.get(random.nextInt(NUMBERS.size()));
                        default -> SCALARS.get(random.nextInt(SCALARS.size()));
                    };
            columns.add(new Column("c" + i, aggregate, value));
        }
        boolean onlyOrders = random.nextBoolean();
        return new NaiveFold(
                name,
                onlyOrders ? "{ category: order }" : "all",
                onlyOrders,
                random.nextInt(3) == 0 ? "data.m > 0" : null,
                isEach,
                isEach
                        ? KEYS_OF_ELEMENTS.get(random.nextInt(KEYS_OF_ELEMENTS.size()))
                        : KEYS.get(random.nextInt(KEYS.size())),
                columns,
                randomType(random));
    }

    static String randomType(Random random) {
        return random.nextInt(3) == 0 ? "Other" : "Placed";
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
        return "projection: " + name + "\nfrom: " + from + "\n" + (isEach ? "" : key.yaml())
                + (where == null ? "" : "where: " + where + "\n") + "fold:\n  " + type + ":\n"
                + (isEach ? "    each: data.items as i\n" + key.yaml() : "")
                + columns.stream()
                        .map(column -> "    " + column.name + ": " + column.aggregate + "("
                                + (column.value == null ? "" : column.value.text)
                                + (column.aggregate.equals("list") ? ", 3" : "") + ")\n")
                        .collect(Collectors.joining());
    }

    Map<String, String> rows(List<RecordedEvent> events) {
        var values = new TreeMap<String, List<Seen>>();
        for (var event : meant(events)) {
            if (!isRefused(event)) {
                elements(event)
                        .forEach(seen -> values.computeIfAbsent(key.function.apply(seen), none -> new ArrayList<>())
                                .add(seen));
            }
        }
        var rows = new TreeMap<String, String>();
        values.forEach((rowKey, seen) -> rows.put(
                rowKey,
                columns.stream()
                        .map(column -> "\"" + column.name + "\":" + json(cell(column, seen)))
                        .collect(Collectors.joining(",", "{", "}"))));
        return rows;
    }

    long refused(List<RecordedEvent> events) {
        return meant(events).stream().filter(this::isRefused).count();
    }

    private List<Seen> meant(List<RecordedEvent> events) {
        return events.stream()
                .filter(event -> event.type().equals(type)
                        && (!onlyOrders || event.stream().startsWith("order-")))
                .map(event -> new Seen(event, parse(event), JSON.missingNode()))
                .filter(seen -> where == null || seen.field("m") instanceof BigDecimal m && m.signum() > 0)
                .toList();
    }

    /** What is folded of an event: itself, or each of its elements. */
    private List<Seen> elements(Seen event) {
        if (!isEach) {
            return List.of(event);
        }
        var elements = new ArrayList<Seen>();
        event.data().path("items").forEach(element -> elements.add(new Seen(event.event(), event.data(), element)));
        return elements;
    }

    private boolean isRefused(Seen event) {
        return elements(event).stream().anyMatch(this::isElementRefused);
    }

    private boolean isElementRefused(Seen seen) {
        return key.function.apply(seen) == null
                || columns.stream()
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
        return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
    }
}
