package dev.sluice.server.live;

import dev.sluice.log.Failure;
import dev.sluice.projection.ViewMemory;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Hundreds of subscriptions that do what they like, over the real log and views that are changed, rebuilt, rolled back, restarted
 * and crashed: whatever happens, each ends with the rows of the view, and nothing that it was told on the way broke a promise.
 * {@code -Dconvergence.seconds=900 -Dtest.timeoutSeconds=1200} goes on for longer, {@code -Dconvergence.seed=…} begins with a seed
 * that failed; threads have a say too, so a seed may need some tries.
 */
class ConvergenceTest {
    private static final int CLIENTS = 24;
    private static final int SUBSCRIPTIONS = 12;
    private static final int ROUNDS = 100;
    private static final long SETTLE_WITHIN_NANOS = TimeUnit.SECONDS.toNanos(40);

    @TempDir
    Path folder;

    private final List<ChaosClient> clients = new ArrayList<>();
    private Random random;
    private Orders orders;
    private Rooms rooms;
    private int crashes;

    @Test
    void everyClientEndsWithTheRowsOfTheView() {
        long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(Integer.getInteger("convergence.seconds", 10));
        long seed = Long.getLong("convergence.seed", System.nanoTime());
        do {
            System.out.println("with -Dconvergence.seed=" + seed);
            try {
                everyClientEndsWithTheRowsOfTheView(seed, endNanos);
            } catch (RuntimeException | AssertionError failed) {
                throw new AssertionError("with -Dconvergence.seed=" + seed, failed);
            }
            seed++;
        } while (System.nanoTime() - endNanos < 0);
    }

    private void everyClientEndsWithTheRowsOfTheView(long seed, long endNanos) {
        random = new Random(seed);
        orders = new Orders(random);
        crashes = 0;
        clients.clear();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(new ChaosClient(SUBSCRIPTIONS, orders, random));
        }
        var flushInterval = Duration.ofMillis(20 + random.nextInt(500));
        int shards = 1 + random.nextInt(3);
        rooms = new Rooms(
                folder.resolve("seed" + seed),
                shards,
                flushInterval,
                new ViewMemory(16 << 20, 1 << 18),
                ChaosSubscription.OPTIONS);
        try {
            rooms.apply(Orders.definition(0));
            for (int round = 1; round <= ROUNDS && (round < ROUNDS / 4 || System.nanoTime() - endNanos < 0); round++) {
                var placed = place(random.nextInt(random.nextInt(10) == 0 ? 300 : 30));
                clients.forEach(client -> client.act(rooms.port(), crashes));
                Rooms.get(Future.all(placed));
                operate();
            }
            settle();
        } finally {
            clients.forEach(ChaosClient::drop);
            rooms.close();
        }
    }

    private List<Future<?>> place(int count) {
        var appends = new ArrayList<Future<?>>();
        for (int i = 0; i < count; i++) {
            var order = orders.next();
            appends.add(rooms.append(order.id(), order.stream(), order.type(), order.data()));
        }
        return appends;
    }

    private void operate() {
        switch (random.nextInt(150)) {
            case 0, 1 -> rooms.apply(Orders.definition(random.nextInt(3)));
            case 2, 3 -> Rooms.get(rooms.projections().rebuild(Orders.PROJECTION, false));
            case 4, 5 -> rollback();
            case 6 -> {
                rooms.restart();
                clients.forEach(ChaosClient::drop);
            }
            case 7 -> {
                crashes++;
                rooms.crash();
                clients.forEach(ChaosClient::drop);
            }
            default -> {}
        }
    }

    private void rollback() {
        try {
            Rooms.get(rooms.projections().rollback(Orders.PROJECTION));
        } catch (CompletionException refused) {
            if (!(refused.getCause() instanceof Failure failure) || failure.kind() != Failure.Kind.NO_GENERATION) {
                throw refused;
            }
        }
    }

    private void settle() {
        Awaitility.await("nothing is built any more")
                .atMost(Duration.ofSeconds(30))
                .until(() -> rooms.projections().info(Orders.PROJECTION).building() == null);
        var all = rooms.rows(Orders.PROJECTION);
        long endNanos = System.nanoTime() + SETTLE_WITHIN_NANOS;
        clients.forEach(client -> settle(client, all, endNanos));
        clients.forEach(client -> client.check(all));
    }

    private void settle(ChaosClient client, Map<String, JsonObject> all, long endNanos) {
        do {
            client.settle(rooms.port(), crashes);
        } while (!client.holds(all) && System.nanoTime() - endNanos < 0);
    }
}
