package dev.sluice.server.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.Append;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.projection.ProjectionRoom;
import dev.sluice.projection.ViewMemory;
import dev.sluice.shard.LocalEventLog;
import dev.sluice.shard.ReadPool;
import dev.sluice.shard.ShardVerticle;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Subscriptions over the real log and the real views, with restarts in between. */
class WholeRoomsTest {
    private static final long WITHIN_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final String DEFINITION = """
            projection: customers
            from: { category: order }
            key: data.customer
            fold:
              OrderPlaced: { orders: count(), gross: sum(data.total) }
            """;

    @TempDir
    Path folder;

    private final Map<String, long[]> expected = new TreeMap<>();
    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);
    private LiveServer server;
    private Log log;
    private ProjectionRoom projections;
    private LocalEventLog events;

    @BeforeEach
    void start() {
        server = new LiveServer();
        log = Log.open(folder.resolve("log"), LogOptions.defaults().withShards(2));
        events = new LocalEventLog(server.vertx, log, server.mesh, new ReadPool(server.vertx, 2));
        projections = new ProjectionRoom(
                server.vertx,
                log,
                folder.resolve("views"),
                Duration.ofSeconds(30),
                ViewMemory.of(16 << 20),
                server.mesh,
                server.metrics);
        get(server.vertx.deployVerticle(new ShardVerticle(log, server.mesh)));
        server.start(events, projections, new LiveOptions(8, 500, 4_096, 25_000));
    }

    @AfterEach
    void stop() {
        get(server.live().drain());
        server.close();
        projections.close();
        log.close();
    }

    @Test
    void aRestartedServerGoesOnExactlyWhereTheClientStood() {
        get(projections.apply(DEFINITION, null, "test"));
        place(5);
        var first = TestClient.welcomed(server.port());
        first.send(subscribe().put("after", events.head().encode()));
        String cursor = first.next("synced").getString("cursor");

        stop();
        start();
        place(1);
        var second = TestClient.welcomed(server.port());
        second.send(subscribe().put("resume", cursor));

        assertThat(second.next().getString("resumed")).isEqualTo("exact");
        var delta = second.next();
        assertThat(delta.getString("op")).isEqualTo("delta");
        assertThat(delta.getJsonArray("set")).hasSize(1);
    }

    @Test
    void anAppendIsSeenByWhoSubscribesAfterIt() {
        get(projections.apply(DEFINITION, null, "test"));
        var appended = get(events.append(order("c-1", 10)));

        var client = TestClient.welcomed(server.port());
        client.send(subscribe().put("after", appended.cursor().encode()));

        assertThat(client.next("snapshot").getJsonArray("rows").encode())
                .isEqualTo("[[\"c-1\",{\"orders\":1,\"gross\":10}]]");
    }

    @Test
    void whoMustMissNothingSeesEachEventOnItsOwn() {
        get(projections.apply(DEFINITION, null, "test"));
        var client = TestClient.welcomed(server.port());
        client.send(subscribe().put("mode", "every"));
        client.next("synced");
        client.roundTrip();

        var appends = new ArrayList<Future<?>>();
        for (int i = 0; i < 200; i++) {
            appends.add(events.append(order("c-1", 1)));
        }
        get(Future.all(appends));

        for (int i = 1; i <= 200; i++) {
            assertThat(client.next("delta").getJsonArray("set").encode())
                    .isEqualTo("[[\"c-1\",{\"orders\":" + i + ",\"gross\":" + i + "}]]");
        }
    }

    @Test
    void rowsOfKeysAreThoseInMemoryAndThoseInTheStore() {
        get(projections.apply(DEFINITION, null, "test"));
        place(200);
        stop();
        start();
        place(20);
        var keys = new JsonArray(List.of("c-1", "c-2", "c-3", "c-4", "c-5", "nobody"));
        var client = TestClient.welcomed(server.port());
        var mirror = new Mirror();

        client.send(subscribe().put("keys", keys));
        JsonObject frame;
        do {
            frame = client.nextOfAny();
            mirror.apply(frame);
        } while (!frame.getString("op").equals("synced"));
        place(50);
        var wanted = expectedRows();
        wanted.keySet().removeIf(key -> !keys.contains(key));
        while (!mirror.rows.equals(wanted)) {
            mirror.apply(client.nextOfAny());
        }
    }

    @Test
    void theFirstRowsOfAnIndexAreKeptLive() {
        get(projections.apply(DEFINITION + "index: [ gross desc ]\n", null, "test"));
        place(200);
        var client = TestClient.welcomed(server.port());
        client.send(subscribe().put("sub", 2).put("orderBy", "orders").put("limit", 5));
        assertThat(client.next("error").getString("message")).contains("declare index: [ orders");
        client.send(subscribe().put("sub", 3));
        assertThat(client.next("synced")).isNotNull();
        client.send(new JsonObject().put("op", "change").put("sub", 3).put("orderBy", "orders"));
        assertThat(client.next("error").getString("ref")).isEqualTo("change");
        client.send("{\"op\":\"unsubscribe\",\"sub\":3}");
        assertThat(client.next("ended").getString("code")).isEqualTo("unsubscribed");
        var mirror = new Mirror();

        client.send(subscribe().put("orderBy", "gross desc").put("limit", 5));
        place(300);

        while (!mirror.rows.equals(first(5))) {
            var frame = client.nextOfAny();
            if (!frame.getString("op").equals("ended")) {
                mirror.apply(frame);
            }
        }
    }

    private Map<String, JsonObject> first(int count) {
        return expectedRows().entrySet().stream()
                .sorted(Map.Entry.<String, JsonObject>comparingByValue(
                                Comparator.comparingInt(row -> -row.getInteger("gross")))
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(count)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    @Test
    void aSnapshotOverOtherRowsThatWasBrokenOffBeginsAgainAlsoWhenThoseAreBack() {
        get(projections.apply(DEFINITION, null, "test"));
        place(50);
        var client = TestClient.welcomed(server.port());
        client.send(subscribe().put("window", 100));
        String before = client.next("synced").getString("cursor");
        get(projections.apply(DEFINITION.replace("sum(data.total)", "max(data.total)"), null, "test"));
        client.next("reset");
        var other = TestClient.welcomed(server.port());
        other.send(subscribe().put("window", 5).put("resume", before));
        String inside = other.next("snapshot").getString("cursor");

        get(projections.rollback("customers"));
        client.next("reset");
        var back = TestClient.welcomed(server.port());
        back.send(subscribe().put("resume", inside));

        assertThat(back.next().getString("resumed")).isEqualTo("diff");
    }

    @Test
    void aChangedDefinitionResetsAndADeletedOneEnds() {
        get(projections.apply(DEFINITION, null, "test"));
        get(events.append(order("c-1", 10)));
        var client = TestClient.welcomed(server.port());
        client.send(subscribe());
        client.next("snapshot");
        client.next("synced");

        get(projections.apply(DEFINITION.replace("sum(data.total)", "max(data.total)"), null, "test"));
        var reset = client.next("reset");
        var snapshot = client.next("snapshot");
        client.next("synced");
        get(projections.delete("customers"));

        assertThat(reset.getString("generation")).isEqualTo("g2");
        assertThat(snapshot.getJsonArray("rows")).hasSize(1);
        assertThat(client.next("ended").getString("code")).isEqualTo("projection_deleted");
    }

    private void place(int count) {
        List<Future<?>> appends = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String customer = "c-" + random.nextInt(60);
            int total = 1 + random.nextInt(100);
            appends.add(events.append(order(customer, total)));
            long[] row = expected.computeIfAbsent(customer, key -> new long[2]);
            row[0]++;
            row[1] += total;
        }
        get(Future.all(appends));
    }

    private Append order(String customer, int total) {
        byte[] data =
                "{\"customer\":\"%s\",\"total\":%d}".formatted(customer, total).getBytes(StandardCharsets.UTF_8);
        var event = new Event("id-" + random.nextLong(), "OrderPlaced", "/test", 0, Event.JSON, Map.of(), null, data);
        return Append.to("order-" + random.nextInt(10), Expected.ANY, List.of(event));
    }

    private static JsonObject subscribe() {
        return new JsonObject().put("op", "subscribe").put("sub", 1).put("to", "projection:customers");
    }

    private static <T> T get(Future<T> future) {
        return future.toCompletionStage()
                .toCompletableFuture()
                .orTimeout(30, TimeUnit.SECONDS)
                .join();
    }

    private Map<String, JsonObject> expectedRows() {
        var rows = new TreeMap<String, JsonObject>();
        expected.forEach((customer, row) ->
                rows.put(customer, new JsonObject("{\"orders\":" + row[0] + ",\"gross\":" + row[1] + "}")));
        return rows;
    }
}
