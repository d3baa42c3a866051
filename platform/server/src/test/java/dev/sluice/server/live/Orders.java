package dev.sluice.server.live;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Orders at random, and what each does to the rows of customers. The customers of a family share a stream, so that it is known
 * what a row was after each of the events about it: they are numbered, and the row says the number.
 */
final class Orders {
    static final String PROJECTION = "customers";
    private static final int FAMILIES = 12;
    private static final int MEMBERS = 12;
    private static final int MAX_PARTS = 5;
    private static final String DEFINITION = """
            projection: customers
            from: { category: order }
            fold:
              OrderPlaced:
                { each: data.parts as p, key: p.customer, seq: max(p.seq), last: last(p.total), orders: count(), gross: %s(p.total) }
              CustomerForgotten: { key: data.customer, delete: true }
            index: [ gross desc, last ]
            """;

    private final Random random;
    /** The last total of a customer after each event: null when there is no row. */
    private final Map<String, List<@Nullable Integer>> histories = new HashMap<>();

    private int count;

    Orders(Random random) {
        this.random = random;
    }

    /** An event to be appended. */
    record Order(String id, String stream, String type, String data) {}

    /** Definitions that differ in one column. */
    static String definition(int variant) {
        return DEFINITION.formatted(List.of("sum", "max", "min").get(variant % 3));
    }

    Order next() {
        int family = random.nextInt(FAMILIES);
        String id = "order-" + ++count;
        String stream = "order-" + family;
        String one = customer(family, random.nextInt(MEMBERS));
        if (random.nextInt(12) == 0 && isThere(one)) {
            history(one).add(null);
            return new Order(id, stream, "CustomerForgotten", "{\"customer\":\"" + one + "\"}");
        }
        return new Order(id, stream, "OrderPlaced", "{\"parts\":[" + parts(family) + "]}");
    }

    private String parts(int family) {
        var members = new ArrayList<String>();
        for (int member = 0; member < MEMBERS; member++) {
            members.add(customer(family, member));
        }
        Collections.shuffle(members, random);
        int parts = random.nextInt(3) == 0 ? 1 + random.nextInt(MAX_PARTS) : 1;
        return members.stream().limit(parts).map(this::part).collect(Collectors.joining(","));
    }

    private String part(String customer) {
        int total = 1 + random.nextInt(100);
        var history = history(customer);
        history.add(total);
        return "{\"customer\":\"%s\",\"seq\":%d,\"total\":%d}".formatted(customer, history.size() - 1, total);
    }

    private static String customer(int family, int member) {
        return "c" + family + "-" + member;
    }

    String randomCustomer() {
        return customer(random.nextInt(FAMILIES), random.nextInt(MEMBERS));
    }

    private boolean isThere(String customer) {
        var history = history(customer);
        return history.get(history.size() - 1) != null;
    }

    private List<@Nullable Integer> history(String customer) {
        return histories.computeIfAbsent(customer, first -> {
            var history = new ArrayList<@Nullable Integer>();
            history.add(null);
            return history;
        });
    }

    /** Whether a row is one with {@code last > above} after the event with a number. */
    boolean isSeen(String customer, int number, int above) {
        var history = history(customer);
        Integer last = number < history.size() ? history.get(number) : null;
        return last != null && last > above;
    }

    /** The number of the next event after one that shows to who wants the rows with {@code last > above}. */
    int nextShown(String customer, int after, int above) {
        int number = after + 1;
        while (!isSeen(customer, number, above) && !isSeen(customer, number - 1, above)) {
            number++;
            if (number > history(customer).size()) {
                throw new IllegalStateException("found no event about " + customer + " after " + after);
            }
        }
        return number;
    }
}
