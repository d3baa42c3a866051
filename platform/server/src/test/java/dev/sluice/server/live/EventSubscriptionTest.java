package dev.sluice.server.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.Append;
import dev.sluice.log.Cursor;
import dev.sluice.log.Event;
import dev.sluice.log.Expected;
import dev.sluice.log.Log;
import dev.sluice.log.LogOptions;
import dev.sluice.shard.LocalEventLog;
import dev.sluice.shard.ReadPool;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventSubscriptionTest {
    @TempDir
    Path folder;

    private LiveServer server;
    private Log log;

    @BeforeEach
    void start() {
        server = new LiveServer();
        log = Log.open(folder, LogOptions.defaults().withShards(2));
        var events = new LocalEventLog(server.vertx, log, server.mesh, new ReadPool(server.vertx, 2));
        server.start(events, new MemoryViews(server.vertx, server.mesh), new LiveOptions(8, 4096, 4096, 25_000));
    }

    @AfterEach
    void stop() {
        server.close();
        log.close();
    }

    @Test
    void sendsEventsFromNowOn() {
        append("order-1", "OrderPlaced", 1);
        var client = TestClient.welcomed(server.port());

        client.send(subscribe("events:$all"));
        var subscribed = client.next();
        append("order-1", "OrderPaid", 2);

        assertThat(subscribed.getString("op")).isEqualTo("subscribed");
        assertThat(subscribed.getJsonObject("lag").getInteger("events")).isZero();
        var delta = client.next();
        assertThat(delta.getString("op")).isEqualTo("delta");
        assertThat(delta.getInteger("n")).isEqualTo(1);
        assertThat(delta.getString("from")).isEqualTo(subscribed.getString("cursor"));
        JsonArray row = delta.getJsonArray("set").getJsonArray(0);
        int shard = log.shardOf("order-1");
        assertThat(row.getString(0)).isEqualTo(shard + ":2");
        assertThat(row.getJsonObject(1).getString("type")).isEqualTo("OrderPaid");
        assertThat(row.getJsonObject(1).getString("stream")).isEqualTo("order-1");
        assertThat(row.getJsonObject(1).getJsonObject("data").getInteger("number"))
                .isEqualTo(2);
    }

    @Test
    void readsOnFromACursorOfADelta() {
        for (int i = 1; i <= 20; i++) {
            append("order-" + i % 3, "OrderPlaced", i);
        }
        var first = TestClient.welcomed(server.port());
        first.send(
                subscribe("events:$all").put("resume", Cursor.start(2).encode()).put("window", 7));
        List<Integer> numbers = new ArrayList<>();
        String to = "";
        while (numbers.size() < 7) {
            var delta = first.next("delta");
            numbers.addAll(numbers(delta));
            to = delta.getString("to");
        }
        first.close();

        var second = TestClient.welcomed(server.port());
        second.send(subscribe("events:$all").put("resume", to));

        assertThat(second.next().getString("resumed")).isEqualTo("exact");
        while (numbers.size() < 20) {
            numbers.addAll(numbers(second.next("delta")));
        }
        assertThat(numbers).hasSize(20).doesNotHaveDuplicates();
    }

    @Test
    void selectsStreamsAndCategoriesAndByFilter() {
        append("order-1", "OrderPlaced", 1);
        append("stock-1", "StockReceived", 2);
        append("order-2", "OrderPlaced", 3);
        append("order-1", "OrderPaid", 4);
        var client = TestClient.welcomed(server.port());
        String start = Cursor.start(2).encode();

        client.send(subscribe("events:order-1").put("sub", 1).put("resume", start));
        client.send(subscribe("events:category:stock").put("sub", 2).put("resume", start));
        client.send(subscribe("events:$all").put("sub", 3).put("resume", start).put("where", "data.number > 2"));

        Map<Integer, List<Integer>> bySub = new HashMap<>();
        while (bySub.values().stream().mapToInt(List::size).sum() < 5) {
            var delta = client.next("delta");
            bySub.computeIfAbsent(delta.getInteger("sub"), sub -> new ArrayList<>())
                    .addAll(numbers(delta));
        }
        assertThat(bySub.get(1)).containsExactly(1, 4);
        assertThat(bySub.get(2)).containsExactly(2);
        assertThat(bySub.get(3)).containsExactlyInAnyOrder(3, 4);
    }

    @Test
    void beginsSoManyMatchingEventsAgo() {
        for (int i = 1; i <= 30; i++) {
            append("order-" + i % 5, i % 2 == 0 ? "Even" : "Odd", i);
        }
        var client = TestClient.welcomed(server.port());

        client.send(subscribe("events:$all").put("last", 3).put("where", "type == 'Even'"));

        List<Integer> numbers = new ArrayList<>();
        while (numbers.size() < 3) {
            numbers.addAll(numbers(client.next("delta")));
        }
        assertThat(numbers).containsExactlyInAnyOrder(26, 28, 30);
        append("order-1", "Even", 32);
        assertThat(numbers(client.next("delta"))).containsExactly(32);
    }

    @Test
    void beginsAtATime() {
        append("order-1", "OrderPlaced", 1);
        var client = TestClient.welcomed(server.port());

        client.send(subscribe("events:$all").put("sub", 1).put("since", "2000-01-01T00:00:00Z"));
        client.send(subscribe("events:$all").put("sub", 2).put("since", "2100-01-01T00:00:00Z"));

        assertThat(client.next("delta").getInteger("sub")).isEqualTo(1);
        client.roundTrip();
        append("order-1", "OrderPlaced", 2);
        assertThat(List.of(
                        client.next("delta").getInteger("sub"),
                        client.next("delta").getInteger("sub")))
                .containsExactlyInAnyOrder(1, 2);
    }

    @Test
    void theCursorMovesWhereNothingMatches() {
        var client = TestClient.welcomed(server.port());
        client.send(subscribe("events:stock-1"));
        String start = client.next("subscribed").getString("cursor");

        int shard = log.shardOf("stock-1");
        String other = java.util.stream.IntStream.range(0, 100)
                .mapToObj(i -> "order-" + i)
                .filter(stream -> log.shardOf(stream) == shard)
                .findFirst()
                .orElseThrow();
        append(other, "OrderPlaced", 1);

        var checkpoint = client.next("checkpoint");
        assertThat(checkpoint.getString("cursor")).isNotEqualTo(start);
        assertThat(checkpoint.getJsonObject("lag").getInteger("events")).isZero();
    }

    @Test
    void tellsTheCursorOfEachEventOnRequest() {
        var client = TestClient.welcomed(server.port());
        client.send(subscribe("events:$all").put("meta", new JsonArray("[\"cursor\",\"at\"]")));
        client.next("subscribed");

        append("order-1", "OrderPlaced", 1);

        var delta = client.next("delta");
        assertThat(delta.getJsonArray("set").getJsonArray(0).getJsonObject(1).getString("cursor"))
                .isEqualTo(delta.getString("to"));
        assertThat(delta.getInstant("at")).isNotNull();
    }

    @Test
    void refusesACursorBeyondTheLogWhichIsOfAnother() {
        append("order-1", "OrderPlaced", 1);
        var client = TestClient.welcomed(server.port());

        client.send(subscribe("events:$all").put("resume", Cursor.of(0, 7).encode()));

        var error = client.next();
        assertThat(error.getString("code")).isEqualTo("invalid_cursor");
        assertThat(error.getString("message")).contains("1:7", "within the log");
    }

    @Test
    void refusesTheCursorOfAView() {
        var client = TestClient.welcomed(server.port());
        var ofView = Cursor.of(0, 0).with(new Cursor.ViewPart(1, 1, "x", 1, 1, null));

        client.send(subscribe("events:$all").put("resume", ofView.encode()));
        assertThat(client.next().getString("code")).isEqualTo("invalid_cursor");
        client.send(subscribe("events:$all").put("resume", "nonsense"));
        assertThat(client.next().getString("code")).isEqualTo("invalid_cursor");
    }

    /** Random windows, credit, pauses and broken connections: each event once, in order of its stream. */
    @Test
    void losesAndDoublesNothingWhateverTheClientDoes() {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        Map<String, List<Integer>> seen = new TreeMap<>();
        Map<String, List<Integer>> appended = new TreeMap<>();
        String cursor = Cursor.start(2).encode();
        int number = 0;
        int received = 0;
        TestClient client = null;

        while (received < 600) {
            for (int i = random.nextInt(30); i > 0 && number < 600; i--) {
                String stream = "order-" + random.nextInt(5);
                append(stream, "OrderPlaced", ++number);
                appended.computeIfAbsent(stream, name -> new ArrayList<>()).add(number);
            }
            if (client == null) {
                client = TestClient.welcomed(server.port());
                client.send(subscribe("events:$all").put("resume", cursor).put("window", 1 + random.nextInt(40)));
            }
            if (random.nextInt(4) == 0) {
                client.send("{\"op\":\"pause\",\"sub\":1}");
                client.send("{\"op\":\"resume\",\"sub\":1}");
            }
            client.send(new JsonObject().put("op", "credit").put("sub", 1).put("rows", 1 + random.nextInt(40)));
            while (received < number) {
                var delta = client.next();
                if (!delta.getString("op").equals("delta")) {
                    continue;
                }
                for (Object row : delta.getJsonArray("set")) {
                    var event = ((JsonArray) row).getJsonObject(1);
                    seen.computeIfAbsent(event.getString("stream"), name -> new ArrayList<>())
                            .add(event.getJsonObject("data").getInteger("number"));
                    received++;
                }
                cursor = delta.getString("to");
                if (random.nextInt(3) > 0) {
                    break;
                }
                client.send(new JsonObject().put("op", "ack").put("sub", 1).put("cursor", cursor));
            }
            if (random.nextInt(5) == 0) {
                client.abort();
                client = null;
            }
        }

        assertThat(seen).as("seed %d", seed).isEqualTo(appended);
    }

    private static List<Integer> numbers(JsonObject delta) {
        return delta.getJsonArray("set").stream()
                .map(row ->
                        ((JsonArray) row).getJsonObject(1).getJsonObject("data").getInteger("number"))
                .toList();
    }

    private void append(String stream, String type, int number) {
        byte[] data = ("{\"number\":" + number + "}").getBytes(StandardCharsets.UTF_8);
        var event = new Event("id-" + number, type, "/test", 1_000_000L * number, Event.JSON, Map.of(), null, data);
        log.append(Append.to(stream, Expected.ANY, List.of(event)))
                .toCompletableFuture()
                .join();
    }

    private static JsonObject subscribe(String to) {
        return new JsonObject().put("op", "subscribe").put("sub", 1).put("to", to);
    }
}
