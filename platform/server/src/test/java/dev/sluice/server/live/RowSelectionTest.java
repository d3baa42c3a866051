package dev.sluice.server.live;

import static dev.sluice.server.live.MemoryViews.numbers;
import static dev.sluice.server.live.ViewSubscriptionTest.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which rows a subscription is about, and what of them. */
class RowSelectionTest {
    private final LiveServer server = new LiveServer();
    private final MemoryViews views = new MemoryViews(server.vertx, server.mesh);

    @BeforeEach
    void start() {
        server.start(new NoEvents(), views, new LiveOptions(200, 4096, 4096, 25_000));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void rowsOfSomeKeysComeAndAreKeptCurrent() {
        views.commit(numbers("a", 1, "b", 2, "c", 3));
        var client = TestClient.welcomed(server.port());

        client.send(subscribe().put("keys", new JsonArray("[\"c\",\"a\",\"x\"]")));

        assertThat(client.next("snapshot").getJsonArray("rows"))
                .isEqualTo(new JsonArray("[[\"a\",{\"number\":1}],[\"c\",{\"number\":3}]]"));
        String cursor = client.next("synced").getString("cursor");
        views.commit(numbers("b", 7));
        views.commit(numbers("x", 8, "c", null));
        var delta = client.next("delta");
        assertThat(delta.getJsonArray("set")).isEqualTo(new JsonArray("[[\"x\",{\"number\":8}]]"));
        assertThat(delta.getJsonArray("del")).isEqualTo(new JsonArray("[\"c\"]"));

        var again = TestClient.welcomed(server.port());
        again.send(subscribe().put("keys", new JsonArray("[\"c\",\"a\",\"x\"]")).put("resume", cursor));
        assertThat(again.next("subscribed").getString("resumed")).isEqualTo("exact");
        var missed = again.next();
        assertThat(missed.getJsonArray("set")).isEqualTo(delta.getJsonArray("set"));
        assertThat(missed.getJsonArray("del")).isEqualTo(delta.getJsonArray("del"));
    }

    @Test
    void rowsHaveTheFieldsAskedForAndNumbersAsAsked() {
        views.columns("number", "name");
        views.commit(numbers("a", 1));
        var client = TestClient.welcomed(server.port());

        client.send(subscribe().put("sub", 3).put("fields", new JsonArray("[\"nmae\"]")));
        assertThat(client.next("error").getString("code")).isEqualTo("field_unknown");
        client.send(subscribe().put("fields", new JsonArray("[\"number\"]")).put("numbers", "string"));
        client.send(subscribe().put("sub", 2).put("fields", new JsonArray("[\"name\"]")));

        var rows = List.of(
                client.next("snapshot").getJsonArray("rows"),
                client.next("snapshot").getJsonArray("rows"));
        assertThat(rows)
                .containsExactlyInAnyOrder(
                        new JsonArray("[[\"a\",{\"number\":\"1\"}]]"), new JsonArray("[[\"a\",{}]]"));
        views.commit(numbers("a", 2));
        var deltas = List.of(
                client.next("delta").getJsonArray("set"), client.next("delta").getJsonArray("set"));
        assertThat(deltas)
                .containsExactlyInAnyOrder(
                        new JsonArray("[[\"a\",{\"number\":\"2\"}]]"), new JsonArray("[[\"a\",{}]]"));
    }

    @Test
    void withoutASnapshotOnlyWhatChangesComes() {
        views.commit(numbers("a", 1));
        var client = TestClient.welcomed(server.port());

        client.send(subscribe().put("snapshot", "never"));
        assertThat(client.next().getString("resumed")).isEqualTo("exact");
        client.roundTrip();
        views.commit(numbers("b", 2));

        assertThat(client.next().getJsonArray("set")).isEqualTo(new JsonArray("[[\"b\",{\"number\":2}]]"));
    }

    @Test
    void aChangedFilterBringsItsRowsAgainAndABrokenOneLeavesTheOld() {
        views.commit(numbers("a", 1, "b", 20));
        var client = TestClient.welcomed(server.port());
        client.send(subscribe().put("where", "number > 10"));
        assertThat(client.next("synced")).isNotNull();

        client.send(change("number >"));
        var error = client.next();
        views.commit(numbers("b", 21));
        assertThat(error.getString("code")).isEqualTo("filter_invalid");
        assertThat(error.getString("ref")).isEqualTo("change");
        assertThat(client.next().getJsonArray("set")).isEqualTo(new JsonArray("[[\"b\",{\"number\":21}]]"));

        client.send(change("number < 10"));
        assertThat(client.next().getString("resumed")).isEqualTo("diff");
        var snapshot = client.next();
        assertThat(snapshot.getInteger("n")).isEqualTo(1);
        assertThat(snapshot.getJsonArray("rows")).isEqualTo(new JsonArray("[[\"a\",{\"number\":1}]]"));
        assertThat(client.next().getString("op")).isEqualTo("synced");
        views.commit(numbers("a", 2, "b", 22));
        assertThat(client.next().getJsonArray("set")).isEqualTo(new JsonArray("[[\"a\",{\"number\":2}]]"));
    }

    private static JsonObject change(String where) {
        return new JsonObject().put("op", "change").put("sub", 1).put("where", where);
    }

    @Test
    void theFirstRowsOfAnOrderAreKeptLive() {
        views.commit(numbers("a", 1, "b", 2, "c", 3));
        var client = TestClient.welcomed(server.port());

        client.send(subscribe().put("orderBy", "number desc").put("limit", 2));

        assertThat(client.next("snapshot").getJsonArray("rows"))
                .isEqualTo(new JsonArray("[[\"c\",{\"number\":3}],[\"b\",{\"number\":2}]]"));
        assertThat(client.next("synced")).isNotNull();
        views.commit(numbers("a", 9));
        var delta = client.next();
        assertThat(delta.getJsonArray("set")).isEqualTo(new JsonArray("[[\"a\",{\"number\":9}]]"));
        assertThat(delta.getJsonArray("del")).isEqualTo(new JsonArray("[\"b\"]"));
        views.commit(numbers("c", null));
        assertThat(client.next().getJsonArray("set")).isEqualTo(new JsonArray("[[\"b\",{\"number\":2}]]"));

        views.rebuild(numbers("z", 5));
        assertThat(client.next().getString("op")).isEqualTo("reset");
        assertThat(client.next("snapshot").getJsonArray("rows")).isEqualTo(new JsonArray("[[\"z\",{\"number\":5}]]"));
    }

    @Test
    void manyWhoWantTheSameAllGetEveryNewestRow() {
        var clients = new ArrayList<TestClient>();
        for (int i = 0; i < 8; i++) {
            var client = TestClient.welcomed(server.port());
            for (int sub = 0; sub < 100; sub++) {
                client.send(subscribe().put("sub", sub).put("minInterval", i % 2 * 20));
            }
            clients.add(client);
        }
        for (var client : clients) {
            for (int sub = 0; sub < 100; sub++) {
                client.next("synced");
            }
        }

        for (int i = 1; i <= 100; i++) {
            views.commit(numbers("a", i));
        }

        for (var client : clients) {
            var last = new int[100];
            while (IntStream.of(last).min().orElseThrow() < 100) {
                var delta = client.next("delta");
                int number = delta.getJsonArray("set")
                        .getJsonArray(0)
                        .getJsonObject(1)
                        .getInteger("number");
                assertThat(number).isGreaterThan(last[delta.getInteger("sub")]);
                last[delta.getInteger("sub")] = number;
            }
        }
    }

    @Test
    void moreRowsThanWaitForAFrameAreReadFromTheView() {
        var client = TestClient.welcomed(server.port());
        client.send(subscribe().put("minInterval", 100).put("window", 4096));
        var mirror = new Mirror();
        mirror.apply(client.next("synced"));
        client.roundTrip();

        for (int commit = 0; commit < 6; commit++) {
            var rows = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                rows.add("key-" + commit + "-" + i);
                rows.add(i);
            }
            views.commit(numbers(rows.toArray()));
        }

        while (mirror.rows.size() < 6_000) {
            mirror.apply(client.nextOfAny());
            client.send("{\"op\":\"credit\",\"sub\":1,\"rows\":4096}");
        }
        assertThat(mirror.rows).isEqualTo(views.rows());
    }
}
