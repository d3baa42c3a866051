package dev.sluice.server.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** One socket with some {@link ChaosSubscription subscriptions}, which breaks, and which now and then is not read. */
final class ChaosClient {
    private final Random random;
    private final List<ChaosSubscription> subscriptions = new ArrayList<>();
    private @Nullable TestClient socket;
    private boolean isReading;
    private int pings;

    ChaosClient(int count, Orders orders, Random random) {
        this.random = random;
        for (int i = 0; i < count; i++) {
            subscriptions.add(new ChaosSubscription(i, orders, random));
        }
    }

    void act(int port, int crashes) {
        var open = connected(port);
        takeAll(open);
        switch (random.nextInt(60)) {
            case 0 -> drop();
            case 1 -> {
                isReading = false;
                open.stopReading();
            }
            case 2, 3, 4 -> readOn(open);
            default -> {
                var one = subscriptions.get(random.nextInt(subscriptions.size()));
                if (!one.isOpen()) {
                    open.send(one.open(crashes));
                } else if (one.mayAct()) {
                    send(open, one.act(pings + 1));
                    open.send(ping());
                }
            }
        }
        if (socket != null) {
            for (var each : subscriptions) {
                if (each.wantsCredit()) {
                    send(open, each.credit());
                }
            }
        }
    }

    private static void send(TestClient open, @Nullable JsonObject request) {
        if (request != null) {
            open.send(request);
        }
    }

    private JsonObject ping() {
        return new JsonObject().put("op", "ping").put("t", ++pings);
    }

    private TestClient connected(int port) {
        if (socket == null) {
            socket = TestClient.welcomed(port);
            isReading = true;
        }
        return socket;
    }

    private void readOn(TestClient open) {
        if (!isReading) {
            isReading = true;
            open.readOn();
        }
    }

    private void takeAll(TestClient open) {
        while (open.waiting() > 0) {
            take(open.nextOfAny());
        }
    }

    private void take(JsonObject frame) {
        String op = frame.getString("op");
        if (op.equals("pong")) {
            subscriptions.forEach(each -> each.answered(frame.getInteger("t")));
        } else if (!op.equals("ping")) {
            assertThat(frame.getInteger("sub")).as("sub of %s", frame).isNotNull();
            subscriptions.get(frame.getInteger("sub")).take(frame);
        }
    }

    /** Goes without a word. */
    void drop() {
        if (socket != null) {
            socket.abort();
            socket = null;
            subscriptions.forEach(ChaosSubscription::lost);
        }
    }

    /** One step towards the end. */
    void settle(int port, int crashes) {
        var open = connected(port);
        readOn(open);
        for (var each : subscriptions) {
            if (!each.isOpen()) {
                open.send(each.open(crashes));
            }
            each.settle().forEach(open::send);
        }
        open.send(ping());
        JsonObject frame;
        do {
            frame = open.nextOfAny();
            take(frame);
        } while (!frame.getString("op").equals("pong") || frame.getInteger("t") < pings);
    }

    boolean holds(Map<String, JsonObject> all) {
        return subscriptions.stream().allMatch(each -> each.holds(all));
    }

    void check(Map<String, JsonObject> all) {
        subscriptions.forEach(each -> each.check(all));
    }
}
