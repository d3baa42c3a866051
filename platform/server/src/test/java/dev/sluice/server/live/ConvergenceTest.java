package dev.sluice.server.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;

/** Clients with random filters, windows, pauses and broken connections end with exactly the rows of the view. */
class ConvergenceTest {
    private static final long SETTLE_WITHIN_NANOS = 20_000_000_000L;

    private final LiveServer server = new LiveServer();
    private final MemoryViews views = new MemoryViews(server.vertx, server.mesh);
    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);

    @AfterEach
    void stop() {
        server.close();
    }

    @RepeatedTest(2)
    void everyClientEndsWithTheRowsOfTheView() {
        server.start(new NoEvents(), views, new LiveOptions(8, 200, 2_048, 25_000));
        List<Client> clients = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            clients.add(new Client(i % 3 == 0 ? null : "number > " + random.nextInt(80)));
        }

        for (int round = 0; round < 250; round++) {
            if (random.nextInt(60) == 0) {
                views.rebuild(randomNumbers(50));
            } else {
                views.commit(randomNumbers(1 + random.nextInt(random.nextInt(10) == 0 ? 120 : 6)));
            }
            clients.get(random.nextInt(clients.size())).act();
        }
        clients.forEach(Client::settle);

        for (Client client : clients) {
            assertThat(client.mirror.rows)
                    .as("seed %d, where %s", seed, client.where)
                    .isEqualTo(client.expected());
            client.drop();
        }
    }

    private Map<String, @Nullable Integer> randomNumbers(int count) {
        var numbers = new HashMap<String, @Nullable Integer>();
        for (int i = 0; i < count; i++) {
            numbers.put("key-" + random.nextInt(150), random.nextInt(4) == 0 ? null : random.nextInt(100));
        }
        return numbers;
    }

    private final class Client {
        private final @Nullable String where;
        private final Mirror mirror = new Mirror();
        private @Nullable TestClient socket;

        Client(@Nullable String where) {
            this.where = where;
        }

        void act() {
            TestClient open = connected();
            switch (random.nextInt(6)) {
                case 0 -> drop();
                case 1 -> open.send("{\"op\":\"pause\",\"sub\":1}");
                case 2 -> open.send("{\"op\":\"resume\",\"sub\":1}");
                default ->
                    open.send(new JsonObject().put("op", "credit").put("sub", 1).put("rows", 1 + random.nextInt(50)));
            }
            while (socket != null && open.waiting() > 0) {
                mirror.apply(open.nextOfAny());
            }
        }

        void drop() {
            if (socket != null) {
                socket.abort();
                socket = null;
            }
        }

        private TestClient connected() {
            if (socket == null) {
                socket = TestClient.welcomed(server.port());
                var subscribe = ViewSubscriptionTest.subscribe().put("window", random.nextInt(60));
                if (where != null) {
                    subscribe.put("where", where);
                }
                if (mirror.cursor != null) {
                    subscribe.put("resume", mirror.cursor);
                }
                socket.send(subscribe);
            }
            return socket;
        }

        void settle() {
            TestClient open = connected();
            open.send("{\"op\":\"resume\",\"sub\":1}");
            long end = System.nanoTime() + SETTLE_WITHIN_NANOS;
            do {
                open.send("{\"op\":\"credit\",\"sub\":1,\"rows\":200}");
                open.send("{\"op\":\"ping\",\"t\":1}");
                String op;
                do {
                    var frame = open.nextOfAny();
                    mirror.apply(frame);
                    op = frame.getString("op");
                } while (!op.equals("pong"));
            } while (!mirror.rows.equals(expected()) && System.nanoTime() < end);
        }

        private Map<String, JsonObject> expected() {
            var expected = new TreeMap<>(views.rows());
            if (where != null) {
                int above = Integer.parseInt(where.substring("number > ".length()));
                expected.values().removeIf(row -> row.getInteger("number") <= above);
            }
            return expected;
        }
    }
}
