package dev.sluice.server.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.log.Cursor;
import io.vertx.core.json.JsonArray;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A client that gives credit but stops to read costs little, and gets the newest of every row when it reads on. */
class SlowClientTest {
    private static final int KEYS = 2_000;
    private static final int CLIENTS = 6;
    private static final int COMMITS = 150;

    private final LiveServer server = new LiveServer();
    private final MemoryViews views = new MemoryViews(server.vertx, server.mesh);

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void costsLessThanAMebibyteAndThenGetsTheNewestOfEveryRow() {
        server.start(new NoEvents(), views, LiveOptions.defaults());
        List<TestClient> clients = IntStream.range(0, CLIENTS)
                .mapToObj(i -> TestClient.welcomed(server.port()))
                .toList();
        views.commit(everyKey(0));
        for (TestClient client : clients) {
            client.send(ViewSubscriptionTest.subscribe().put("window", 4096));
            client.next("synced");
            client.stopReading();
        }
        long before = usedBytes();

        // 300,000 rows for each client, some 12 MB: beyond what the kernel takes in
        for (int i = 1; i <= COMMITS; i++) {
            views.commit(everyKey(i));
            clients.forEach(client -> client.send("{\"op\":\"credit\",\"sub\":1,\"rows\":4096}"));
        }

        settlesBelow(before + CLIENTS * (1L << 20));
        var expected = views.rows();
        for (TestClient client : clients) {
            var mirror = new Mirror();
            client.readOn();
            while (!mirror.rows.equals(expected)) {
                client.send("{\"op\":\"credit\",\"sub\":1,\"rows\":4096}");
                mirror.apply(client.nextOfAny());
            }
            client.close();
        }
    }

    @Test
    void holdsOneFrameOfASnapshotThatIsNotRead() {
        server.start(new NoEvents(), views, LiveOptions.defaults());
        var rows = new HashMap<String, @Nullable Integer>();
        for (int i = 0; i < KEYS; i++) {
            rows.put("k".repeat(16 << 10) + i, i);
        }
        views.commit(rows); // 32 MB, beyond what the kernel takes in
        var begun = TestClient.welcomed(server.port());
        begun.send(ViewSubscriptionTest.subscribe().put("window", 4096));
        begun.next("synced");
        begun.close();
        List<TestClient> clients = IntStream.range(0, CLIENTS)
                .mapToObj(i -> TestClient.welcomed(server.port()))
                .toList();
        long before = usedBytes();

        for (TestClient client : clients) {
            client.stopReading();
            client.send(ViewSubscriptionTest.subscribe().put("window", 4096));
        }
        var reading = TestClient.welcomed(server.port());
        reading.send(ViewSubscriptionTest.subscribe().put("window", 4096));
        reading.next("synced");
        reading.close();

        settlesBelow(before + CLIENTS * (1L << 20));
        clients.forEach(TestClient::close);
    }

    @Test
    void holdsNothingOfWhatEndedWhileItWaited() {
        int times = 1_500; // of 60 kB each
        server.start(new NoEvents(), views, LiveOptions.defaults());
        views.getStuck();
        var client = TestClient.welcomed(server.port());
        var keys = new JsonArray();
        IntStream.range(0, 950).forEach(i -> keys.add("some-long-key".repeat(4) + i));
        String subscribe = ViewSubscriptionTest.subscribe()
                .put("keys", keys)
                .put("after", Cursor.of(7).encode())
                .encode();
        long before = usedBytes();

        for (int i = 0; i < times; i++) {
            client.send(subscribe);
            client.send("{\"op\":\"unsubscribe\",\"sub\":1}");
            client.next("ended");
        }

        settlesBelow(before + times * 10_000L);
    }

    private static Map<String, @Nullable Integer> everyKey(int number) {
        var numbers = new HashMap<String, @Nullable Integer>();
        for (int key = 0; key < KEYS; key++) {
            numbers.put("some-key-of-a-row-" + key, number);
        }
        return numbers;
    }

    /** What is under way at the moment counts not. */
    private static void settlesBelow(long bytes) {
        await().untilAsserted(() -> assertThat(usedBytes()).isLessThan(bytes));
    }

    private static long usedBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
