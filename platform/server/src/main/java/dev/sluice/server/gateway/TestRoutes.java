package dev.sluice.server.gateway;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.projection.Projections;
import dev.sluice.projection.View;
import dev.sluice.shard.CloudEventsJson;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/projections/test}: folds given events with a definition, and compares the rows with those expected. */
final class TestRoutes {
    private static final Set<String> MEMBERS = Set.of("definition", "events", "rows");
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private final Projections projections;
    private final Workers workers;
    private final LongSupplier clockMicros;

    TestRoutes(Projections projections, Workers workers, LongSupplier clockMicros) {
        this.projections = projections;
        this.workers = workers;
        this.clockMicros = clockMicros;
    }

    void addTo(Routes routes) {
        routes.withBody(HttpMethod.POST, "/v1/projections/test", this::test);
    }

    private Future<Answer> test(Call call) {
        call.query();
        call.checkContentEncoding();
        byte[] body = call.body();
        return workers.run(body.length, () -> request(body)).compose(request -> projections
                .test(request.definition(), request.events())
                .compose(tested -> workers.run(
                        Long.MAX_VALUE,
                        () -> Answer.of(200, MediaTypes.JSON, Buffer.buffer(answer(tested, request.rows()))))));
    }

    /** @param rows those expected, null when nothing is */
    private record Request(
            String definition,
            List<Projections.Given> events,
            @Nullable JsonNode rows) {}

    private Request request(byte[] body) {
        try {
            JsonNode root = JSON.readTree(body);
            root.fieldNames().forEachRemaining(name -> {
                if (!MEMBERS.contains(name)) {
                    throw Query.invalid(
                            "found member '" + Query.shown(name) + "', expected definition, events and rows");
                }
            });
            JsonNode definition = root.path("definition");
            if (!definition.isTextual() && !definition.isObject()
                    || !root.path("events").isArray()) {
                throw Query.invalid("found a test without definition or events, expected both");
            }
            return new Request(
                    definition.isTextual() ? definition.asText() : definition.toString(),
                    events((ArrayNode) root.get("events")),
                    root.get("rows"));
        } catch (IOException malformed) {
            throw Query.invalid("found a body that is no JSON, expected {\"definition\", \"events\", \"rows\"}");
        }
    }

    private List<Projections.Given> events(ArrayNode events) throws IOException {
        var given = new ArrayList<Projections.Given>();
        if (events.isEmpty()) {
            return given;
        }
        for (var incoming : CloudEventsJson.parseBatch(JSON.writeValueAsBytes(events), clockMicros.getAsLong())) {
            if (incoming.stream() == null) {
                throw Query.invalid("found event " + given.size() + " without a stream, expected the attribute stream");
            }
            given.add(new Projections.Given(incoming.stream(), incoming.event()));
        }
        return given;
    }

    private static byte[] answer(Projections.Tested tested, @Nullable JsonNode expected) throws IOException {
        ObjectNode answer = JSON.createObjectNode();
        Map<String, JsonNode> found = new LinkedHashMap<>();
        ArrayNode rows = answer.putArray("rows");
        for (View.KeyedRow row : tested.rows()) {
            JsonNode json = row.row() == null
                    ? JSON.nullNode()
                    : JSON.readTree(row.row().json());
            found.put(row.key(), json);
            rows.addObject().put("key", row.key()).set("row", json);
        }
        ArrayNode letters = answer.putArray("deadLetters");
        tested.deadLetters().forEach(letter -> letters.addObject()
                .put("event", letter.index())
                .put("key", letter.key())
                .put("detail", letter.detail()));
        ArrayNode differences = answer.putArray("differences");
        if (expected != null) {
            compare(found, expected, differences);
        }
        return JSON.writeValueAsBytes(answer);
    }

    /** Rows that are missing or too many, and the expected columns that differ; columns that are not expected may be anything. */
    private static void compare(Map<String, JsonNode> found, JsonNode expected, ArrayNode differences) {
        found.forEach((key, row) -> {
            if (!expected.has(key)) {
                difference(differences, key, null, null, row);
            }
        });
        expected.properties().forEach(each -> {
            JsonNode row = found.get(each.getKey());
            if (row == null) {
                difference(differences, each.getKey(), null, each.getValue(), null);
                return;
            }
            each.getValue().properties().forEach(column -> {
                JsonNode value = row.get(column.getKey());
                if (value == null || !isSame(value, column.getValue())) {
                    difference(differences, each.getKey(), column.getKey(), column.getValue(), value);
                }
            });
        });
    }

    private static boolean isSame(JsonNode one, JsonNode other) {
        return one.isNumber() && other.isNumber()
                ? one.decimalValue().compareTo(other.decimalValue()) == 0
                : one.equals(other);
    }

    private static void difference(
            ArrayNode differences,
            String key,
            @Nullable String column,
            @Nullable JsonNode expected,
            @Nullable JsonNode found) {
        ObjectNode difference = differences.addObject().put("key", key);
        if (column != null) {
            difference.put("column", column);
        }
        difference.set("expected", expected);
        difference.set("found", found);
    }
}
