package dev.sluice.server.cli;

import dev.sluice.log.Failure;
import dev.sluice.server.cli.Terminal.Style;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What the demo does with commands and sagas: an order that is fulfilled, one that is undone since nobody carries it, and one that waits while
 * payments are out, without using up its attempts, until their circuit breaker has closed again.
 */
final class DemoSagas {
    private static final String SAGA = "order-fulfilment";
    private static final String JSON = "application/json";
    private static final String POLICY = """
            policies:
              - name: payments
                match: { address: upstream.payments }
                outbound:
                  breaker: { trips: [ { consecutiveFailures: 2 } ], openFor: { initial: 1s, jitter: 0 }, trials: 1 }
            """;
    private static final long PATIENCE_SECONDS = 30;
    private static final long ASK_AGAIN_MILLIS = 50;

    private final Remote remote;
    private final Terminal terminal;
    private final SamplePayments payments;
    private final Subscription subscription;
    private final Map<String, Map<String, @Nullable Object>> instances = new ConcurrentHashMap<>();
    private final Map<String, Object> shown = new HashMap<>();
    private final CountDownLatch subscribed = new CountDownLatch(1);

    /** The subscription to the saga. */
    interface Subscription {
        /** Fails with what has ended it. */
        void check() throws Exception;
    }

    DemoSagas(Remote remote, Terminal terminal, SamplePayments payments, Subscription subscription) {
        this.remote = remote;
        this.terminal = terminal;
        this.payments = payments;
        this.subscription = subscription;
    }

    /** What is to be subscribed to before. */
    static Map<String, @Nullable Object> subscription() {
        return Map.of("to", "saga:" + SAGA);
    }

    /** A frame of the subscription. */
    synchronized boolean take(Map<String, @Nullable Object> frame) {
        if ("subscribed".equals(frame.get("op"))) {
            subscribed.countDown();
        }
        for (Object each : Json.list(frame.get("set"))) {
            String key = Json.text(Json.list(each).get(0));
            var instance = Json.object(Json.list(each).get(1));
            instances.put(key, instance);
            String line =
                    key + "  " + instance.get("status") + "  " + EventLine.members(Json.object(instance.get("steps")));
            if (!line.equals(shown.put(key, line))) {
                terminal.line(terminal.styled(Style.YELLOW, "saga ") + "  " + line);
                terminal.flush();
            }
        }
        return true;
    }

    /** Shows all three. */
    void show() throws Exception {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (subscribed.getCount() > 0) {
            sleepUntil(deadlineNanos, "the subscription to " + SAGA);
        }
        receive("lamp", 10);
        receive("piano", 1);
        request("2001", "lamp", 2, 4_990);
        await("2001", "COMPLETED");
        expectLast("order-2001", "OrderConfirmed");
        terminal.line("");
        request("2002", "piano", 1, 90_000);
        await("2002", "COMPENSATED");
        expectLast("order-2002", "OrderRejected");
        expectLast("stock-piano", "StockReleased");
        terminal.line("");
        apply(POLICY);
        payments.down(true);
        request("2003", "lamp", 1, 2_490);
        awaitDeferral("2003");
        terminal.line("payments are out: their breaker is open, the order waits and uses up no attempt");
        payments.down(false);
        await("2003", "COMPLETED");
        apply("policies: []\n");
        terminal.line("");
        trace("2002");
    }

    private void receive(String sku, int qty) {
        post(
                Remote.path("v1", "streams", "stock-" + sku) + Remote.query(Map.of("type", "StockReceived")),
                Map.of("sku", sku, "qty", qty));
    }

    private void request(String id, String sku, int qty, long cents) {
        var data = Map.of("orderId", id, "sku", sku, "qty", qty, "cents", cents);
        var answer = post("/v1/commands/RequestOrder", Map.of("stream", "order-" + id, "data", data));
        terminal.line(terminal.styled(Style.GREEN, "command") + "  RequestOrder order-" + id + "  "
                + EventLine.members(new LinkedHashMap<>(data)) + "  → " + Json.text(answer.get("outcome")));
        terminal.flush();
    }

    private Map<String, @Nullable Object> post(String path, Map<String, Object> body) {
        return remote.send("POST", path, Map.of(), Remote.Body.of(JSON, Json.write(body)))
                .json();
    }

    private void apply(String policies) {
        remote.send(
                "PUT",
                "/v1/mesh/policies" + Remote.query(Map.of("source", "demo")),
                Map.of(),
                Remote.Body.of("application/yaml", policies));
    }

    /** Until the subscription says so. */
    private void await(String key, String status) throws Exception {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            var instance = instances.get(key);
            if (instance != null && status.equals(instance.get("status"))) {
                return;
            }
            sleepUntil(deadlineNanos, "instance " + key + " " + status + ", found " + instance);
        }
    }

    private void awaitDeferral(String key) throws Exception {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (history(key).stream().noneMatch(event -> "StepDeferred".equals(event.get("type")))) {
            sleepUntil(deadlineNanos, "a step of instance " + key + " deferred by the breaker");
        }
    }

    private void sleepUntil(long deadlineNanos, String expected) throws Exception {
        subscription.check();
        if (System.nanoTime() > deadlineNanos) {
            throw DemoCommand.failed("waited " + PATIENCE_SECONDS + " s for " + expected);
        }
        TimeUnit.MILLISECONDS.sleep(ASK_AGAIN_MILLIS);
    }

    private List<Map<String, @Nullable Object>> history(String key) {
        try {
            var answer = remote.get(Remote.path("v1", "sagas", SAGA, "instances", key, "history"));
            return Json.objects(answer.json().get("events"));
        } catch (Failure refused) {
            if (refused.kind() == Failure.Kind.NOT_FOUND) {
                return List.of();
            }
            throw refused;
        }
    }

    /** What happened to an instance, as its stream has it. */
    private void trace(String key) {
        terminal.line("what the log has of " + key + ":");
        for (var event : history(key)) {
            var data = Json.object(event.get("data"));
            terminal.line("  " + Json.text(event.get("type"))
                    + (data.get("step") == null ? "" : "  " + data.get("step"))
                    + (data.get("direction") == null ? "" : "  " + data.get("direction"))
                    + (data.get("code") == null ? "" : "  " + data.get("code")));
        }
        terminal.line("");
        terminal.flush();
    }

    private void expectLast(String stream, String type) {
        var events = remote.get(
                Remote.path("v1", "streams", stream) + Remote.query(Map.of("direction", "backward", "limit", 1)));
        var last = Json.objects(Json.parse(events.body()));
        if (last.isEmpty() || !type.equals(last.get(0).get("type"))) {
            throw DemoCommand.failed("found " + last + " last in " + stream + ", expected " + type);
        }
    }
}
