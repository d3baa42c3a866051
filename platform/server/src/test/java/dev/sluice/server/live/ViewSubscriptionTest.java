package dev.sluice.server.live;

import static dev.sluice.server.live.MemoryViews.numbers;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ViewSubscriptionTest {
    private final LiveServer server = new LiveServer();
    private final MemoryViews views = new MemoryViews(server.vertx, server.mesh);

    @BeforeEach
    void start() {
        server.start(new NoEvents(), views, new LiveOptions(3, 4096, 1024, 25_000));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void sendsASnapshotAndThenWhatChanges() {
        views.commit(numbers("a", 1, "b", 2));
        var client = TestClient.welcomed(server.port());

        client.send(subscribe());

        var subscribed = client.next();
        assertThat(subscribed.getString("op")).isEqualTo("subscribed");
        assertThat(subscribed.getString("resumed")).isEqualTo("snapshot");
        assertThat(subscribed.getString("generation")).isEqualTo("g1");
        var snapshot = client.next();
        assertThat(snapshot.getJsonArray("rows"))
                .isEqualTo(new JsonArray("[[\"a\",{\"number\":1}],[\"b\",{\"number\":2}]]"));
        assertThat(snapshot.getInteger("n")).isEqualTo(1);
        assertThat(snapshot.getInteger("total")).isEqualTo(2);
        assertThat(client.next().getString("op")).isEqualTo("synced");

        views.commit(numbers("a", null, "c", 3));

        var delta = client.next();
        assertThat(delta.getString("op")).isEqualTo("delta");
        assertThat(delta.getInteger("n")).isEqualTo(2);
        assertThat(delta.getJsonArray("set")).isEqualTo(new JsonArray("[[\"c\",{\"number\":3}]]"));
        assertThat(delta.getJsonArray("del")).isEqualTo(new JsonArray("[\"a\"]"));
        assertThat(delta.getString("to")).isNotEqualTo(delta.getString("from"));
    }

    @Test
    void refusesAFilterOverAColumnThatTheProjectionDoesNotHave() {
        var client = TestClient.welcomed(server.port());

        client.send(subscribe().put("where", "numbr > 10"));

        var refused = client.next();
        assertThat(refused.getString("op")).isEqualTo("error");
        assertThat(refused.getString("ref")).isEqualTo("subscribe");
        assertThat(refused.getString("code")).isEqualTo("filter_invalid");
        assertThat(refused.getString("message")).contains("found 'numbr', expected key, number");
        assertThat(server.live().hubs()).isZero();
    }

    @Test
    void aRowThatLeavesTheFilterIsDeletedAndOthersAreNotHeardOf() {
        var client = TestClient.welcomed(server.port());
        client.send(subscribe().put("where", "number > 10").put("prefix", "a"));
        assertThat(client.next("synced")).isNotNull();
        client.roundTrip();

        views.commit(numbers("a1", 5, "b1", 50));
        views.commit(numbers("a1", 11));
        assertThat(client.next().getJsonArray("set")).isEqualTo(new JsonArray("[[\"a1\",{\"number\":11}]]"));
        views.commit(numbers("a1", 12, "a2", 1));
        assertThat(client.next().getJsonArray("set")).isEqualTo(new JsonArray("[[\"a1\",{\"number\":12}]]"));
        views.commit(numbers("a1", 2));

        assertThat(client.next().getJsonArray("del")).isEqualTo(new JsonArray("[\"a1\"]"));
    }

    @Test
    void goesOnExactlyWhereTheClientStood() {
        views.commit(numbers("a", 1, "b", 2));
        var first = TestClient.welcomed(server.port());
        first.send(subscribe());
        String cursor = first.next("synced").getString("cursor");
        first.close();

        views.commit(numbers("b", 3));
        views.commit(numbers("b", 4, "a", null));
        var second = TestClient.welcomed(server.port());
        second.send(subscribe().put("resume", cursor));

        assertThat(second.next().getString("resumed")).isEqualTo("exact");
        var delta = second.next();
        assertThat(delta.getInteger("n")).isEqualTo(1);
        assertThat(delta.getJsonArray("set")).isEqualTo(new JsonArray("[[\"b\",{\"number\":4}]]"));
        assertThat(delta.getJsonArray("del")).isEqualTo(new JsonArray("[\"a\"]"));
        assertThat(delta.getInteger("conflated")).isEqualTo(1);
        assertThat(delta.containsKey("more")).isFalse();
        views.commit(numbers("c", 1));
        assertThat(second.next().getString("from")).isEqualTo(delta.getString("to"));
    }

    @Test
    void aSnapshotStopsForLackOfCreditAndIsResumedInTheMiddle() {
        views.commit(numbers("a", 1, "b", 2, "c", 3, "d", 4));
        var first = TestClient.welcomed(server.port());
        first.send(subscribe().put("window", 2));
        var half = first.next("snapshot");
        first.close();

        views.commit(numbers("a", null, "d", 5));
        var second = TestClient.welcomed(server.port());
        second.send(subscribe().put("resume", half.getString("cursor")));

        assertThat(half.getJsonArray("rows")).hasSize(2);
        assertThat(second.next().getString("resumed")).isEqualTo("exact");
        assertThat(second.next("snapshot").getJsonArray("rows"))
                .isEqualTo(new JsonArray("[[\"c\",{\"number\":3}],[\"d\",{\"number\":5}]]"));
        assertThat(second.next().getString("op")).isEqualTo("synced");
        var delta = second.next("delta");
        assertThat(delta.getJsonArray("del")).isEqualTo(new JsonArray("[\"a\"]"));
    }

    @Test
    void aCommitLargerThanTheCreditIsSplitAndOnlyTheLastPartClaimsToBeWhole() {
        var client = TestClient.welcomed(server.port());
        client.send(subscribe().put("window", 2));
        String from = client.next("synced").getString("cursor");

        views.commit(numbers("a", 1, "b", 2, "c", 3));
        var part = client.next();
        client.send(new JsonObject().put("op", "credit").put("sub", 1).put("rows", 2));
        var rest = client.next();

        assertThat(part.getBoolean("more")).isTrue();
        assertThat(part.getJsonArray("set")).hasSize(2);
        assertThat(part.getString("to")).isEqualTo(from);
        assertThat(rest.getBoolean("more", false)).isFalse();
        assertThat(rest.getJsonArray("set")).isEqualTo(new JsonArray("[[\"c\",{\"number\":3}]]"));
    }

    @Test
    void framesAreNoLargerThanTheLimit() {
        var rows = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            rows.add("key-%04d".formatted(i));
            rows.add(i);
        }
        var client = TestClient.welcomed(server.port());
        client.send(subscribe());
        assertThat(client.next("synced")).isNotNull();
        views.commit(numbers(rows.toArray()));

        List<String> keys = new ArrayList<>();
        JsonObject delta;
        do {
            delta = client.next("delta");
            assertThat(delta.encode().length()).isLessThanOrEqualTo(1024);
            delta.getJsonArray("set").forEach(row -> keys.add(((JsonArray) row).getString(0)));
        } while (delta.getBoolean("more", false));

        assertThat(keys).hasSize(300).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void withoutCreditChangesAreConflatedToTheNewest() {
        var client = TestClient.welcomed(server.port());
        client.send(subscribe());
        assertThat(client.next("synced")).isNotNull();
        client.send("{\"op\":\"pause\",\"sub\":1}");
        client.roundTrip();

        for (int i = 1; i <= 20; i++) {
            views.commit(numbers("a", i));
        }
        client.send("{\"op\":\"ping\",\"t\":\"x\"}");
        assertThat(client.next().getString("t")).isEqualTo("x");
        client.send("{\"op\":\"resume\",\"sub\":1}");

        var delta = client.next();
        assertThat(delta.getJsonArray("set")).isEqualTo(new JsonArray("[[\"a\",{\"number\":20}]]"));
        assertThat(delta.getInteger("conflated")).isEqualTo(19);
        assertThat(server.metrics.counter("subscription.conflated").count()).isEqualTo(19);
    }

    @Test
    void sendsAtMostOneFrameInAnInterval() {
        var client = TestClient.welcomed(server.port());
        client.send(subscribe().put("minInterval", 300));
        assertThat(client.next("synced")).isNotNull();

        int frames = 0;
        int last = 0;
        for (int i = 1; i <= 50; i++) {
            views.commit(numbers("a", i));
        }
        while (last < 50) {
            last = client.next("delta")
                    .getJsonArray("set")
                    .getJsonArray(0)
                    .getJsonObject(1)
                    .getInteger("number");
            frames++;
        }

        assertThat(frames).isLessThanOrEqualTo(2);
    }

    @Test
    void aGenerationWithoutTheColumnOfTheFilterEndsASubscription() {
        var client = TestClient.welcomed(server.port());
        client.send(subscribe().put("where", "number > 10"));
        assertThat(client.next("synced")).isNotNull();

        views.columns("amount");
        views.rebuild(numbers("a", 11));

        assertThat(client.next("error").getString("message")).contains("found 'number', expected key, amount");
        assertThat(client.next("ended").getString("code")).isEqualTo("filter_invalid");
    }

    @Test
    void anotherGenerationBringsEveryRowAgain() {
        views.commit(numbers("a", 1, "b", 2));
        var client = TestClient.welcomed(server.port());
        client.send(subscribe());
        String old = client.next("synced").getString("cursor");

        views.rebuild(numbers("b", 7));

        var reset = client.next();
        assertThat(reset.getString("op")).isEqualTo("reset");
        assertThat(reset.getString("generation")).isEqualTo("g2");
        assertThat(reset.getString("then")).isEqualTo("diff");
        assertThat(client.next().getJsonArray("rows")).isEqualTo(new JsonArray("[[\"b\",{\"number\":7}]]"));
        assertThat(client.next().getString("op")).isEqualTo("synced");
        client.send(subscribe().put("sub", 2).put("resume", old));
        assertThat(client.next("subscribed").getString("resumed")).isEqualTo("diff");
    }

    @Test
    void endsWhenItsProjectionIsDeleted() {
        var client = TestClient.welcomed(server.port());
        client.send(subscribe());
        assertThat(client.next("synced")).isNotNull();

        views.delete();

        assertThat(client.next("ended").getString("code")).isEqualTo("projection_deleted");
    }

    @Test
    void waitsForACursorAndSaysWhenItIsNotReached() {
        views.commit(numbers("a", 1));
        var client = TestClient.welcomed(server.port());

        client.send(subscribe().put("after", dev.sluice.log.Cursor.of(1).encode()));
        assertThat(client.next("snapshot")).isNotNull();
        client.send(subscribe()
                .put("sub", 2)
                .put("after", dev.sluice.log.Cursor.of(9).encode()));

        var error = client.next("error");
        assertThat(error.getString("code")).isEqualTo("not_yet");
        assertThat(error.getBoolean("retryable")).isTrue();
        assertThat(error.getInteger("sub")).isEqualTo(2);
    }

    @Test
    void tellsOnceWhatAFilterCannotJudge() {
        views.commit(numbers("a", 1, "b", 2));
        var client = TestClient.welcomed(server.port());

        client.send(subscribe().put("where", "number > 'x'"));

        assertThat(client.next("synced")).isNotNull();
        var error = client.next("error");
        assertThat(error.getString("code")).isEqualTo("evaluation_failed");
        assertThat(error.getString("ref")).isEqualTo("where");
    }

    @Test
    void saysWhereAFilterIsWrongAndKeepsNothingOfIt() {
        var client = TestClient.welcomed(server.port());

        client.send(subscribe().put("where", "number >\n > 1"));

        var error = client.next();
        assertThat(error.getString("code")).isEqualTo("filter_invalid");
        assertThat(error.getString("ref")).isEqualTo("subscribe");
        assertThat(error.getJsonObject("at").getInteger("line")).isEqualTo(2);
        client.send(subscribe());
        assertThat(client.next("synced")).isNotNull();
    }

    static JsonObject subscribe() {
        return new JsonObject().put("op", "subscribe").put("sub", 1).put("to", "projection:" + MemoryViews.NAME);
    }
}
