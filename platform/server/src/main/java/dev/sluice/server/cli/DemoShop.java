package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What the demo does beside the orders: stock is received, payments are captured and refunded; and the rows they must make. */
final class DemoShop {
    private static final Map<String, Integer> RECEIVED = Map.of("tea", 5, "cup", 40);
    private static final List<Payment> PAYMENTS = List.of(
            new Payment("1001", "PaymentCaptured", "129.90"),
            new Payment("1002", "PaymentCaptured", "35.00"),
            new Payment("1003", "PaymentCaptured", "12.45"),
            new Payment("1002", "PaymentRefunded", "35.00"));
    private static final String JSON = "application/json";
    private static final long ALERT_SECONDS = 30;
    private static final long ASK_AGAIN_MILLIS = 50;

    private final Remote remote;
    private final Terminal terminal;

    private record Payment(String id, String type, String amount) {}

    DemoShop(Remote remote, Terminal terminal) {
        this.remote = remote;
        this.terminal = terminal;
    }

    /** Before the orders come. */
    void receive() {
        RECEIVED.forEach((sku, qty) -> append("stock-" + sku, "StockReceived", Map.of("sku", sku, "qty", qty)));
    }

    /** Shows inventory, the alert that the orders have led to, and what the payments come to. */
    void show(String cursor) throws InterruptedException {
        var stock = rows("inventory", cursor);
        table(stock, List.of("onHand", "reserved", "available", "low"));
        var alert = alert();
        terminal.line("alert " + Json.text(alert.get("type")) + " in inventory-tea: "
                + EventLine.members(Json.object(Json.object(alert.get("data")).get("row"))));
        terminal.line("");
        String last = "";
        for (var payment : PAYMENTS) {
            last = append(
                    "payment-" + payment.id(),
                    payment.type(),
                    Map.of("amount", new BigDecimal(payment.amount()), "currency", "EUR"));
        }
        var revenue = rows("revenue-daily", last);
        table(revenue, List.of("revenue", "payments", "refunds"));
        check(stock, revenue);
    }

    /** The first event that the projection's alert has appended; it comes a little after the rows. */
    private Map<String, @Nullable Object> alert() throws InterruptedException {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(ALERT_SECONDS);
        while (true) {
            try {
                var events = remote.get(Remote.path("v1", "streams", "inventory-tea"));
                return Json.object(Json.list(Json.parse(events.body())).get(0));
            } catch (Failure failure) {
                if (failure.kind() != Failure.Kind.STREAM_NOT_FOUND || System.nanoTime() > deadlineNanos) {
                    throw failure;
                }
                TimeUnit.MILLISECONDS.sleep(ASK_AGAIN_MILLIS);
            }
        }
    }

    private void check(List<Map<String, @Nullable Object>> stock, List<Map<String, @Nullable Object>> revenue) {
        var reserved = DemoOrders.reserved();
        for (var row : stock) {
            var values = Json.object(row.get("row"));
            int left = RECEIVED.getOrDefault(Json.text(row.get("key")), 0)
                    - reserved.getOrDefault(Json.text(row.get("key")), 0);
            expect("available " + row.get("key"), BigDecimal.valueOf(left), values.get("available"));
        }
        var sum = revenue.stream()
                .map(row -> new BigDecimal(Json.text(Json.object(row.get("row")).get("revenue"))))
                .reduce(BigDecimal.ZERO, BigDecimal::add);
        expect("revenue", new BigDecimal("142.35"), sum);
    }

    private static void expect(String what, BigDecimal expected, @Nullable Object found) {
        if (found == null || expected.compareTo(new BigDecimal(found.toString())) != 0) {
            throw DemoCommand.failed("found " + what + " " + found + ", expected " + expected);
        }
    }

    private String append(String stream, String type, Map<String, Object> data) {
        var answer = remote.send(
                "POST",
                Remote.path("v1", "streams", stream) + Remote.query(Map.of("type", type)),
                Map.of(),
                Remote.Body.of(JSON, Json.write(data)));
        return Json.text(answer.json().get("cursor"));
    }

    private List<Map<String, @Nullable Object>> rows(String projection, String after) {
        var answer =
                remote.get(Remote.path("v1", "projections", projection, "rows") + Remote.query(Map.of("after", after)));
        return Json.objects(answer.json().get("rows"));
    }

    private void table(List<Map<String, @Nullable Object>> rows, List<String> names) {
        var columns = new ArrayList<Output.Column>();
        columns.add(Output.Column.of("key"));
        names.forEach(name -> columns.add(new Output.Column(
                name, row -> Json.text(Json.object(row.get("row")).get(name)))));
        Output.table(terminal, rows, columns);
        terminal.line("");
    }
}
