package dev.sluice.house;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** client.js in Node, over a real server: whatever breaks, its rows end as the view's, and every event comes once and in order. */
class NodeClientIT {
    private static final Duration SETTLE = Duration.ofSeconds(60);
    private static final int EVENTS_BETWEEN = 800;
    private static final int ABOVE = 3_000;
    private static final String SUBSCRIPTIONS = """
            {"all":{},"rich":{"where":"gross > 5000"},"some":{"prefix":"customer-1"},"slow":{},"small":{"window":7},
             "rare":{"minInterval":200},"every":{"mode":"every"},"top":{"orderBy":"gross desc","limit":10},
             "few":{"keys":["customer-7","customer-8","nobody"]},"narrow":{"fields":["orders"]},
             "exact":{"numbers":"string"},"moving":{}}""";

    @TempDir
    Path folder;

    private enum Mishap {
        CUT,
        SILENCE,
        KILL,
        STOP,
        REBUILD,
        DISCONNECT,
        SLOW,
        CHANGE
    }

    @Test
    void endsWithTheRowsOfTheViewWhateverHappens() throws Exception {
        var node = NodeScript.installed("NodeClientIT");
        assumeTrue(node.isPresent(), "no Node");
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("NodeClientIT: seed " + seed + " (again with -Dseed=" + seed + ")");
        var random = new Random(seed);
        var mishaps = new ArrayList<>(List.of(Mishap.values()));
        mishaps.addAll(List.of(Mishap.values()));
        Collections.shuffle(mishaps, random);

        try (var server = new ServerProcess(folder, 1, SteadyAppends.PROJECTION, "ws:\n  ping: 1s\n");
                var wire = new Wire(server.uri("/").getPort())) {
            server.start();
            server.awaitReady();
            var api = new Api(server);
            var url = "http://127.0.0.1:" + wire.port();
            var client = Files.copy(NodeScript.client(), folder.resolve("client.mjs"));
            try (var appends = new SteadyAppends(api, server, 1_000, 300, random.nextLong());
                    var script = NodeScript.start(
                            node.get(),
                            Map.of(),
                            NodeScript.script("views.mjs").toString(),
                            client.toString(),
                            url,
                            SUBSCRIPTIONS)) {
                for (var mishap : mishaps) {
                    happen(mishap, server, wire, api, script, appends);
                }
                script.tell("{\"do\":\"pace\",\"ms\":0}");
                appends.stop();

                var last = settled(script, api);
                System.out.println("NodeClientIT: " + appends.count() + " events, " + mishaps + ", links "
                        + last.get("links") + ", resumed " + last.get("resumed"));
            }
            assertThat(server.errorLines()).isEmpty();
        }
    }

    @Test
    void theExampleOfTheDocumentationRuns() throws Exception {
        var node = NodeScript.installed("NodeClientIT");
        assumeTrue(node.isPresent(), "no Node");
        var root = Repository.root();
        var document = Repository.text(root.resolve("platform/docs/client.md"));
        int begin = document.indexOf("```js\n") + "```js\n".length();
        var example = folder.resolve("orders.mjs");
        Files.writeString(example, document.substring(begin, document.indexOf("```", begin)));
        Files.copy(NodeScript.client(), folder.resolve("client.mjs"));
        var definition = Repository.text(root.resolve("config/samples/projections/customer-orders.yaml"));

        try (var server = new ServerProcess(folder.resolve("server"), 1, definition, "")) {
            server.start();
            server.awaitReady();
            var api = new Api(server);
            var environment = Map.of("SLUICE_URL", server.uri("").toString());
            try (var script = NodeScript.start(node.get(), environment, example.toString())) {
                assertThat(script.nextLine()).isEqualTo("0 customers, generation g1");
                api.append("order-1", "1", order("OrderPlaced"), null);
                assertThat(script.nextLine()).isEqualTo("ann orders=1 gross=120.5");
                api.append("order-1", "2", order("OrderCancelled"), null);
                assertThat(script.nextLine()).isEqualTo("ann left");
            }
        }
    }

    private static String order(String type) {
        return """
                [{"specversion":"1.0","id":"%s","source":"urn:shop","type":"%s",
                  "data":{"orderId":"1","customerId":"ann","total":120.50}}]""".formatted(type, type);
    }

