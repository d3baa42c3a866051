package dev.sluice.server.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.Deliveries;
import dev.sluice.server.Deliveries.Manner;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Instances of a saga over WebSocket, as they change. */
class SagaSubscriptionTest {
    @TempDir
    private Path folder;

    private final HttpClient http = HttpClient.newHttpClient();
    private final Map<String, JsonObject> held = new HashMap<>();
    private Deliveries server;
    private TestClient client;

    @BeforeEach
    void start() {
        server = Deliveries.in(folder);
        client = TestClient.welcomed(server.port());
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    private void want(String key) throws Exception {
        ask(HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.port() + "/v1/streams/wish-1?type=DeliveryWanted"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"id\":\"" + key + "\"}")));
    }

    private String ask(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
    }

    private void subscribe(String to, String more) {
        client.send("{\"op\":\"subscribe\",\"sub\":1,\"to\":\"" + to + "\"" + more + "}");
        assertThat(client.next().getString("op")).isEqualTo("subscribed");
    }

    /** Applies deltas until an instance has a status; the cursor that they lead to. */
    private String reach(String key, String status) {
        while (true) {
            var delta = client.next("delta");
            for (Object row : delta.getJsonArray("set")) {
                var pair = (JsonArray) row;
                held.put(pair.getString(0), pair.getJsonObject(1));
            }
            var instance = held.get(key);
            if (instance != null && status.equals(instance.getString("status"))) {
                return delta.getString("to");
            }
        }
    }

    @Test
    void tellsEachInstanceThatChanges() throws Exception {
        subscribe("saga:delivery", "");

        want("o1");
        want("o2");
        reach("o1", "COMPLETED");
        if (!"COMPLETED".equals(held.getOrDefault("o2", new JsonObject()).getString("status"))) {
            reach("o2", "COMPLETED");
        }

        assertThat(held.keySet()).containsExactlyInAnyOrder("o1", "o2");
        assertThat(held.get("o1").getJsonObject("steps"))
                .isEqualTo(new JsonObject().put("reserve", "SUCCEEDED").put("ship", "SUCCEEDED"));
    }

    @Test
    void tellsOfOneInstanceAndResumes() throws Exception {
        server.manner(command -> command.type().equals("ship") ? Manner.FAIL : Manner.DO);
        subscribe("saga:delivery/o1", "");
        want("o2");
        want("o1");
        String cursor = reach("o1", "PARKED");
        client.close();

        client = TestClient.welcomed(server.port());
        server.manner(command -> Manner.DO);
        subscribe("saga:delivery/o1", ",\"resume\":\"" + cursor + "\"");
        ask(HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.port() + "/v1/sagas/delivery/instances/o1/retry"))
                .POST(HttpRequest.BodyPublishers.ofString("{\"actionId\":\"a\"}")));

        reach("o1", "COMPLETED");
        assertThat(held.keySet()).containsExactly("o1");
    }

    @Test
    void missesNothingAfterAList() throws Exception {
        want("o1");
        var list = new JsonObject(ask(HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.port() + "/v1/sagas/delivery/instances"))));

        subscribe("saga:delivery", ",\"resume\":\"" + list.getString("asOf") + "\"");
        want("o2");

        reach("o2", "COMPLETED");
    }

    @Test
    void beginsWithAnInstanceAsItIs() throws Exception {
        subscribe("saga:delivery", "");
        want("o1");
        reach("o1", "COMPLETED");
        client.close();
        client = TestClient.welcomed(server.port());
        subscribe("saga:delivery/o1", ",\"last\":1");

        var delta = client.next("delta");

        assertThat(delta.getJsonArray("set").getJsonArray(0).getJsonObject(1).getString("status"))
                .isEqualTo("COMPLETED");
    }

    /** All instances that each reads are more reads than may wait for the disk. */
    @Test
    void bearsManyWhoReadManyInstances() throws Exception {
        int instances = 50;
        int subscriptions = 100;
        for (int i = 1; i <= instances; i++) {
            want("o" + i);
        }
        var told = new HashMap<Integer, Set<String>>();

        for (int sub = 1; sub <= subscriptions; sub++) {
            client.send("{\"op\":\"subscribe\",\"sub\":" + sub + ",\"to\":\"saga:delivery\",\"last\":10000}");
        }

        while (told.size() < subscriptions || told.values().stream().anyMatch(keys -> keys.size() < instances)) {
            var delta = client.next("delta");
            for (Object row : delta.getJsonArray("set")) {
                told.computeIfAbsent(delta.getInteger("sub"), first -> new HashSet<>())
                        .add(((JsonArray) row).getString(0));
            }
        }
    }

    @Test
    void refusesWhatIsNotThere() {
        for (String asked : new String[] {
            "\"to\":\"saga:nothing\"",
            "\"to\":\"saga:\"",
            "\"to\":\"saga:delivery/\"",
            "\"to\":\"saga:delivery\",\"where\":\"a > 1\"",
            "\"to\":\"saga:delivery\",\"prefix\":\"a\""
        }) {
            client.send("{\"op\":\"subscribe\",\"sub\":1," + asked + "}");

            assertThat(client.next().getString("op")).as(asked).isEqualTo("error");
        }
    }
}
