package dev.sluice.server.live;

import static dev.sluice.server.live.MemoryViews.numbers;
import static dev.sluice.server.live.ViewSubscriptionTest.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.bus.Addresses;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EverySubscriptionTest {
    private final LiveServer server = new LiveServer();
    private final MemoryViews views = new MemoryViews(server.vertx, server.mesh);

    @BeforeEach
    void start() {
        server.start(new NoEvents(), views, new LiveOptions(3, 4096, 4096, 25_000));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void eachTransitionComesInOrderAlsoToWhoHadNoCredit() {
        var client = TestClient.welcomed(server.port());
        client.send(every());
        assertThat(client.next("synced")).isNotNull();
        client.roundTrip();
        assertThat(server.mesh.isHeard(Addresses.transitions(MemoryViews.NAME))).isTrue();

        client.send("{\"op\":\"pause\",\"sub\":1}");
        client.roundTrip();
        for (int i = 1; i <= 50; i++) {
            views.commit(numbers("a", i));
        }
        client.send("{\"op\":\"resume\",\"sub\":1}");

        String from = null;
        for (int i = 1; i <= 50; i++) {
            var delta = client.next("delta");
            assertThat(number(delta)).isEqualTo(i);
            assertThat(delta.containsKey("conflated")).isFalse();
            assertThat(from == null || from.equals(delta.getString("from"))).isTrue();
            from = delta.getString("to");
        }
    }

    @Test
    void whoComesBackGoesOnWhereItStood() {
        var first = TestClient.welcomed(server.port());
        first.send(every());
        first.next("synced");
        first.roundTrip();
        views.commit(numbers("a", 1));
        String cursor = first.next("delta").getString("to");
        first.close();

        views.commit(numbers("a", 2));
        views.commit(numbers("a", 3));
        var second = TestClient.welcomed(server.port());
        second.send(every().put("resume", cursor));

        assertThat(second.next().getString("resumed")).isEqualTo("exact");
        assertThat(number(second.next())).isEqualTo(2);
        assertThat(number(second.next())).isEqualTo(3);
    }

    @Test
    void whatIsNotKnownOneByOneIsTold() {
        views.commit(numbers("a", 1));
        var client = TestClient.welcomed(server.port());
        client.send(subscribe());
        String cursor = client.next("synced").getString("cursor");
        client.send("{\"op\":\"unsubscribe\",\"sub\":1}");
        assertThat(client.next("ended")).isNotNull();
        for (int i = 2; i <= 9; i++) {
            views.commit(numbers("a", i));
        }

        client.send(every().put("resume", cursor));

        assertThat(client.next().getString("resumed")).isEqualTo("exact");
        var gap = client.next();
        assertThat(gap.getString("code")).isEqualTo("gap");
        assertThat(gap.getString("from")).isEqualTo(cursor);
        var newest = client.next();
        assertThat(newest.getString("from")).isEqualTo(cursor);
        assertThat(newest.getString("to")).isEqualTo(gap.getString("to"));
        assertThat(newest.getInteger("conflated")).isEqualTo(7);
        assertThat(number(newest)).isEqualTo(9);
        client.roundTrip();
        views.commit(numbers("a", 10));
        views.commit(numbers("a", 11));
        assertThat(number(client.next())).isEqualTo(10);
        assertThat(number(client.next())).isEqualTo(11);
    }

    private static int number(JsonObject delta) {
        return delta.getJsonArray("set").getJsonArray(0).getJsonObject(1).getInteger("number");
    }

    private static JsonObject every() {
        return subscribe().put("mode", "every");
    }
}