    private static void happen(
            Mishap mishap, ServerProcess server, Wire wire, Api api, NodeScript script, SteadyAppends appends) {
        awaitAppends(appends);
        switch (mishap) {
            case CUT -> {
                wire.cut();
                awaitAppends(appends);
                wire.mend();
            }
            case SILENCE -> {
                int before = wire.accepted();
                wire.silence();
                Awaitility.await("a link in the place of the dead one")
                        .atMost(SETTLE)
                        .until(() -> wire.accepted() > before);
            }
            case KILL -> {
                server.kill();
                server.start();
                server.awaitReady();
            }
            case STOP -> {
                server.stop();
                server.start();
                server.awaitReady();
            }
            case REBUILD -> {
                int before = api.generation("by-customer");
                api.rebuild("by-customer");
                Awaitility.await("another generation")
                        .atMost(SETTLE)
                        .until(() -> api.generation("by-customer") > before);
            }
            case DISCONNECT -> {
                script.tell("{\"do\":\"disconnect\"}");
                awaitAppends(appends);
                script.tell("{\"do\":\"reconnect\"}");
            }
            case SLOW -> script.tell("{\"do\":\"pace\",\"ms\":40}");
            case CHANGE ->
                script.tell(
                        "{\"do\":\"change\",\"name\":\"moving\",\"options\":{\"where\":\"gross > " + ABOVE + "\"}}");
        }
    }

    private static void awaitAppends(SteadyAppends appends) {
        int enough = appends.count() + EVENTS_BETWEEN;
        Awaitility.await("appends").atMost(SETTLE).until(() -> appends.count() >= enough);
    }

    /** What the program holds, once its rows are those of the view and its events those of the log. */
    private static JsonNode settled(NodeScript script, Api api) {
        var log = api.events("order");
        var rows = api.rows("by-customer", log.cursor());
        var positions = log.events().stream().map(SeenEvent::position).toList();
        Map<String, JsonNode> expected = expected(rows);
        long end = System.nanoTime() + SETTLE.toNanos();
        JsonNode last = report(script);
        while (System.nanoTime() < end
                && !(isEqual(last, expected) && positions(last).size() >= positions.size())) {
            last = report(script);
        }
        for (var view : expected.entrySet()) {
            assertThat(last.at("/views/" + view.getKey())).as(view.getKey()).isEqualTo(view.getValue());
            assertThat(last.at("/replayed/" + view.getKey()))
                    .as("the changes of " + view.getKey())
                    .isEqualTo(view.getValue());
        }
        assertThat(positions(last)).isEqualTo(positions);
        return last;
    }

    private static Map<String, JsonNode> expected(Map<String, JsonNode> rows) {
        var all = matching(rows, row -> true);
        var expected = new LinkedHashMap<String, JsonNode>();
        for (var view : List.of("all", "slow", "small", "rare", "every")) {
            expected.put(view, all);
        }
        expected.put("rich", matching(rows, row -> gross(row.getValue()) > 5_000));
        expected.put("moving", matching(rows, row -> gross(row.getValue()) > ABOVE));
        expected.put("some", matching(rows, row -> row.getKey().startsWith("customer-1")));
        expected.put("few", matching(rows, row -> row.getKey().matches("customer-[78]")));
        double tenth = rows.values().stream()
                .map(NodeClientIT::gross)
                .sorted(Comparator.reverseOrder())
                .skip(9)
                .findFirst()
                .orElseThrow();
        expected.put("top", matching(rows, row -> gross(row.getValue()) >= tenth));
        var narrow = all.deepCopy();
        narrow.forEach(row -> ((ObjectNode) row).retain("orders"));
        expected.put("narrow", narrow);
        var exact = all.deepCopy();
        exact.forEach(row -> row.fieldNames().forEachRemaining(name -> ((ObjectNode) row)
                .put(name, row.get(name).asText())));
        expected.put("exact", exact);
        return expected;
    }

    private static double gross(JsonNode row) {
        return row.required("gross").doubleValue();
    }

    private static boolean isEqual(JsonNode report, Map<String, JsonNode> expected) {
        return expected.entrySet().stream()
                .allMatch(view -> report.at("/views/" + view.getKey()).equals(view.getValue())
                        && report.at("/replayed/" + view.getKey()).equals(view.getValue()));
    }

    private static ObjectNode matching(Map<String, JsonNode> rows, Predicate<Map.Entry<String, JsonNode>> where) {
        ObjectNode matching = SeenEvent.JSON.createObjectNode();
        rows.entrySet().stream().filter(where).forEach(row -> matching.set(row.getKey(), row.getValue()));
        return matching;
    }

    private static List<String> positions(JsonNode report) {
        var positions = new ArrayList<String>();
        report.required("positions").forEach(position -> positions.add(position.textValue()));
        return positions;
    }

    private static JsonNode report(NodeScript script) {
        script.tell("{\"do\":\"report\"}");
        try {
            return SeenEvent.JSON.readTree(script.nextLine());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
